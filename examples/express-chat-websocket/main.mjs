// A chat over WebSockets. P-8 keeps them; the handler answers short requests that tell what has happened on one.
//
// It runs behind another GRIP proxy, Pushpin for one, as it is: GRIP_URL then says where to publish, and by which key the
// proxy's requests are known.
import { gripProxy } from '@p-8/express';
import { parseGripUri } from '@p-8/protocol';
import express from 'express';

/** How many messages newcomers see. */
const RECENT = 20;

/** A ping after 20 quiet seconds, so that nothing on the way takes the connection for dead. */
const KEEP_ALIVE = { type: 'keep-alive', 'message-type': 'ping', content: '', timeout: 20 };

const front = readGripUrl(process.env.GRIP_URL);
const app = express();
const grip = gripProxy({ upstreamKey: front?.verifyKey });
const messages = [];

app.use(grip);
app.get('/', (_req, res) => res.sendFile('page.html', { root: import.meta.dirname }));

app.post('/chat', async (req, res) => {
  const ws = req.grip.wsContext;
  if (ws === null) return void res.status(400).send('This is for WebSockets.\n');
  if (ws.isOpening()) {
    ws.accept();
    ws.subscribe('chat');
    ws.sendControl(JSON.stringify(KEEP_ALIVE));
    for (const message of messages) ws.send(message);
  }
  while (ws.canRecv() && !ws.disconnected) {
    const received = ws.recv();
    // The client closes.
    if (received === null) ws.close(ws.closeCode);
    else await say(received);
  }
  res.end();
});

/** Tells everybody, and remembers, what is a message. */
async function say(received) {
  const { name, text } = readJson(received) ?? {};
  if (typeof name !== 'string' || typeof text !== 'string') return;
  const message = JSON.stringify({ name, text });
  messages.push(message);
  if (messages.length > RECENT) messages.shift();
  await publish('chat', message);
}

async function publish(channel, content) {
  if (front === undefined) {
    await grip.publish(channel, { 'ws-message': content });
    return;
  }
  const items = [{ channel, formats: { 'ws-message': { content } } }];
  const response = await fetch(`${front.controlUri}/publish/`, {
    method: 'POST',
    headers: front.key === undefined ? {} : { Authorization: `Bearer ${Buffer.from(front.key)}` },
    body: JSON.stringify({ items }),
  });
  if (!response.ok) throw new Error(`not published: ${await response.text()}`);
}

function readGripUrl(url) {
  if (url === undefined) return undefined;
  const endpoint = parseGripUri(url);
  if (!endpoint.ok) throw new Error(endpoint.message);
  return endpoint.value;
}

function readJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const server = app.listen(process.env.PORT ?? 3000, () => {
  console.log(`http://localhost:${server.address().port}/`);
});
grip.attach(server);
