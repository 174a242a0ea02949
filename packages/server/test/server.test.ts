import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { renameSync, rmSync, statSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { P8Server, type P8ServerOptions } from 'p-8';
import { Connection } from './support/connection.js';
import { Recorder } from './support/recorder.js';
import { Sandbox } from './support/sandbox.js';

const CERTIFICATES = fileURLToPath(new URL('./fixtures/certs', import.meta.url));

describe('a P8Server', () => {
  const sandbox = new Sandbox();
  const log = new Recorder();
  const started: (P8Server | Connection)[] = [];
  const make = (options: P8ServerOptions = {}): P8Server => {
    const server = new P8Server({
      listen: [{ host: '127.0.0.1', port: 0 }],
      control: { port: 0 },
      logger: log,
      ...options,
    });
    started.push(server);
    return server;
  };
  const start = async (options: P8ServerOptions = {}): Promise<{ server: P8Server; url: string }> => {
    const server = make(options);
    await server.start();
    return { server, url: server.urls[0] ?? '' };
  };
  const connect = (url: string | undefined): Connection => {
    const connection = new Connection(url ?? '');
    started.push(connection);
    return connection;
  };
  beforeEach(() => log.clear());
  afterEach(async () => {
    for (const each of started.splice(0)) {
      if (each instanceof P8Server) await each.close();
      else each.destroy();
    }
  });
  const testTarget = (): string => sandbox.write('routes', '* test\n');

  describe('its routes', () => {
    const answer = async (url: string): Promise<string> => (await fetch(`${url}/`)).text();
    const hello = 'Hello from the Pushpin test handler!\n';

    it('come from a file, and change with it', async () => {
      const routesFile = sandbox.write('routes', 'x.example test\n');
      const { url } = await start({ routesFile });
      assert.equal(await answer(url), 'Route not found\n');
      sandbox.write('routes', '* test\n');
      await log.logged(/routes loaded with 1 entries/);
      assert.equal(await answer(url), hello);
      log.clear();
      // As most tools write files: a new one takes the old one's place.
      renameSync(sandbox.write('routes.new', 'x.example test\ny.example test\nbad\n'), routesFile);
      await log.logged(/routes loaded with 2 entries/);
      assert.deepEqual(log.lines, [
        'info: routes file changed, reloading',
        `warn: ${routesFile}:3: must specify condition and at least one target`,
        'info: routes loaded with 2 entries',
      ]);
      assert.equal(await answer(url), 'Route not found\n');
    });

    it('stay when the file is gone, and come back with it', async () => {
      const routesFile = testTarget();
      const { url } = await start({ routesFile });
      rmSync(routesFile);
      await log.logged(/^warn: the routes stay as they were: cannot read the routes file .* no such file$/);
      assert.equal(await answer(url), hello);
      testTarget();
      await log.logged(/routes loaded with 1 entries/);
    });

    it('must be readable at the start', () => {
      assert.throws(() => make({ routesFile: sandbox.path }), {
        code: 'GRIP_ERR_OPTION',
        message: `cannot read the routes file ${sandbox.path}: it is a directory`,
      });
    });

    it('may be none, with a warning', async () => {
      const { url } = await start({ routesFile: sandbox.write('routes', '# none yet\n') });
      assert.match(await log.logged(/has no route/), /every request is answered 502$/);
      assert.equal((await fetch(url)).status, 502);
    });

    it('cannot lead to itself', async () => {
      const probe = createServer().listen(0, '127.0.0.1');
      await once(probe, 'listening');
      const { port } = probe.address() as AddressInfo;
      probe.close();
      await once(probe, 'close');
      const server = make({ listen: [{ port }], routes: [{ target: `http://localhost:${port}` }] });
      await assert.rejects(server.start(), {
        code: 'GRIP_ERR_OPTION',
        message: `the target http://localhost:${port} is this server's own port; choose another port or target`,
      });
      const free = createServer().listen(port, '127.0.0.1');
      await once(free, 'listening');
      free.close();
    });

    it('cannot lead to itself after a reload either', async () => {
      const { server, url } = await start({ routesFile: testTarget() });
      sandbox.write('routes', `* test\nx.example 127.0.0.1:${new URL(server.controlUrl ?? '').port}\n`);
      await log.logged(/^warn: the routes stay as they were: the target .* is this server's own port/);
      assert.equal(await answer(url), hello);
    });
  });

  describe('a port for clients', () => {
    it('answers 400 to what is no HTTP', async () => {
      const { url } = await start({ routesFile: testTarget() });
      const answer = await connect(url).send('HELLO\r\n\r\n').end();
      assert.match(answer, /^HTTP\/1\.1 400 Bad Request\r\n/);
      assert.ok(answer.endsWith('\r\n\r\nFailed to parse request.\n'));
    });

    it('answers 431 to a head that is too large', async () => {
      const { url } = await start({ routesFile: testTarget(), maxHeaderSize: 1024 });
      const answer = await connect(url)
        .send(`GET / HTTP/1.1\r\nX: ${'x'.repeat(100_000)}`)
        .end();
      assert.match(answer, /^HTTP\/1\.1 431 /);
      assert.ok(answer.endsWith('Request header size exceeded limit of 1024 bytes.\n'));
    });

    for (const [status, head] of [
      [431, `GET / HTTP/1.1\r\nX: ${'x'.repeat(2000)}`],
      [400, 'HELLO\r\n\r\n'],
    ] as const) {
      it(`answers ${status} to a client that sends all before it reads`, async () => {
        const { url, server } = await start({ routesFile: testTarget(), maxHeaderSize: 1024 });
        const socket = connectTcp(Number(new URL(url).port), '127.0.0.1');
        let text = '';
        socket.on('data', (chunk) => {
          text += chunk;
        });
        socket.pause();
        socket.write(head);
        socket.write(Buffer.alloc(10_000_000, 'x'));
        await once(socket, 'drain');
        socket.resume();
        await once(socket, 'close');
        assert.match(text, new RegExp(`^HTTP/1.1 ${status} `));
        await server.close();
      });
    }

    it('puts no answer into the middle of another one', async () => {
      const { url } = await start({ routesFile: testTarget() });
      const connection = connect(url).send('GET /stream HTTP/1.1\r\nHost: x\r\n\r\n');
      await connection.received('[stream opened]\n');
      const all = await connection.send('NONSENSE\r\n\r\n').end();
      assert.doesNotMatch(all, /400/);
    });

    it('answers 400 to the second request of a connection', async () => {
      const { url } = await start({ routesFile: testTarget() });
      const connection = connect(url).send('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
      await connection.received('handler!\n');
      assert.match(await connection.send('NONSENSE\r\n\r\n').end(), /HTTP\/1\.1 400 Bad Request/);
    });

    it('can be one of several', async () => {
      const { server } = await start({
        routesFile: testTarget(),
        listen: [{ host: '127.0.0.1', port: 0 }, { port: 0 }],
      });
      const [first, second] = server.urls;
      assert.match(first ?? '', /^http:\/\/127\.0\.0\.1:\d+$/);
      assert.match(second ?? '', /^http:\/\/localhost:\d+$/);
      for (const url of server.urls) assert.equal((await fetch(url)).status, 200);
    });

    it('can be a Unix socket; one that a dead process left is replaced', async () => {
      const path = `${sandbox.path}/p8.sock`;
      const options = { routesFile: testTarget(), listen: [{ path, mode: 0o600 }] };
      const { server, url } = await start(options);
      assert.equal(url, `unix:${path}`);
      assert.equal(statSync(path).mode & 0o777, 0o600);
      await assert.rejects(make(options).start(), /p8\.sock is already in use/);
      await connect(url).send('GET / HTTP/1.1\r\nHost: x\r\n\r\n').received('handler!\n');
      await server.close();
      sandbox.write('p8.sock', '');
      const second = await start(options);
      await connect(second.url).send('GET / HTTP/1.1\r\nHost: x\r\n\r\n').received('handler!\n');
    });

    it('can speak TLS, with a certificate for each name', async () => {
      const { url } = await start({
        routesFile: testTarget(),
        listen: [{ host: '127.0.0.1', port: 0, tls: true }],
        certificates: CERTIFICATES,
      });
      assert.match(url, /^https:/);
      const subject = async (servername: string | undefined): Promise<string | undefined> => {
        const socket = connectTls({
          port: Number(new URL(url).port),
          host: '127.0.0.1',
          rejectUnauthorized: false,
          ...(servername === undefined ? {} : { servername }),
        });
        await once(socket, 'secureConnect');
        const { CN } = socket.getPeerCertificate().subject;
        socket.destroy();
        return CN as string;
      };
      assert.equal(await subject('One.Example'), 'one.example');
      assert.equal(await subject('a.wild.example'), '*.wild.example');
      assert.equal(await subject('a.b.wild.example'), 'default');
      assert.equal(await subject('../certs/one.example'), 'default');
      assert.equal(await subject(undefined), 'default');
    });
  });

  describe('the port of the control API', () => {
    it('answers 400 to what is no HTTP, and to a head that is too large', async () => {
      const { server } = await start({ control: { port: 0, maxHeaderSize: 1024 } });
      const broken = await connect(server.controlUrl).send('HELLO\r\n\r\n').end();
      assert.match(broken, /^HTTP\/1\.1 400 [\s\S]*\r\n\r\nFailed to parse request header\.\n$/);
      const large = await connect(server.controlUrl)
        .send(`GET / HTTP/1.1\r\nX: ${'x'.repeat(9000)}`)
        .end();
      assert.match(large, /^HTTP\/1\.1 400 [\s\S]*\r\n\r\nRequest header too large\.\n$/);
    });

    it('answers 501 to CONNECT, and 505 to another version of HTTP, as the port for clients does', async () => {
      const { server, url } = await start({ routesFile: testTarget() });
      for (const port of [server.controlUrl, url]) {
        const connected = await connect(port).send('CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n').end();
        assert.match(connected, /^HTTP\/1\.1 501 [\s\S]*\r\n\r\nMethod not implemented: CONNECT\.\n$/);
        const future = await connect(port).send('GET / HTTP/2.0\r\nHost: a\r\n\r\n').end();
        assert.match(future, /^HTTP\/1\.1 505 [\s\S]*\r\n\r\nHTTP version not supported/);
      }
    });

    it('needs a key where other machines reach it', () => {
      for (const host of ['0.0.0.0', '::', '192.0.2.1', 'example.com']) {
        assert.throws(
          () => make({ control: { host, port: 0 } }),
          /it needs a key: set one with --control-key/,
        );
        make({ control: { host, port: 0, key: 'secret' } });
      }
    });

    it('may be absent', async () => {
      const { server } = await start({ control: false });
      assert.equal(server.controlUrl, undefined);
    });
  });

  describe('the key that everybody knows', () => {
    const known: P8ServerOptions[] = [
      {},
      { proxy: { sigKey: Buffer.from('changeme') } },
      { proxy: { sigKey: 'secret', upstreamKey: 'changeme' } },
      { proxy: { sigKey: 'secret' }, control: { key: 'changeme' } },
      { proxy: { sigKey: 'secret' }, routes: [{ sigKey: 'changeme', target: 'http://localhost:80' }] },
    ];
    for (const options of known) {
      it(`is warned of, and refused in production: ${JSON.stringify(options)}`, () => {
        make({ ...options, production: false });
        assert.match(log.lines.join(), /^warn: .* is 'changeme', which everybody knows: set another/);
        assert.throws(
          () => make({ ...options, production: true }),
          /NODE_ENV is production, so it is refused/,
        );
      });
    }

    it('is not mentioned where another is set', () => {
      make({ proxy: { sigKey: 'secret' }, production: true });
      make({ proxy: { sigKey: '' }, production: true });
      assert.deepEqual(log.lines, []);
    });
  });

  it('refuses options that it does not know, or that exclude each other', () => {
    const unknown = { prot: 1 } as P8ServerOptions;
    assert.throws(() => make(unknown), /^GripError: unknown option prot: known are listen, control, /);
    assert.throws(() => make({ routes: [], routesFile: 'x' }), /routes and routesFile exclude each other/);
    assert.throws(() => make({ routes: [], demo: true }), /routes and demo exclude each other/);
    assert.throws(() => make({ listen: [{ port: 0, tls: true }] }), /a TLS port needs certificates/);
  });

  it('lets requests under way finish when it closes', async () => {
    const origin = new EventEmitter();
    const listener: RequestListener = (_request, response) => void origin.emit('request', response);
    const { server, url } = await start({ routes: [{ target: { listener } }] });
    const arrived = once(origin, 'request');
    const answer = fetch(url);
    const [response] = await arrived;
    const closed = server.close();
    response.end('done');
    assert.equal(await (await answer).text(), 'done');
    await closed;
  });

  it('ends its holds when it closes', async () => {
    const { server, url } = await start({ routesFile: testTarget() });
    const connection = connect(url).send('GET /stream HTTP/1.1\r\nHost: x\r\n\r\n');
    await connection.received('[stream opened]\n');
    await Promise.all([server.close(), server.close()]);
    assert.ok((await connection.end()).endsWith('\r\n0\r\n\r\n'));
  });
});
