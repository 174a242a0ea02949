import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { WebSocketClient } from '../support/web-socket-client.js';
import { findSnippets } from './snippets.js';

const root = path.resolve(import.meta.dirname, '../..');

describe('the chat of the README', function () {
  // It is a process of its own.
  this.timeout(60_000);
  const chat = findSnippets(root, 'README.md').find(({ code }) => code.includes('wsContext'))?.code ?? '';
  const closing: (() => unknown)[] = [];

  afterEach(() => {
    for (const close of closing.splice(0).reverse()) close();
  });

  /** Runs the snippet as it is, but for its port, which it tells. */
  const start = async (): Promise<string> => {
    const code = chat.replace(
      'app.listen(3000)',
      'app.listen(0, function () { console.log(this.address().port); })',
    );
    const args = ['--conditions=@p-8/source', '--import', 'tsx', '--input-type=module', '--eval', code];
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
    closing.push(() => child.kill());
    const [port] = await once(createInterface(child.stdout), 'line');
    return `ws://127.0.0.1:${port}/chat`;
  };

  it('has 15 lines', () => {
    assert.equal(chat.split('\n').filter((line) => line !== '').length, 15);
  });

  it('lets everybody hear what somebody says', async () => {
    const url = await start();
    const open = async (): Promise<WebSocketClient> => {
      const client = await WebSocketClient.open(url);
      closing.push(() => client.terminate());
      return client;
    };
    const ann = await open();
    const bob = await open();
    ann.send('hello');
    assert.deepEqual([await ann.next(), await bob.next()], ['text hello', 'text hello']);
    const lost = await open();
    lost.terminate();
    bob.socket.close(1001);
    assert.equal(await bob.next(), 'close 1000');
    ann.send('still here');
    assert.equal(await ann.next(), 'text still here');
  });
});
