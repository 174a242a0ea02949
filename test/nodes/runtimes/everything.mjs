import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { gripProxy } from '@p-8/express';
import express from 'express';
import WebSocket from 'ws';

/** Run by other runtimes than Node, with the packages as they are published: a stream, a poll, a WebSocket, and the control API. */
const app = express();
const grip = gripProxy();
app.use('/control', grip.controlApi());
app.use(grip);
app.get('/stream', (_req, res) => {
  res.set({ 'Content-Type': 'text/plain', 'Grip-Hold': 'stream', 'Grip-Channel': 'news' }).send('[open]\n');
});
app.get('/poll', (_req, res) => {
  res.set({ 'Grip-Hold': 'response', 'Grip-Channel': 'news', 'Grip-Timeout': '30' }).send('nothing new');
});
app.post('/ws', (req, res) => {
  const { wsContext } = req.grip;
  if (wsContext.opening) {
    wsContext.accept();
    wsContext.subscribe('news');
  }
  while (wsContext.canRecv()) wsContext.send(`echo ${wsContext.recv()}`);
  res.end();
});
const server = app.listen(0, '127.0.0.1');
grip.attach(server);
await once(server, 'listening');
const { port } = server.address();

const stream = ask('/stream');
const poll = ask('/poll');
const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`);
const heard = [];
socket.on('message', (data) => heard.push(String(data)));
await once(socket, 'open');
socket.send('hello');
await until(() => heard.length === 1 && grip.stats().sessions === 3);

const item = {
  channel: 'news',
  'http-stream': { content: 'item\n' },
  'http-response': { body: 'item' },
  'ws-message': { content: 'item' },
};
const published = await fetch(`http://127.0.0.1:${port}/control/publish`, {
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify({ items: [item] }),
});
assert.equal(published.status, 200);
await until(() => stream.text === '[open]\nitem\n' && poll.ended && heard.length === 2);
assert.equal(poll.text, 'item');
assert.deepEqual(heard, ['echo hello', 'item']);
await grip.publish('news', { 'http-stream': { action: 'close' } });
await until(() => stream.ended);
socket.close();
await grip.close();
server.close();
server.closeAllConnections();
console.log('stream, poll, WebSocket, control API');
process.exit();

/** What comes of a request. */
function ask(path) {
  const reply = { text: '', ended: false };
  http.get({ port, path, host: '127.0.0.1', agent: false }, (response) => {
    response.on('data', (chunk) => {
      reply.text += chunk;
    });
    response.on('end', () => {
      reply.ended = true;
    });
  });
  return reply;
}

async function until(isTrue) {
  for (let i = 0; i < 1000; i++) {
    if (isTrue()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.fail(`never came true: ${isTrue}; ${JSON.stringify({ stream, poll, heard, stats: grip.stats() })}`);
}
