// A chat: a page, Server-Sent Events down, POST up. Who comes back gets what was said in the meantime.

import { gripProxy } from '@p-8/express';
import express from 'express';

/** How many messages newcomers see. */
const RECENT = 20;

const app = express();
const grip = gripProxy();
const messages = [];
/** Ids grow over restarts, or a page that is open would take new messages for old ones. */
let lastId = Date.now();

app.use(grip);
app.get('/', (_req, res) => res.sendFile('page.html', { root: import.meta.dirname }));

app.get('/events', (req, res) => {
  // Browsers send the id of the last event when they connect again.
  const seen = Number(req.get('Last-Event-ID') ?? 0);
  res.set({
    'Content-Type': 'text/event-stream',
    'Cache-Control': 'no-store',
    'Grip-Hold': 'stream',
    'Grip-Channel': 'chat',
    // A comment after 20 quiet seconds, so that nothing on the way takes the connection for dead.
    'Grip-Keep-Alive': ':\\n\\n; format=cstring; timeout=20',
  });
  const missed = messages.filter(({ id }) => id > seen);
  res.send(`:\n\n${missed.map(toEvent).join('')}`);
});

app.post('/messages', express.json(), async (req, res) => {
  const { name, text } = req.body ?? {};
  if (typeof name !== 'string' || typeof text !== 'string') {
    return void res.status(400).send('A message is {"name": "…", "text": "…"}.\n');
  }
  const message = { id: ++lastId, name, text };
  messages.push(message);
  if (messages.length > RECENT) messages.shift();
  res.json(await grip.publish('chat', { 'http-stream': toEvent(message) }));
});

function toEvent(message) {
  return `id: ${message.id}\ndata: ${JSON.stringify(message)}\n\n`;
}

const server = app.listen(process.env.PORT ?? 3000, () => {
  console.log(`http://localhost:${server.address().port}/`);
});
