// Who is here? A Koa app that knows it, and tells everybody when it changes. Each client has a WebSocket; its requests say
// when it comes, when it goes, and when it is lost.
import { gripProxy } from '@p-8/koa';
import Koa from 'koa';

const app = new Koa();
const grip = gripProxy();
/** Names by the ids of connections. */
const here = new Map();

app.use(grip);
app.use(async (ctx) => {
  if (ctx.path !== '/here' || ctx.method !== 'POST') return;
  const ws = ctx.grip.wsContext;
  if (ws === null) return;
  if (ws.isOpening()) {
    const { name } = ctx.query;
    if (typeof name !== 'string' || name === '') ctx.throw(400, 'Say who you are: /here?name=…\n');
    ws.accept();
    ws.subscribe('here');
    // With each of its requests, whichever process gets it.
    ws.meta.name = name;
    here.set(ws.id, name);
    // The client is not subscribed before it is in.
    ws.send(names());
    await tell();
  }
  while (ws.canRecv() && !ws.disconnected) {
    const message = ws.recv();
    if (message === null) ws.close(ws.closeCode);
    else ws.send(`You are ${ws.meta.name}.`);
  }
  if ((ws.closed || ws.disconnected) && here.delete(ws.id)) await tell();
});

function names() {
  return JSON.stringify([...here.values()]);
}

function tell() {
  return grip.publish('here', { 'ws-message': names() });
}

const server = app.listen(process.env.PORT ?? 3000, () => {
  console.log(`http://localhost:${server.address().port}/here`);
});
grip.attach(server);
