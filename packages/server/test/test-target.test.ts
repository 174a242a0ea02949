import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createTestTarget } from 'p-8';

describe('the target test', () => {
  let server: Server;
  let base: string;
  before(async () => {
    server = createServer(createTestTarget('/t/'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => server.close());

  const answers: [string, number, string, string | null, string | null][] = [
    ['/t', 200, 'Hello from the Pushpin test handler!\n', null, null],
    ['/t/', 200, 'Hello from the Pushpin test handler!\n', null, null],
    ['/', 200, 'Hello from the Pushpin test handler!\n', null, null],
    ['/t/response', 200, 'nothing for now\n', 'response', 'test'],
    ['/t/response/', 200, 'nothing for now\n', 'response', 'test'],
    ['/t/stream', 200, '[stream opened]\n', 'stream', 'test'],
    ['/t/stream?channel=a&channel=b', 200, '[stream opened]\n', 'stream', 'a, b'],
    ['/t/other', 404, 'no such test resource\n', null, null],
    [
      '/t/stream?channel=a%0d%0ab',
      400,
      'a channel name must be printable ASCII without spaces\n',
      null,
      null,
    ],
  ];
  for (const [path, status, body, hold, channel] of answers) {
    it(`answers ${path}`, async () => {
      const response = await fetch(base + path);
      assert.equal(response.status, status);
      assert.equal(response.headers.get('content-type'), 'text/plain');
      assert.equal(response.headers.get('grip-hold'), hold);
      assert.equal(response.headers.get('grip-channel'), channel);
      assert.equal(await response.text(), body);
    });
  }

  it('takes no more than 100,000 bytes', async () => {
    const post = async (size: number): Promise<number> =>
      (await fetch(`${base}/`, { method: 'POST', body: 'x'.repeat(size) })).status;
    assert.equal(await post(100_000), 200);
    assert.equal(await post(100_001), 400);
  });
});
