import assert from 'node:assert/strict';
import type { ClientRequest } from '../src/http/client-request.js';
import {
  type ForwardedParts,
  type ForwardingRules,
  forwardedHeaders,
  relayedHeaders,
} from '../src/http/forwarded-headers.js';

interface Options extends Partial<Omit<ForwardedParts, 'rules'>> {
  readonly rules?: Partial<ForwardingRules>;
  readonly scheme?: 'http' | 'https';
}

function list(lines: readonly string[]): string[] {
  return lines.flatMap((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trimStart()];
  });
}

function lines(headers: readonly string[]): string[] {
  return headers.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${headers[at + 1]}`] : []));
}

/** The fields of a request as its origin gets them, as lines; the Host line is left out. */
function forward(fields: readonly string[], options: Options = {}): string[] {
  const { rules, scheme = 'http', ...parts } = options;
  const request: ClientRequest = {
    method: 'GET',
    scheme,
    host: 'example.com',
    path: '/',
    headers: list(fields),
    facts: { remoteAddress: '9.9.9.9', remotePort: 1234, encrypted: false },
  };
  const sent = forwardedHeaders(request, {
    host: 'origin.test',
    trusted: false,
    xForwardedFor: undefined,
    grip: [],
    set: [],
    ...parts,
    rules: {
      setXForwardedProtocol: 'proto-only',
      removeXForwardedProtocol: true,
      removePushpinRoute: false,
      removeForgedFields: true,
      cdnLoop: '',
      ...rules,
    },
  });
  return lines(sent).filter((line) => line !== 'Host: origin.test');
}

describe('the fields of a request to an origin', () => {
  it('keep their order, letter case and duplicates', () => {
    const fields = ['X-b: 1', 'x-A: 2', 'X-B: 3', 'Cookie: a=1', 'cookie: b=2', 'Empty: '];
    assert.deepEqual(forward(fields), fields);
  });

  it('have the Host of the origin, in the place of the one that came, exactly once', () => {
    const parts = { host: 'origin.test', rules: {} } as Options;
    assert.deepEqual(forward(['A: 1', 'HOST: evil', 'B: 2', 'Host: two'], parts), [
      'A: 1',
      'HOST: origin.test',
      'B: 2',
    ]);
  });

  it('lack what is for one connection only, and what Connection names', () => {
    const sent = forward([
      'Connection: keep-alive, X-Hop',
      'connection: "quoted, one", x-other',
      'Keep-Alive: timeout=5',
      'Proxy-Connection: keep-alive',
      'TE: trailers',
      'Trailer: X-T',
      'Transfer-Encoding: chunked',
      'Upgrade: h2c',
      'X-Hop: secret',
      'X-OTHER: secret',
      'X-Keep: 1',
    ]);
    assert.deepEqual(sent, ['X-Keep: 1']);
  });

  it('lack Accept-Encoding and Expect, and keep Content-Encoding', () => {
    assert.deepEqual(forward(['Accept-Encoding: gzip', 'Expect: 100-continue', 'Content-Encoding: gzip']), [
      'Content-Encoding: gzip',
    ]);
  });

  it('lack everything that a client calls Grip- or Grip_, whatever the letter case', () => {
    const forged = [
      'Grip-Sig: x',
      'GRIP-LAST: a; last-id=1',
      'grip_sig: x',
      'Grip_Feature: y',
      'eb9bf0f5-X: 1',
    ];
    assert.deepEqual(forward([...forged, 'Gripe: 1', 'X-Grip-Sig: 2']), ['Gripe: 1', 'X-Grip-Sig: 2']);
  });

  it('keep the Grip- fields of a trusted proxy', () => {
    assert.deepEqual(forward(['Grip-Sig: x'], { trusted: true }), ['Grip-Sig: x']);
  });

  it('lack Pushpin-Route where that is ours', () => {
    assert.deepEqual(forward(['Pushpin-Route: a']), ['Pushpin-Route: a']);
    assert.deepEqual(forward(['Pushpin-Route: a'], { rules: { removePushpinRoute: true } }), []);
  });

  describe('set by the route', () => {
    it('replace all of the same name; an empty value only removes them', () => {
      const set = [
        ['X-A', 'new'],
        ['X-B', ''],
      ] as const;
      assert.deepEqual(forward(['x-a: 1', 'X-B: 2', 'X-a: 3', 'X-C: 4'], { set }), ['X-C: 4', 'X-A: new']);
    });

    it('cannot be removed by a client that names them in Connection', () => {
      assert.deepEqual(forward(['Connection: X-User'], { set: [['X-User', 'anonymous']] }), [
        'X-User: anonymous',
      ]);
    });

    it('cannot make a second Host, nor Grip- fields, nor fields for one connection', () => {
      const set = [
        ['Host', 'evil'],
        ['Grip-Sig', 'x'],
        ['Connection', 'close'],
        ['Transfer-Encoding', 'chunked'],
      ] as const;
      assert.deepEqual(forward(['Host: a'], { set }), []);
    });

    it('take the place of the X-Forwarded-For that came, before its rule', () => {
      const set = [['X-Forwarded-For', '7.7.7.7']] as const;
      assert.deepEqual(forward(['X-Forwarded-For: 1.1.1.1'], { set, xForwardedFor: { append: true } }), [
        'X-Forwarded-For: 7.7.7.7, 9.9.9.9',
      ]);
    });
  });

  describe('X-Forwarded-For', () => {
    const incoming = ['X-Forwarded-For: 1.1.1.1, 2.2.2.2', 'x-forwarded-for: 3.3.3.3'];
    const vectors: [name: string, rule: ForwardedParts['xForwardedFor'], sent: string | undefined][] = [
      ['without a rule', undefined, '1.1.1.1, 2.2.2.2, 3.3.3.3'],
      ['append', { append: true }, '1.1.1.1, 2.2.2.2, 3.3.3.3, 9.9.9.9'],
      ['truncate:0,append', { truncate: 0, append: true }, '9.9.9.9'],
      ['truncate:1', { truncate: 1 }, '3.3.3.3'],
      ['truncate:0', { truncate: 0 }, undefined],
      ['truncate:9', { truncate: 9 }, '1.1.1.1, 2.2.2.2, 3.3.3.3'],
    ];
    for (const [name, xForwardedFor, sent] of vectors) {
      it(`passes ${sent ?? 'nothing'} with the rule ${name}`, () => {
        const expected = sent === undefined ? [] : [`X-Forwarded-For: ${sent}`];
        assert.deepEqual(forward(incoming, { xForwardedFor }), expected);
      });
    }

    it('is not made where there was none and no rule appends', () => assert.deepEqual(forward([]), []));
  });

  describe('X-Forwarded-Proto', () => {
    const spoofed = ['X-Forwarded-Proto: https', 'X-Forwarded-Protocol: https'];

    it('is said of TLS clients only, and the client has no say', () => {
      assert.deepEqual(forward(spoofed), []);
      assert.deepEqual(forward(spoofed, { scheme: 'https' }), ['X-Forwarded-Proto: https']);
    });

    it('comes with X-Forwarded-Protocol where that is wanted', () => {
      assert.deepEqual(forward([], { scheme: 'https', rules: { setXForwardedProtocol: true } }), [
        'X-Forwarded-Proto: https',
        'X-Forwarded-Protocol: https',
      ]);
    });

    it('passes where both are left alone', () => {
      const rules = { setXForwardedProtocol: false, removeXForwardedProtocol: false };
      assert.deepEqual(forward(spoofed, { scheme: 'https', rules }), spoofed);
    });
  });

  describe('CDN-Loop', () => {
    it('gathers the ids of other proxies, and adds ours', () => {
      assert.deepEqual(forward(['CDN-Loop: a, b; v=1', 'cdn-loop: c'], { rules: { cdnLoop: 'us' } }), [
        'CDN-Loop: a, b; v=1, c, us',
      ]);
    });

    it('passes as it is where we have no id', () =>
      assert.deepEqual(forward(['CDN-Loop: a']), ['CDN-Loop: a']));

    it('cannot be hidden by naming it in Connection', () => {
      const sent = forward(['Connection: CDN-Loop', 'CDN-Loop: a'], { rules: { cdnLoop: 'us' } });
      assert.deepEqual(sent, ['CDN-Loop: a, us']);
    });
  });

  it('end with what GRIP adds', () => {
    assert.deepEqual(forward(['A: 1'], { grip: ['Grip-Sig', 'token'] }), ['A: 1', 'Grip-Sig: token']);
  });
});

describe('the fields of a response to a client', () => {
  it('lack what is for one connection only, and what Connection names', () => {
    const fields = ['Connection: close, X-Hop', 'X-Hop: 1', 'Transfer-Encoding: chunked', 'x-B: 1', 'X-b: 2'];
    assert.deepEqual(lines(relayedHeaders(list(fields))), ['x-B: 1', 'X-b: 2']);
  });

  it('keep Content-Length, Content-Encoding and Set-Cookie', () => {
    const fields = ['Content-Length: 5', 'Content-Encoding: gzip', 'Set-Cookie: a', 'Set-Cookie: b'];
    assert.deepEqual(lines(relayedHeaders(list(fields))), fields);
  });
});
