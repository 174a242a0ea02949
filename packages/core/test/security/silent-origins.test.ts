import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { useStage } from '../../../../test/support/stage.js';

const CLIENTS = 50;

/** What an origin does with a connection, where it should answer. */
const SILENT: readonly [what: string, onConnection: (socket: Socket) => void][] = [
  ['accepts, and says nothing', (socket) => socket.resume()],
  ['says half a head', (socket) => socket.resume().write('HTTP/1.1 200 OK\r\nX-Half: 1')],
  ['reads nothing', (socket) => socket.pause()],
  ['closes at once', (socket) => socket.end()],
  ['resets at once', (socket) => socket.resetAndDestroy()],
  ['ends its half, and says nothing', (socket) => socket.resume().end('HTTP/1.1')],
];

describe('an origin that should answer, and', () => {
  const stage = useStage();

  for (const [what, onConnection] of SILENT) {
    it(`${what}: ${CLIENTS} clients get 502, and those of another are served meanwhile`, async () => {
      const silent = await stage().rawOrigin(onConnection);
      const fine = await stage().origin((res) => res.end('fine'));
      const server = await stage().proxy({
        responseTimeout: 300,
        routes: [{ host: 'silent.test', target: silent.url }, { target: fine.url }],
      });
      const clients = await Promise.all(Array.from({ length: CLIENTS }, () => stage().client(server)));
      for (const client of clients) client.request('POST /', ['Host: silent.test'], 'x');
      await silent.connection();
      const other = await stage().client(server);
      other.request('GET /');
      assert.equal(String((await other.reply()).body), 'fine');
      for (const client of clients) {
        assert.equal((await client.reply()).status, 502);
        assert.doesNotMatch(client.text, /X-Half/);
      }
    });
  }
});
