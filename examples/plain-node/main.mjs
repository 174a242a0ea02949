// P-8 without a framework: GripProxy.wrap() puts the proxy in front of any request listener, which is then the origin.
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { GripProxy } from '@p-8/core';

const proxy = new GripProxy();

async function answer(req, res) {
  if (req.method === 'POST') {
    const receipt = await proxy.publish('news', { 'http-stream': `${await text(req)}\n` });
    res.setHeader('Content-Type', 'application/json').end(JSON.stringify(receipt));
    return;
  }
  res.writeHead(200, { 'Content-Type': 'text/plain', 'Grip-Hold': 'stream', 'Grip-Channel': 'news' });
  res.end('[open]\n');
}

function listener(req, res) {
  answer(req, res).catch((error) => res.destroy(error));
}

const server = createServer(proxy.wrap(listener)).listen(process.env.PORT ?? 3000, () => {
  console.log(`http://localhost:${server.address().port}/`);
});
