import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { text } from 'node:stream/consumers';
import { gripProxy } from '@p-8/express';
import express, { type Express, type RequestHandler } from 'express';
import { EVENTS_FIELDS, FRONT_KEY, postEvents } from '../../../test/support/apps/events-front.js';
import { useStage } from '../../../test/support/apps/stage.js';
import { wireRequest } from '../../../test/support/apps/wire.js';
import { eventually } from '../../../test/support/eventually.js';

/** The body arrives meanwhile. */
const slow: RequestHandler = (req, _res, next) => void req.once('readable', () => next());

/** Somebody looks at each chunk, and does not wait. */
const watching: RequestHandler = (req, _res, next) => {
  req.on('data', () => {});
  next();
};

/** Reads the body, and leaves nothing. */
const greedy: RequestHandler = (req, _res, next) => {
  req.on('data', () => {});
  req.once('end', () => next());
};

describe('the body of a request with WebSocket events, in an Express app', () => {
  const stage = useStage();
  const events = 'TEXT 6\r\nhéllo\r\n';

  function build(before: readonly RequestHandler[], ...after: readonly RequestHandler[]): Express {
    const grip = stage().grip(gripProxy({ upstreamKey: FRONT_KEY }));
    return express().use(...before, grip, ...after, (_req, _res, next) => next());
  }

  /** What the handler of an app finds, told in a response that is no answer to events. */
  async function found(app: Express, body: string, headers = {}) {
    app.post('/', (req, res) => {
      const ws = req.grip.wsContext;
      const recv = ws?.canRecv() ? ws.recv() : null;
      res.status(299).json({ isNull: ws === null, recv, body: req.body });
    });
    const reply = await postEvents(await stage().serve(app), '/', body, headers);
    return JSON.parse(await reply.whole());
  }

  const orders: Record<string, readonly RequestHandler[]> = {
    'nothing before': [],
    'a slow middleware before': [slow],
    'somebody who looks on before': [watching],
    'parsers for other types before': [express.json(), express.urlencoded(), express.text(), express.raw()],
    'express.raw for all types before': [express.raw({ type: () => true })],
    'express.text for all types before': [express.text({ type: () => true })],
  };
  for (const [order, before] of Object.entries(orders)) {
    it(`is read with ${order}`, async () => {
      const { isNull, recv } = await found(build(before), events);
      assert.deepEqual({ isNull, recv }, { isNull: false, recv: 'héllo' });
    });

    it(`may be empty with ${order}`, async () => {
      if (before === orders['a slow middleware before']) return;
      const { isNull, recv } = await found(build(before), '');
      assert.deepEqual({ isNull, recv }, { isNull: false, recv: null });
    });

    it(`may be long with ${order}`, async () => {
      const long = 'x'.repeat(900_000);
      const limited = before.length === 1 && before[0] !== slow && before[0] !== watching;
      const parsers = limited ? [express.raw({ type: () => true, limit: '2mb' })] : before;
      const { recv } = await found(build(parsers), `TEXT ${long.length.toString(16)}\r\n${long}\r\n`);
      assert.ok(recv === long);
    });
  }

  it('is of no use when somebody has read it and left nothing', async () => {
    assert.equal((await found(build([greedy]), events)).isNull, true);
  });

  it('is there for a body parser that is mounted after', async () => {
    for (const before of [[], [slow]]) {
      const app = build(before, express.text({ type: () => true }));
      assert.deepEqual(await found(app, events), { isNull: false, recv: 'héllo', body: events });
    }
  });

  it('is there for a body parser that is mounted after, however long', async () => {
    const long = `TEXT 927c0\r\n${'x'.repeat(600_000)}\r\n`;
    for (const before of [[], [slow]]) {
      const app = build(before, express.text({ type: () => true, limit: '2mb' }));
      assert.ok((await found(app, long)).body === long);
    }
  });

  it('is there for a handler that reads it itself', async () => {
    const app = build([]);
    app.post('/', async (req, res) => void res.status(299).send(await text(req)));
    const reply = await postEvents(await stage().serve(app), '/', events);
    assert.equal(await reply.whole(), events);
  });

  it('may come in chunks, and the connection can be used again', async () => {
    const app = build([]);
    app.post('/', (req, res) => {
      req.grip.wsContext?.send(`${req.grip.wsContext.recv()}`);
      res.end();
    });
    const site = await stage().serve(app);
    const fields = Object.entries({ ...EVENTS_FIELDS, Host: 'a' }).map((field) => field.join(': '));
    const chunked = ['POST / HTTP/1.1', ...fields, 'Transfer-Encoding: chunked', ''];
    const chunks = ['8', 'TEXT 1\r\n', '3', 'a\r\n', '0', '', ''];
    const last = wireRequest('POST /', [...fields, 'Connection: close'], 'TEXT 1\r\nb\r\n');
    const bytes = await site.raw([...chunked, ...chunks].join('\r\n') + last);
    assert.deepEqual(bytes.match(/^TEXT .\r\n.*$/gm), ['TEXT 3\r\nm:a', 'TEXT 3\r\nm:b']);
  });

  it('is refused when it is too long', async () => {
    const grip = stage().grip(gripProxy({ upstreamKey: FRONT_KEY, maxMessageBytes: 1000 }));
    const app = express().use(grip);
    app.post('/', (_req, res) => void res.end());
    const site = await stage().serve(app);
    const reply = await postEvents(site, '/', `TEXT f4240\r\n${'x'.repeat(1_000_000)}\r\n`);
    assert.equal(reply.status, 413);
    assert.equal(await reply.whole(), 'WebSocket events too large.\n');
    assert.equal((await postEvents(site, '/', events)).status, 200);
  });

  it('is waited for in the context of its request', async () => {
    const storage = new AsyncLocalStorage<string>();
    const run: RequestHandler = (_req, _res, next) => storage.run('mine', next);
    for (const before of [[run], [watching, run], [slow, run]]) {
      const app = build(before);
      app.post('/', (_req, res) => void res.status(299).send(storage.getStore() ?? 'none'));
      const reply = await postEvents(await stage().serve(app), '/', events);
      assert.equal(await reply.whole(), 'mine');
    }
  });

  it('may break off', async () => {
    const app = build([]);
    let asked = 0;
    app.post('/', (_req, res) => void res.end(String(++asked)));
    const site = await stage().serve(app);
    const fields = Object.entries(EVENTS_FIELDS).map((field) => field.join(': '));
    const socket = site.connect(wireRequest('POST /', [...fields, 'Content-Length: 100'], ''));
    const requested = new Promise((resolve) => site.server.once('request', resolve));
    await requested;
    socket.destroy();
    await eventually(() => socket.closed, 'a closed connection');
    assert.equal((await postEvents(site, '/', events)).status, 200);
    assert.equal(asked, 1);
  });

  for (const [body, headers, message] of [
    ['TEXT', {}, 'Error parsing WebSocket events.\n'],
    ['TEXT x\r\n', {}, 'Error parsing WebSocket events.\n'],
    ['OPEN\r\n', { 'Connection-Id': '' }, 'WebSocket event missing connection-id header.\n'],
  ] as const) {
    it(`is refused when it is ${JSON.stringify(body)} with ${JSON.stringify(headers)}`, async () => {
      const app = build([]);
      app.post('/', (_req, res) => void res.send('not to be seen'));
      const reply = await postEvents(await stage().serve(app), '/', body, headers);
      assert.equal(reply.status, 400);
      assert.equal(await reply.whole(), message);
    });
  }
});

describe('a request with WebSocket events from a stranger, in an Express app', () => {
  const stage = useStage();

  async function ask(headers: Record<string, string>, options = {}, method = 'POST') {
    const app = express().use(stage().grip(gripProxy(options)));
    app.use((req, res) => void res.json(req.grip));
    const site = await stage().serve(app);
    return await site.call('/', { method, body: 'OPEN\r\n', headers: { ...EVENTS_FIELDS, ...headers } })
      .reply;
  }

  const strangers: [string, Record<string, string>, object][] = [
    ['has no key to prove himself', {}, {}],
    ['has no signature', { 'Grip-Sig': '' }, { upstreamKey: FRONT_KEY }],
    ['has a signature of another key', {}, { upstreamKey: 'another' }],
    ['names a charset', { 'Content-Type': 'Application/WebSocket-Events; charset=utf-8' }, {}],
  ];
  for (const [what, headers, options] of strangers) {
    it(`is refused when he ${what}`, async () => {
      const reply = await ask(headers, options);
      assert.equal(reply.status, 403);
      assert.equal(await reply.whole(), 'Client not allowed to send WebSocket events directly.\n');
    });
  }

  it('is refused when he names another type first', async () => {
    const app = express().use(stage().grip(gripProxy()), (_req, res) => void res.send('not to be seen'));
    const fields = [
      'Connection: close',
      'Content-Type: text/plain',
      'Content-Type: application/websocket-events',
    ];
    const bytes = await (await stage().serve(app)).raw(wireRequest('POST /', fields, 'OPEN\r\n'));
    assert.match(bytes, /^HTTP\/1\.1 403 /);
  });

  it('is not one of its own when the type is another', async () => {
    const reply = await ask({ 'Content-Type': 'text/plain' });
    assert.deepEqual(JSON.parse(await reply.whole()).wsContext, null);
  });
});
