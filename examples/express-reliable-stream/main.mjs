// A stream that loses nothing: items are numbered, and the origin can be asked for what came after any of them.

import { gripProxy } from '@p-8/express';
import express from 'express';

const app = express();
/** Milliseconds that an item waits for an earlier one that is late. Half a second in place of five, to see it happen. */
const grip = gripProxy({ messageWait: 500 });
/** Item 1 is entries[0]. In a real application this is a table. */
const entries = [];

app.use(grip);

app.get('/log', (req, res) => {
  // Grip-Last is P-8 asking for what one of its clients has missed; otherwise a client asks, maybe not for the first time.
  const last = /^log; last-id=(\d+)$/.exec(req.get('Grip-Last') ?? '')?.[1];
  const after = Number(last ?? req.query.after ?? 0);
  res.set({
    'Grip-Hold': 'stream',
    // This answer covers everything up to the newest item,
    'Grip-Channel': `log; prev-id=${entries.length}`,
    // and here is where to ask for what comes next. P-8 does so when an item is missing, or after 20 quiet seconds.
    'Grip-Link': `</log?after=${entries.length}>; rel=next; timeout=20`,
  });
  res.type('text/plain').send(entries.map(toLine).slice(after).join(''));
});

app.post('/log', express.text({ type: '*/*' }), async (req, res) => {
  const id = entries.push(req.body);
  // With ?lose the item is stored and never published, as if the publisher had crashed in between.
  if (req.query.lose !== undefined) return void res.json({ id });
  const receipt = await grip.publish(
    'log',
    { 'http-stream': toLine(req.body, id - 1) },
    { id: String(id), 'prev-id': String(id - 1) },
  );
  res.json({ id, receipt });
});

function toLine(entry, index) {
  return `${index + 1} ${entry}\n`;
}

const server = app.listen(process.env.PORT ?? 3000, () => {
  console.log(`http://localhost:${server.address().port}/log`);
});
