import assert from 'node:assert/strict';
import { v2 } from 'webdav-server';
import { MOUNTS } from '../support/mounts.js';
import { useStage } from '../support/stage.js';

const LOCK = `<?xml version="1.0"?><D:lockinfo xmlns:D="DAV:"><D:lockscope><D:exclusive/></D:lockscope>
<D:locktype><D:write/></D:locktype><D:owner>tester</D:owner></D:lockinfo>`;

for (const mount of MOUNTS) {
  describe(`WebDAV from ${mount.name}`, () => {
    const stage = useStage();
    let url: string;

    beforeEach(async () => {
      const server = new v2.WebDAVServer({ requireAuthentification: false });
      const { port } = await mount.open(stage(), { listener: (req, res) => server.executeRequest(req, res) });
      url = `http://127.0.0.1:${port}`;
    });

    async function ask(
      method: string,
      path: string,
      headers: Record<string, string> = {},
      body?: string | Uint8Array<ArrayBuffer>,
    ): Promise<{ status: number; headers: Headers; text: string }> {
      const response = await fetch(`${url}${path}`, { method, headers, ...(body !== undefined && { body }) });
      return { status: response.status, headers: response.headers, text: await response.text() };
    }

    async function expect(status: number, ...args: Parameters<typeof ask>): Promise<string> {
      const answer = await ask(...args);
      assert.equal(answer.status, status, `${args[0]} ${args[1]}: ${answer.text}`);
      return answer.text;
    }

    it('makes, lists, moves and removes files', async () => {
      await expect(201, 'MKCOL', '/folder');
      await expect(201, 'PUT', '/folder/a.txt', {}, 'content');
      await expect(201, 'PUT', '/folder/empty.txt', { 'Content-Length': '0' }, '');
      const list = await expect(207, 'PROPFIND', '/folder', { Depth: '1' });
      assert.match(list, /a\.txt/);
      await expect(201, 'MOVE', '/folder/a.txt', { Destination: `${url}/folder/b.txt` });
      assert.equal(await expect(200, 'GET', '/folder/b.txt'), 'content');
      await expect(404, 'GET', '/folder/a.txt');
      await expect(201, 'COPY', '/folder/b.txt', { Destination: `${url}/c.txt` });
      await expect(200, 'DELETE', '/folder');
      await expect(404, 'GET', '/folder/b.txt');
    });

    it('locks a file, and lets it go again', async () => {
      await expect(201, 'PUT', '/a.txt', {}, 'content');
      const lock = ['LOCK', '/a.txt', { Timeout: 'Second-60', Depth: '0' }, LOCK] as const;
      const { status, headers } = await ask(...lock);
      assert.equal(status, 200);
      const token = headers.get('lock-token') ?? '';
      assert.match(token, /^urn:uuid:/);
      assert(!(await ask(...lock)).headers.has('lock-token'));
      await expect(204, 'UNLOCK', '/a.txt', { 'Lock-Token': `<${token}>` });
      assert((await ask(...lock)).headers.has('lock-token'));
    });

    it('keeps megabytes as they are', async () => {
      const content = new Uint8Array(3_000_000).map((_, i) => i * 31);
      await expect(201, 'PUT', '/large.bin', {}, content);
      const response = await fetch(`${url}/large.bin`);
      assert.deepEqual(Buffer.from(await response.arrayBuffer()), Buffer.from(content));
    });
  });
}
