// An Express app that is its own GRIP origin: one path to read a stream, and to publish to it.

import { gripProxy } from '@p-8/express';
import express from 'express';

const app = express();
const grip = gripProxy();
app.use(grip);

// The handler answers once and is done. P-8 sends the client this body, and then whatever is published to `news`.
app.get('/news', (_req, res) => {
  res.set({ 'Grip-Hold': 'stream', 'Grip-Channel': 'news' }).type('text/plain').send('[open]\n');
});

app.post('/news', express.text({ type: '*/*' }), async (req, res) => {
  res.json(await grip.publish('news', { 'http-stream': `${req.body}\n` }));
});

const server = app.listen(process.env.PORT ?? 3000, () => {
  console.log(`http://localhost:${server.address().port}/news`);
});
