// P-8 in front of a server that speaks WebSocket itself. `node main.mjs` starts origin.mjs as that server.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { gripProxy } from '@p-8/express';
import express from 'express';

const target = await startOrigin();
const grip = gripProxy({ target });
const app = express();
// Before the proxy, which takes all that is left.
app.post('/news', express.text({ type: '*/*' }), async (req, res) => {
  res.json(await grip.publish('news', { 'ws-message': req.body }));
});
app.use(grip);
const server = app.listen(process.env.PORT ?? 3000, () => {
  console.log(`http://localhost:${server.address().port}/`);
});
grip.attach(server);

async function startOrigin() {
  const origin = spawn(process.execPath, ['origin.mjs'], {
    cwd: import.meta.dirname,
    env: { ...process.env, ORIGIN_PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => {
      origin.kill();
      process.exit();
    });
  }
  const [line] = await once(createInterface(origin.stdout), 'line');
  return line;
}
