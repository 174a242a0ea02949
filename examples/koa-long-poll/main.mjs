// A counter, told to clients by long-polling, in a Koa app. A client names the count that it knows; it gets an answer as
// soon as there is another one.

import { gripProxy } from '@p-8/koa';
import Koa from 'koa';

const app = new Koa();
const grip = gripProxy();
let count = 0;

app.use(grip);
app.use(async (ctx) => {
  if (ctx.path !== '/count') return;
  if (ctx.method === 'POST') {
    const before = String(count++);
    const receipt = await grip.publish(
      'count',
      { 'http-response': JSON.stringify({ count }) },
      { id: String(count), 'prev-id': before },
    );
    ctx.body = { count, receipt };
    return;
  }
  ctx.body = { count };
  // Nothing new: hold. The prev-id says which count this answer covers, so that no later one is missed.
  if (ctx.query.after === String(count)) {
    ctx.set({ 'Grip-Hold': 'response', 'Grip-Channel': `count; prev-id=${count}`, 'Grip-Timeout': '25' });
  }
});

const server = app.listen(process.env.PORT ?? 3000, () => {
  console.log(`http://localhost:${server.address().port}/count`);
});
