import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gripProxy as expressGrip } from '@p-8/express';
import express from 'express';
import { createServer, type ViteDevServer } from 'vite';
import WebSocket from 'ws';
import { AppStage } from '../support/apps/stage.js';

describe('the dev server of vite behind an Express app', function () {
  this.timeout(30_000);
  const stage = new AppStage();
  let root: string;
  let vite: ViteDevServer;
  let url: string;

  before(async () => {
    root = mkdtempSync(join(tmpdir(), 'p-8-vite-'));
    mkdirSync(join(root, 'src'));
    writeFileSync(join(root, 'index.html'), '<script type="module" src="/src/main.js"></script>');
    writeFileSync(join(root, 'src', 'main.js'), 'export const version = 1;\n');
    vite = await createServer({
      root,
      configFile: false,
      logLevel: 'silent',
      cacheDir: join(root, '.vite'),
      server: { host: '127.0.0.1', port: 0, strictPort: false },
    });
    await vite.listen();
    const address = vite.httpServer?.address();
    assert(typeof address === 'object' && address);
    const grip = stage.grip(expressGrip({ target: `http://127.0.0.1:${address.port}` }));
    const site = await stage.serve(express().use(grip));
    grip.attach(site.server);
    url = site.url;
  });

  after(async () => {
    await stage.close();
    await vite.close();
    rmSync(root, { recursive: true, force: true });
  });

  it('serves pages and modules', async () => {
    assert.match(await (await fetch(url)).text(), /@vite\/client/);
    assert.match(await (await fetch(`${url}/src/main.js`)).text(), /version = 1/);
  });

  it('tells the page by a WebSocket that a module has changed', async () => {
    await (await fetch(url)).text();
    await (await fetch(`${url}/src/main.js`)).text();
    const client = await (await fetch(`${url}/@vite/client`)).text();
    const [, token = ''] = /wsToken = "([^"]+)"/.exec(client) ?? [];
    const socket = new WebSocket(`${url.replace('http', 'ws')}/?token=${token}`, 'vite-hmr');
    try {
      const types = await new Promise<string[]>((resolve, reject) => {
        const seen: string[] = [];
        socket.on('error', reject);
        socket.on('message', (data) => {
          const { type } = JSON.parse(String(data)) as { type: string };
          seen.push(type);
          if (type === 'connected')
            writeFileSync(join(root, 'src', 'main.js'), 'export const version = 2;\n');
          if (type === 'full-reload' || type === 'update') resolve(seen);
        });
      });
      assert.deepEqual(types, ['connected', 'full-reload']);
      assert.match(await (await fetch(`${url}/src/main.js?t=2`)).text(), /version = 2/);
    } finally {
      socket.terminate();
    }
  });
});
