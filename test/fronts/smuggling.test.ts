import assert from 'node:assert/strict';
import { skipWithout } from '../interop/support/skip.js';
import { eventually, settle } from '../support/eventually.js';
import { AMBIGUOUS, ODD, SMUGGLING } from '../support/framing-cases.js';
import type { Origin } from '../support/origin.js';
import type { RawClient } from '../support/raw-client.js';
import { Stage } from '../support/stage.js';
import { HANDSHAKE } from '../support/ws-client.js';
import { FRONTS, FrontProxy, isHere, MARK } from './front-proxy.js';

const BEHIND = 'GET /behind HTTP/1.1\r\nHost: a\r\n\r\n';
const handshake = (change: (field: string) => string): string =>
  `GET /ws HTTP/1.1\r\nHost: a\r\n${HANDSHAKE.map(change).join('\r\n')}\r\n\r\n${BEHIND}`;

/** Handshakes that P-8 or the origin refuses, with a request behind them, which must not find an open pipe. */
const HANDSHAKES: readonly (readonly [name: string, bytes: string])[] = [
  ['a handshake of another version', handshake((field) => field.replace(': 13', ': 777'))],
  ['a handshake without a key', handshake((field) => field.replace(/^Sec-WebSocket-Key:.*/, 'X: 1'))],
  ['a handshake that the origin refuses', handshake((field) => field)],
  ['an upgrade to HTTP/2', handshake((field) => field.replace('websocket', 'h2c'))],
];

for (const kind of FRONTS) {
  describe(`threat 1: requests smuggled through ${kind.name}`, function () {
    this.timeout(20_000);
    const stage = new Stage();
    let origin: Origin;
    let front: FrontProxy;
    let victim: RawClient;
    let answers = 0;
    const clients: RawClient[] = [];

    before(async function () {
      skipWithout(this, kind.name, isHere(kind));
      origin = await stage.origin((res, { url }) => res.end(`answer to ${url}`));
      const server = await stage.proxy({ routes: [{ target: { url: origin.url, overHttp: true } }] });
      server.proxy.attach(server.server);
      front = await FrontProxy.start(kind, server.port);
      victim = await stage.client(front);
    });

    after(async () => {
      victim?.destroy();
      await front?.close();
      await stage.close();
    });

    afterEach(() => {
      for (const client of clients.splice(0)) client.destroy();
    });

    /** Others get the answers to their own requests. */
    async function serves(): Promise<void> {
      for (let i = 0; i < 3; i++) {
        victim.request(`GET /victim/${answers}`);
        assert.equal(String((await victim.reply(answers)).body), `answer to /victim/${answers}`);
        answers++;
      }
    }

    /** Sends bytes, and waits until what follows of it has happened. */
    async function send(bytes: string): Promise<RawClient> {
      const client = await stage.client(front);
      clients.push(client);
      client.write(bytes);
      // Most are refused at once. What the front takes to be incomplete is waited for, and comes to nothing.
      client.socket.end();
      await Promise.race([client.closed(), settle(2000)]);
      return client;
    }

    for (const [name, bytes] of [...AMBIGUOUS, ...SMUGGLING, ...HANDSHAKES]) {
      it(`by ${name}: the origin gets none that the front has not passed on`, async () => {
        const before = origin.requests.length;
        await send(bytes);
        await serves();
        for (const { url, headers } of origin.requests.slice(before))
          assert.equal(headers[MARK], 'yes', `${url} was smuggled`);
      });
    }

    for (const [name, bytes, body] of ODD) {
      it(`by ${name}: there are two, for the front and the origin alike`, async () => {
        const before = origin.requests.length;
        const client = await stage.client(front);
        clients.push(client);
        client.write(bytes, ['POST', 'GET']);
        const isRefused = (): boolean =>
          client.ending !== undefined || client.replies.some(({ status }) => status >= 400);
        const isDone = (): boolean => client.replies.filter(({ complete }) => complete).length === 2;
        await eventually(() => isRefused() || isDone(), 'answers');
        await serves();
        const seen = origin.requests.slice(before).filter(({ url }) => !url.startsWith('/victim'));
        for (const { url, headers } of seen) assert.equal(headers[MARK], 'yes', `${url} was smuggled`);
        if (isRefused()) return;
        assert.deepEqual(
          seen.map(({ method, url, body: got }) => `${method} ${url} ${got}`),
          [`POST / ${body}`, 'GET /next '],
        );
      });
    }
  });
}
