import assert from 'node:assert/strict';
import { ServeGrip } from '@fanoutio/serve-grip';
import { type GripProxyOptions, gripProxy, type RequestGrip } from '@p-8/express';
import express, { type RequestHandler } from 'express';
import { FRONT_KEY, FRONT_SIGNATURE, postEvents } from '../../../test/support/apps/events-front.js';
import type { AppStage } from '../../../test/support/apps/stage.js';
import { useStage } from '../../../test/support/apps/stage.js';

const NOT_PROXIED = { isProxied: false, isSigned: false, needsSigned: false, wsContext: null };
const UNSIGNED = { isProxied: true, isSigned: false, needsSigned: false, wsContext: null };
const SIGNED = { isProxied: true, isSigned: true, needsSigned: true, wsContext: null };

const show: RequestHandler = (req, res) => void res.json(req.grip ?? 'none');

describe('req.grip of an Express app', () => {
  const stage = useStage();

  async function seen(app: express.Express, headers = {}): Promise<unknown> {
    const reply = await (await stage().serve(app)).get('/', { headers });
    return JSON.parse(await reply.whole());
  }

  function appWith(options: GripProxyOptions) {
    return express().use(stage().grip(gripProxy(options)), show);
  }

  it('says that the request comes from its own proxy', async () => {
    assert.deepEqual(await seen(appWith({})), SIGNED);
    assert.deepEqual(await seen(appWith({}), { 'Grip-Sig': 'forged' }), SIGNED);
    assert.deepEqual(await seen(appWith({ sigKey: '' })), UNSIGNED);
  });

  it('says that the request comes from a proxy in front that it trusts', async () => {
    const headers = { 'Grip-Sig': FRONT_SIGNATURE };
    assert.deepEqual(await seen(appWith({ upstreamKey: FRONT_KEY, sigKey: '' }), headers), SIGNED);
    assert.deepEqual(await seen(appWith({ upstreamKey: 'other', sigKey: '' }), headers), UNSIGNED);
  });

  it('says of what a proxy for other origins passes on that it comes from nobody, or a proxy in front', async () => {
    const routes = [{ pathPrefix: '/elsewhere', target: 'http://127.0.0.1:1' }];
    const headers = { 'Grip-Sig': FRONT_SIGNATURE };
    assert.deepEqual(await seen(appWith({ routes })), NOT_PROXIED);
    assert.deepEqual(await seen(appWith({ routes }), headers), NOT_PROXIED);
    assert.deepEqual(await seen(appWith({ routes, upstreamKey: FRONT_KEY }), headers), SIGNED);
  });

  it('is there when the app is wrapped', async () => {
    const grip = stage().grip(gripProxy());
    const site = await stage().serve(grip.wrap(express().use(show)));
    assert.deepEqual(JSON.parse(await (await site.get('/')).whole()), SIGNED);
  });

  it('is there in apps and routers that are mounted in it', async () => {
    const grip = stage().grip(gripProxy());
    assert.deepEqual(await seen(express().use(grip, express().use(show))), SIGNED);
    assert.deepEqual(await seen(express().use(grip, express.Router().use(show))), SIGNED);
    assert.deepEqual(await seen(express().use(express().use(grip, show))), SIGNED);
  });

  it('is not there before the proxy', async () => {
    const grip = stage().grip(gripProxy());
    assert.equal(await seen(express().use('/nowhere', grip).use(show)), 'none');
  });

  it('is the same for all requests without events, and nobody can change it', async () => {
    const grips: RequestGrip[] = [];
    const app = appWith({});
    const early = express().use(stage().grip(gripProxy()), (req, res) => {
      grips.push(req.grip);
      assert.throws(() => Object.assign(req.grip, { isProxied: false }), TypeError);
      res.end();
    });
    await seen(app);
    const site = await stage().serve(early);
    await site.get('/');
    await site.post('/', 'body');
    assert.equal(grips.length, 2);
    assert.equal(grips[0], grips[1]);
  });

  it('may be replaced for one request', async () => {
    const app = express().use(stage().grip(gripProxy()));
    app.use('/', (req, _res, next) => {
      if (req.get('X-Mine') !== undefined) req.grip = { ...req.grip, isSigned: false };
      next();
    });
    app.use(show);
    assert.deepEqual(await seen(app, { 'X-Mine': '1' }), { ...SIGNED, isSigned: false });
    assert.deepEqual(await seen(app), SIGNED);
  });
});

describe('req.grip of an Express app with serve-grip', () => {
  const stage = useStage();

  /** serve-grip verifies with the same key, so it says the same; what it makes of responses tells it apart. */
  const showBoth: RequestHandler = (req, res) => {
    const ws = req.grip.wsContext;
    res.status(299).json({ theirs: res.grip !== undefined, recv: ws?.canRecv() ? ws.recv() : null });
  };

  function serveGrip(): RequestHandler {
    const grip = { control_uri: 'http://127.0.0.1:1/', verify_key: FRONT_KEY, verify_iss: 'front' };
    return new ServeGrip({ grip }) as unknown as RequestHandler;
  }

  const grip = (on: AppStage): RequestHandler => on.grip(gripProxy({ upstreamKey: FRONT_KEY }));

  const mounts: Record<string, (on: AppStage) => express.Express> = {
    after: (on) => express().use(grip(on), serveGrip(), showBoth),
    before: (on) => express().use(serveGrip(), grip(on), showBoth),
    'in a router': (on) =>
      express().use(grip(on), express.Router().use(express.Router().use(serveGrip())), showBoth),
    'on a route': (on) => express().use(grip(on)).all('/', serveGrip(), showBoth),
    'in a mounted app': (on) => express().use(grip(on), express().use(serveGrip(), showBoth)),
  };
  for (const [where, build] of Object.entries(mounts)) {
    it(`is serve-grip's where that is mounted ${where}`, async () => {
      const site = await stage().serve(build(stage()));
      const plain = await site.get('/', { headers: { 'Grip-Sig': FRONT_SIGNATURE } });
      assert.deepEqual(JSON.parse(await plain.whole()), { theirs: true, recv: null });
      const events = await postEvents(site, '/', 'TEXT 2\r\nhi\r\n');
      assert.deepEqual(JSON.parse(await events.whole()), { theirs: true, recv: 'hi' });
    });
  }

  it('is its own in another app', async () => {
    const app = express().use(grip(stage()), showBoth);
    await stage().serve(express().use(grip(stage()), serveGrip(), showBoth));
    const reply = await postEvents(await stage().serve(app), '/', 'TEXT 2\r\nhi\r\n');
    assert.deepEqual(JSON.parse(await reply.whole()), { theirs: false, recv: 'hi' });
  });
});
