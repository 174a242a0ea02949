import assert from 'node:assert/strict';
import express from 'express';
import { useGripTests } from './support/tests.js';

describe('t.request()', () => {
  const test = useGripTests();

  const app = express()
    .use(express.json())
    .get('/login', (_req, res) => void res.cookie('name', 'me').redirect('/home'))
    .get('/home', (req, res) => void res.send(`cookie ${req.headers.cookie ?? 'none'}`))
    .post('/echo', (req, res) => void res.status(201).json(req.body));

  it('is an agent that keeps cookies, and follows where it is told to', async () => {
    const t = await test(app);
    const agent = t.request();
    await agent.get('/login').expect(302);
    await agent.get('/home').expect('cookie name=me');
    await t.request().get('/home').expect('cookie none');
    await t.request().get('/login').redirects(1).expect(200, 'cookie name=me');
  });

  it('sends bodies, and reads them', async () => {
    const t = await test(app);
    await t
      .request()
      .post('/echo')
      .send({ a: 'ü'.repeat(30_000) })
      .expect(201, { a: 'ü'.repeat(30_000) });
    assert.equal(t.originRequests[0]?.answer?.status, 201);
  });

  it('asks several things at once', async () => {
    const t = await test(app);
    const agent = t.request();
    const asked = Array.from({ length: 20 }, () => agent.get('/home').expect(200));
    await Promise.all(asked);
    assert.equal(t.originRequests.length, 20);
  });

  it('takes the response of a hold', async () => {
    const t = await test((_req, res) => {
      res.writeHead(200, { 'Grip-Hold': 'response', 'Grip-Channel': 'news' }).end('nothing\n');
    });
    const asked = t.request().get('/').expect(200, 'one\n').then();
    await t.publish('news', { 'http-response': 'one\n' });
    await asked;
  });
});
