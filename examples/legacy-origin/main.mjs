// P-8 in an Express app, in front of a server that exists already. `node main.mjs` starts origin.mjs as that server,
// `node main.mjs python3 origin.py` the same one in Python.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { gripProxy } from '@p-8/express';
import express from 'express';

const key = process.env.GRIP_KEY ?? randomBytes(16).toString('hex');
const server = createServer().listen(process.env.PORT ?? 3000);
await once(server, 'listening');
const url = `http://localhost:${server.address().port}`;

const target = await startOrigin(`${url}/grip`);
const grip = gripProxy({ target });
const app = express();
// Before the proxy, which takes all that is left.
app.use('/grip', grip.controlApi({ key }));
app.use(grip);
server.on('request', app);
console.log(`${url}/`);

/** Starts the server behind, and tells it how to publish. */
async function startOrigin(controlUrl) {
  const [command = process.execPath, ...args] = process.argv.slice(2);
  const origin = spawn(command, args.length > 0 ? args : ['origin.mjs'], {
    cwd: import.meta.dirname,
    env: { ...process.env, CONTROL_URL: controlUrl, GRIP_KEY: key, ORIGIN_PORT: '0' },
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
