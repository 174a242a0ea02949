import assert from 'node:assert/strict';
import { GripProxy, type GripProxyOptions, type RouteOptions } from '@p-8/core';

/** The message of the error that these options give. */
function problem(options: unknown): string {
  try {
    new GripProxy(options as GripProxyOptions);
  } catch (error) {
    assert.equal((error as { code?: unknown }).code, 'GRIP_ERR_OPTION', String(error));
    return (error as Error).message;
  }
  return assert.fail(`taken: ${JSON.stringify(options)}`);
}

describe('options', () => {
  const wrong: [name: string, options: unknown, message: RegExp][] = [
    ['an unknown option', { taget: 'http://a' }, /'taget'/],
    ['__proto__', JSON.parse('{"__proto__":1}'), /'__proto__'/],
    ['target and routes', { target: 'http://a', routes: [] }, /'target'/],
    ['a target that is no URL', { target: 'a:80' }, /'a:80'|"a:80"/],
    ['a target of another scheme', { target: 'ftp://a' }, /ftp/],
    ['a target with a path', { target: 'http://a/x' }, /pathPrepend/],
    ['no targets', { target: [] }, /at least one/],
    ['a target that is a number', { target: 5 }, /'target'/],
    ['a target that is null', { target: null }, /'target'/],
    ['an unknown option of a target', { target: { url: 'http://a', ssl: true } }, /'ssl'/],
    ['a target without url', { target: {} }, /'target'|'url'/],
    ['a target with both url and listener', { target: { url: 'http://a', listener: () => {} } }, /listener/],
    ['a listener that is none', { target: { listener: 5 } }, /'listener'/],
    ['routes that are no list', { routes: {} }, /'routes'/],
    ['a route that is no object', { routes: ['http://a'] }, /'routes'|route/],
    ['a route without target', { routes: [{}] }, /'target'/],
    ['an unknown option of a route', { routes: [{ target: 'http://a', path: '/x' }] }, /'path'/],
    ['a route with a wrong protocol', { routes: [{ target: 'http://a', protocol: 'https' }] }, /'protocol'/],
    ['a route with a wrong asHost', { routes: [{ target: 'http://a', asHost: 'a b' }] }, /'asHost'/],
    ['a target with a wrong host', { target: { url: 'http://a', host: 'a/b' } }, /'host'/],
    ['a route header that is no pair', { routes: [{ target: 'http://a', headers: ['X: 1'] }] }, /'headers'/],
    [
      'a route header with a line end',
      { routes: [{ target: 'http://a', headers: [['X', 'a\r\nb']] }] },
      /'headers'/,
    ],
    [
      'a route header without a name',
      { routes: [{ target: 'http://a', headers: [['', 'a']] }] },
      /'headers'/,
    ],
    ['a negative pathRemove', { routes: [{ target: 'http://a', pathRemove: -1 }] }, /'pathRemove'/],
    ['a negative number', { messageWait: -1 }, /'messageWait'/],
    ['half a number', { idCacheTtl: 1.5 }, /'idCacheTtl'/],
    ['text for a number', { sessionQueueBytes: '5' }, /'sessionQueueBytes'/],
    ['text for a boolean', { debug: 'yes' }, /'debug'/],
    ['a wrong setXForwardedProtocol', { setXForwardedProtocol: 'yes' }, /'setXForwardedProtocol'/],
    ['a wrong truncate', { xForwardedFor: { truncate: '1' } }, /'truncate'/],
    ['history without channels', { history: {} }, /'history'.*'channels'/],
    ['history of no channels', { history: { channels: [] } }, /'history'.*at least one/],
    ['a channel of history without a name', { history: { channels: [''] } }, /'history'.*'channels'/],
    ['channels of history that are no list', { history: { channels: 'news' } }, /'history'.*an array/],
    ['an unknown option of history', { history: { channels: ['a'], ttl: 5 } }, /'history'.*'ttl'/],
    ['no time for history', { history: { channels: ['a'], seconds: 0 } }, /'history'.*'seconds'.*1 or more/],
    ['history that is no object', { history: true }, /'history'.*an object/],
    ['a number for a key', { sigKey: 5 }, /'sigKey'/],
    ['a link host that is none', { linkHosts: ['http://a/'] }, /'linkHosts'/],
    ['a CDN-Loop name with a comma', { cdnLoop: 'a, b' }, /'cdnLoop'/],
  ];
  for (const [name, options, message] of wrong) {
    it(`refuse ${name}, and say so`, () => assert.match(problem(options), message));
  }

  it('never show a key in a message', () => {
    assert.doesNotMatch(problem({ sigKey: ['hunter2'] }), /hunter2/);
    assert.doesNotMatch(problem({ target: { url: 'http://a', clientKey: 5, secret: 'hunter2' } }), /hunter2/);
  });

  it('may all be left out, or be undefined', async () => {
    await new GripProxy().close();
    await new GripProxy({ target: undefined, debug: undefined } as unknown as GripProxyOptions).close();
    const route = { target: 'http://a', id: undefined, ssl: undefined } as unknown as RouteOptions;
    await new GripProxy({ routes: [route] }).close();
  });

  it('refuse routes for a proxy that was made without', () => {
    assert.throws(() => new GripProxy().setRoutes([]), { code: 'GRIP_ERR_OPTION' });
  });

  it('keep the old routes when new ones are wrong', () => {
    const proxy = new GripProxy({ routes: [] });
    assert.throws(() => proxy.setRoutes([{ target: 'nonsense' }]), { code: 'GRIP_ERR_OPTION' });
    assert.throws(() => proxy.setRoutes([{}] as unknown as RouteOptions[]), { code: 'GRIP_ERR_OPTION' });
  });

  it('refuse an empty key for the control API: everybody has that', () => {
    for (const key of ['', 'base64:', new Uint8Array(0)])
      assert.throws(() => new GripProxy().controlApi({ key }), { code: 'GRIP_ERR_OPTION' });
  });

  it('of the control API are checked like others', () => {
    for (const options of [{ keys: 'x' }, { key: 5 }, { maxBodySize: -1 }, { path: 5 }])
      assert.throws(() => new GripProxy().controlApi(options as never), { code: 'GRIP_ERR_OPTION' });
  });
});

describe('publish', () => {
  const wrong: [name: string, args: unknown[], message: RegExp][] = [
    ['nothing', [], /./],
    ['null', [null], /not an object/],
    ['a number', [5], /not an object/],
    ['no formats', ['a'], /no formats/],
    ['formats that are null', ['a', null], /formats/],
    ['formats that are text', ['a', 'hello'], /'formats' with wrong type/],
    ['an item without channel', [{ formats: { 'http-stream': 'x' } }], /'channel'/],
    ['a list with a wrong item', [[{ channel: 'a', formats: { 'http-stream': 'x' } }, 'b']], /not an object/],
    ['an id that is a number', ['a', { 'http-stream': 'x' }, { id: 5 }], /'id'/],
  ];
  for (const [name, args, message] of wrong) {
    it(`rejects ${name} with GRIP_ERR_INVALID_ITEM`, async () => {
      const proxy = new GripProxy();
      const publish = proxy.publish.bind(proxy) as (...args: unknown[]) => Promise<unknown>;
      await assert.rejects(publish(...args), { code: 'GRIP_ERR_INVALID_ITEM', message });
    });
  }

  it('takes items as the control API does, with the formats on the item itself', async () => {
    const item = { channel: 'a', 'http-stream': { content: 'x' } } as never;
    assert.equal((await new GripProxy().publish(item)).matched, 0);
  });

  it('rejects with GRIP_ERR_CLOSED on a proxy that is closed', async () => {
    const proxy = new GripProxy();
    await proxy.close();
    await assert.rejects(proxy.publish('a', { 'http-stream': 'x' }), { code: 'GRIP_ERR_CLOSED' });
  });
});
