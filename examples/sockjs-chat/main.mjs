// A chat for SockJS clients: browsers that cannot open a WebSocket, or whose network does not let it pass, get the same by
// other means. The handler sees WebSockets.
import { createRequire } from 'node:module';
import { gripProxy } from '@p-8/express';
import express from 'express';

const CLIENT = createRequire(import.meta.url).resolve('sockjs-client/dist/sockjs.min.js');

const app = express();
const grip = gripProxy({ sockjs: '/chat/sockjs', sockjsAsPath: '/chat', sockjsUrl: '/sockjs.js' });

app.use(grip);
app.get('/', (_req, res) => res.sendFile('page.html', { root: import.meta.dirname }));
app.get('/sockjs.js', (_req, res) => res.sendFile(CLIENT));

app.post('/chat', async (req, res) => {
  const ws = req.grip.wsContext;
  if (ws === null) return void res.status(400).send('This is for WebSockets.\n');
  if (ws.isOpening()) {
    ws.accept();
    ws.subscribe('chat');
  }
  while (ws.canRecv() && !ws.disconnected) {
    const message = ws.recv();
    if (message === null) ws.close(ws.closeCode);
    else await grip.publish('chat', { 'ws-message': message });
  }
  res.end();
});

const server = app.listen(process.env.PORT ?? 3000, () => {
  console.log(`http://localhost:${server.address().port}/`);
});
grip.attach(server);
