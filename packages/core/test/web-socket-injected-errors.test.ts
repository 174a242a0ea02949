import assert from 'node:assert/strict';
import type { Logger } from '@p-8/core';
import { eventually, settle } from '../../../test/support/eventually.js';
import { useStage } from '../../../test/support/stage.js';
import type { WsClient } from '../../../test/support/ws-client.js';
import { WebSocketSession } from '../src/sessions/web-socket-session.js';
import { KINDS, type Kind, WebSocketParty } from './support/web-socket-party.js';

function fail(): never {
  throw new Error('injected');
}

/** Notes what would end a process, for the time of a test. */
function watchProcess(onClose: (close: () => void) => void): unknown[] {
  const escaped: unknown[] = [];
  const note = (error: unknown): unknown => escaped.push(error);
  const others = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', note).on('unhandledRejection', note);
  onClose(() => {
    process.off('uncaughtException', note).off('unhandledRejection', note);
    for (const listener of others) process.on('uncaughtException', listener);
  });
  return escaped;
}

describe('errors injected into WebSockets', () => {
  const stage = useStage();
  let escaped: unknown[];
  beforeEach(() => {
    escaped = watchProcess((close) => stage().onClose(close));
  });
  afterEach(() => assert.deepEqual(escaped, []));

  /** Two clients; what goes wrong, goes wrong with the first. */
  async function start(kind: Kind): Promise<{ party: WebSocketParty; other: WsClient; errors: unknown[] }> {
    const errors: unknown[] = [];
    const logger: Logger = {
      error: (fields) => errors.push('err' in fields ? fields.err : fields),
      warn: () => {},
      info: () => {},
      debug: () => {},
    };
    const options = { proxy: { logger }, target: { subscribe: ['all'] } };
    const party = await WebSocketParty.start(stage(), kind, 'grip', options);
    return { party, other: await party.join(), errors };
  }

  /** Has a method of the first session throw from now on. */
  function breakFirst(name: keyof WebSocketSession): { times: number } {
    const original = WebSocketSession.prototype[name] as (...args: unknown[]) => unknown;
    let victim: unknown;
    const count = { times: 0 };
    Object.defineProperty(WebSocketSession.prototype, name, {
      configurable: true,
      writable: true,
      value(this: WebSocketSession, ...args: unknown[]): unknown {
        victim ??= this;
        if (victim !== this) return Reflect.apply(original, this, args);
        count.times++;
        return fail();
      },
    });
    stage().onClose(() =>
      Object.defineProperty(WebSocketSession.prototype, name, {
        configurable: true,
        writable: true,
        value: original,
      }),
    );
    return count;
  }

  const cases: [name: keyof WebSocketSession, trigger: (party: WebSocketParty) => unknown][] = [
    ['onClientMessage', ({ client }) => client.text('x')],
    ['onClientClose', ({ client }) => client.close(1000)],
    ['onOriginMessage', (party) => party.sayLast(['TEXT', 'm:x'])],
    ['push', (party) => party.sayLast(['TEXT', 'm:x'])],
    ['deliver', ({ proxy }) => proxy.publish('all', { 'ws-message': 'x' })],
    ['detach', (party) => party.sayLast(['TEXT', 'c:{"type":"detach"}'])],
    [
      'fail',
      (party) =>
        party.sayLast([
          'TEXT',
          `c:${JSON.stringify({ type: 'subscribe', channel: 'a', filters: Array(6).fill('x') })}`,
        ]),
    ],
  ];
  for (const kind of KINDS) {
    for (const [name, trigger] of cases) {
      it(`${kind}, in ${name}, end that connection, and no other`, async () => {
        const { party, other, errors } = await start(kind);
        const count = breakFirst(name);
        await trigger(party);
        await eventually(() => count.times > 0, 'the error');
        await party.client.closed();
        await eventually(() => party.proxy.stats().sessions === 1, 'one session');
        await settle();
        assert(errors.length > 0, 'it is logged');
        assert.equal((await party.proxy.publish('all', { 'ws-message': 'still there' })).delivered, 1);
        await other.sees('text still there');
      });
    }

    for (const method of ['subscribe', 'unsubscribe'] as const) {
      it(`${kind}, in the hub's ${method}, end that connection, and no other`, async () => {
        const { party, other } = await start(kind);
        await party.control({ type: 'subscribe', channel: 'a' });
        const { hub } = party.proxy;
        const original = hub[method];
        let times = 0;
        hub[method] = (subscription) => {
          if (subscription.channel !== 'all' && times++ === 0) fail();
          Reflect.apply(original, hub, [subscription]);
        };
        stage().onClose(() => {
          hub[method] = original;
        });
        party.sayLast(['TEXT', `c:{"type":"${method}","channel":"${method === 'subscribe' ? 'b' : 'a'}"}`]);
        await party.client.closed();
        await eventually(() => party.proxy.stats().sessions === 1, 'one session');
        assert.equal((await party.proxy.publish('all', { 'ws-message': 'still there' })).delivered, 1);
        await other.sees('text still there');
      });
    }

    it(`${kind}, of those who hear of channels disturb nobody`, async () => {
      const { party, other } = await start(kind);
      let calls = 0;
      const listener = (): never => {
        calls++;
        return fail();
      };
      party.proxy.on('subscribe', listener).on('unsubscribe', listener);
      await party.control({ type: 'subscribe', channel: 'a' });
      await party.control({ type: 'unsubscribe', channel: 'a' });
      assert.equal(calls, 2);
      await party.proxy.publish('all', { 'ws-message': 'x' });
      assert.deepEqual(await party.arrived(), ['text x']);
      assert.equal(await other.next(), 'text x');
    });

    it(`${kind}, of a logger disturb nobody`, async () => {
      const logger: Logger = { error: fail, warn: fail, info: fail, debug: fail };
      const options = { proxy: { logger }, target: { subscribe: ['all'] } };
      const party = await WebSocketParty.start(stage(), kind, 'grip', options);
      const other = await party.join();
      await party.control('nonsense');
      await party.say(['TEXT', 'without the prefix']);
      party.client.frame(3);
      assert.equal(await party.client.closed(), 'ended');
      await eventually(() => party.proxy.stats().sessions === 1, 'one session');
      await party.proxy.publish('all', { 'ws-message': 'x' });
      assert.equal(await other.next(), 'text x');
    });
  }
});
