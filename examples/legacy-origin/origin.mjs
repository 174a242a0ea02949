// A server that knows nothing of P-8 but its headers. It could be written in any language: see origin.py.
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';

async function publish(channel, content) {
  const response = await fetch(`${process.env.CONTROL_URL}/publish/`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${process.env.GRIP_KEY}` },
    body: JSON.stringify({ items: [{ channel, formats: { 'http-stream': { content } } }] }),
  });
  if (!response.ok) throw new Error(await response.text());
}

async function answer(req, res) {
  if (req.method === 'POST') {
    await publish('news', `${await text(req)}\n`);
    res.end('Published\n');
    return;
  }
  res.writeHead(200, { 'Content-Type': 'text/plain', 'Grip-Hold': 'stream', 'Grip-Channel': 'news' });
  res.end('[open]\n');
}

const server = createServer((req, res) => {
  answer(req, res).catch((error) => {
    console.error(error);
    res.writeHead(502).end();
  });
});

server.listen(process.env.ORIGIN_PORT ?? 8000, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}`);
});
