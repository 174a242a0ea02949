import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { P8Server } from 'p-8';
import { eventually } from '../../../test/support/eventually.js';
import { RawClient } from '../../../test/support/raw-client.js';
import { Recorder } from './support/recorder.js';

const CERTIFICATES = fileURLToPath(new URL('./fixtures/certs', import.meta.url));

/** The first bytes of a TLS client. */
async function clientHello(): Promise<Buffer> {
  return await new Promise((resolve) => {
    const socket = new Duplex({
      read: () => {},
      write: (chunk: Buffer, _encoding, done) => {
        resolve(chunk);
        done();
      },
    });
    connectTls({ socket, servername: 'a.example' }).on('error', () => {});
  });
}

describe('a TLS port that gets no TLS', () => {
  let server: P8Server;
  const clients: RawClient[] = [];

  beforeEach(async () => {
    server = new P8Server({
      listen: [{ host: '127.0.0.1', port: 0, tls: true }],
      control: false,
      routes: [{ target: { listener: (_req, res) => res.end('served') } }],
      certificates: CERTIFICATES,
      proxy: { sigKey: 'secret' },
      logger: new Recorder(),
    });
    await server.start();
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy();
    await server.close();
  });

  const port = (): number => Number(new URL(server.urls[0] ?? '').port);

  async function send(...parts: Uint8Array[]): Promise<RawClient> {
    const client = await RawClient.connect(port());
    clients.push(client);
    for (const part of parts) client.write(part);
    return client;
  }

  /** A client that speaks TLS is served. */
  async function serves(): Promise<void> {
    const socket = connectTls({ port: port(), host: '127.0.0.1', rejectUnauthorized: false });
    const client = new RawClient(socket);
    clients.push(client);
    await once(socket, 'secureConnect');
    client.request('GET /');
    const reply = await client.reply();
    assert.equal(`${reply.status} ${reply.body}`, '200 served');
  }

  it('closes connections with random bytes, and serves the next client', async () => {
    for (const length of [5, 6, 100, 10_000, 100_000]) {
      // The first byte of no record of TLS.
      const client = await send(Buffer.concat([Buffer.from([0xff]), randomBytes(length)]));
      await client.closed();
      await serves();
    }
  });

  it('closes connections with plain HTTP, and serves the next client', async () => {
    for (const head of ['GET / HTTP/1.1\r\nHost: a\r\n\r\n', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n']) {
      const client = await send(Buffer.from(head));
      await client.closed();
      assert.doesNotMatch(client.text, /served/);
      await serves();
    }
  });

  it('serves others while a ClientHello is not whole, and when its client has left', async () => {
    const hello = await clientHello();
    for (const length of [0, 1, 4, 5, 6, 9, 50, hello.length - 1]) {
      const client = await send(hello.subarray(0, length));
      await serves();
      if (length % 2 === 0) client.socket.end();
      else client.reset();
      await eventually(() => client.socket.destroyed, `closed after ${length} bytes`);
    }
    await serves();
  });

  it('closes connections that go on with something else after a ClientHello, and serves the next client', async () => {
    const hello = await clientHello();
    for (const [at, byte] of [
      [1, 0xff],
      [3, 0xff],
      [5, 0xff],
      [8, 0xff],
      [hello.length - 2, 0xff],
    ] as const) {
      const broken = Buffer.from(hello);
      broken[at] = byte;
      const client = await send(broken, Buffer.alloc(70_000, 0xff));
      await client.closed();
      await serves();
    }
  });
});
