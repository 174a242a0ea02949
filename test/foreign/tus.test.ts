import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FileStore } from '@tus/file-store';
import { Server } from '@tus/server';
import { Upload, type UploadOptions } from 'tus-js-client';
import { MOUNTS } from '../support/mounts.js';
import { useStage } from '../support/stage.js';
import { useDirectory } from './support/program.js';

const BYTES = 1_000_000;
const CHUNK = 200_000;

for (const mount of MOUNTS) {
  describe(`tus uploads to ${mount.name}`, () => {
    const stage = useStage();
    const directory = useDirectory();
    const content = randomBytes(BYTES);
    let options: UploadOptions;

    beforeEach(async () => {
      const server = new Server({ path: '/files', datastore: new FileStore({ directory: directory() }) });
      const { port } = await mount.open(stage(), { listener: (req, res) => void server.handle(req, res) });
      options = { endpoint: `http://127.0.0.1:${port}/files`, chunkSize: CHUNK, retryDelays: [] };
    });

    /** Uploads until all is there, or until `enough` bytes are. Gives the address. */
    function upload(more: UploadOptions = {}, enough = BYTES): Promise<string> {
      return new Promise((resolve, reject) => {
        const one = new Upload(content, {
          ...options,
          ...more,
          onError: reject,
          onSuccess: () => resolve(one.url ?? ''),
          onChunkComplete: (_size, accepted) => {
            if (accepted < enough || accepted === BYTES) return;
            void one.abort().then(() => resolve(one.url ?? ''));
          },
        });
        one.start();
      });
    }

    const stored = (url: string): Promise<Buffer> => readFile(join(directory(), url.split('/').at(-1) ?? ''));

    it('arrive in parts', async () => {
      assert.deepEqual(await stored(await upload()), content);
    });

    it('arrive in one part', async () => {
      assert.deepEqual(await stored(await upload({ chunkSize: Number.POSITIVE_INFINITY })), content);
    });

    it('go on where they were left', async () => {
      const url = await upload({}, 2 * CHUNK);
      assert.equal(await upload({ uploadUrl: url }), url);
      assert.deepEqual(await stored(url), content);
    });
  });
}
