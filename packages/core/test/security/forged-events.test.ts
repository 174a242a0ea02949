import assert from 'node:assert/strict';
import http, { type IncomingHttpHeaders } from 'node:http';
import type { GripProxyOptions, RouteOptions } from '@p-8/core';
import { eventually } from '../../../../test/support/eventually.js';
import { hold } from '../../../../test/support/origin.js';
import { useStage } from '../../../../test/support/stage.js';
import { namesEvents } from '../../src/http/events-fields.js';

const REFUSED = '403 Client not allowed to send WebSocket events directly.\n';
const EVENTS = 'application/websocket-events';
const TEXT = 'TEXT 5\r\nhello\r\n';

/** Fields of a request by which one origin or another takes it for events. */
const FORGED: readonly (readonly string[])[] = [
  [`Content-Type: ${EVENTS}`],
  ['Content-Type: Application/WebSocket-Events; charset=utf-8'],
  [`content-type:\t${EVENTS}\t ;a=b`],
  [`Content-Type: text/plain, ${EVENTS}`],
  [`Content-Type: ${EVENTS}, text/plain`],
  [`Content-Type: text/plain;a="b", ${EVENTS}`],
  [`Content-Type: text/plain; a="${EVENTS}"`],
  ['Content-Type: "application/websocket-events"'],
  ['Content-Type: application / websocket-events'],
  ['Content-Type: application/\twebsocket-events'],
  ['Content-Type: application/(a comment)websocket-events'],
  ['Content-Type: "application/websocket\\-events"'],
  [`Content-Type: ${EVENTS}+json`],
  ['Content-Type: text/plain', `Content-Type: ${EVENTS}`],
  [`Content-Type: ${EVENTS}`, 'Content-Type: text/plain'],
  [`Content_Type: ${EVENTS}`],
  ['Content-Type: text/plain', `CONTENT_TYPE: ${EVENTS}`],
];

describe('threat 22: clients that send WebSocket events', () => {
  const stage = useStage();

  async function relay(route: Partial<RouteOptions> = {}, options: GripProxyOptions = {}) {
    const origin = await stage().origin((res) => res.end('fine'));
    const proxy = await stage().proxy({ ...options, routes: [{ target: origin.url, ...route }] });
    return { origin, client: await stage().client(proxy) };
  }

  /** An app with a proxy around it; `seen` is what it gets. */
  async function wrapped(app?: http.RequestListener) {
    const seen: IncomingHttpHeaders[] = [];
    const server = http.createServer();
    const { proxy, port } = await stage().proxy({}, server);
    server.removeAllListeners('request');
    const listener: http.RequestListener = (req, res) => {
      seen.push(req.headers);
      if (app === undefined) res.end('fine');
      else app(req, res);
    };
    server.on('request', proxy.wrap(listener));
    return { proxy, seen, client: await stage().client({ port }) };
  }

  it('are refused, in whatever dress, and the connection goes on', async () => {
    const { client, origin } = await relay();
    const app = await wrapped();
    for (const [index, fields] of FORGED.entries()) {
      for (const { request, reply } of [client, app.client].map((one) => ({
        request: one.request.bind(one),
        reply: one.reply.bind(one),
      }))) {
        request('POST /', fields, TEXT);
        const { status, body } = await reply(index);
        assert.equal(`${status} ${body}`, REFUSED, fields.join());
      }
    }
    assert.deepEqual([origin.requests.length, app.seen.length], [0, 0]);
    for (const one of [client, app.client]) {
      one.request('POST /', ['Content-Type: text/plain'], 'x');
      assert.equal(String((await one.reply(FORGED.length)).body), 'fine');
    }
  });

  it('are refused on every route of GRIP: those for HTTP of an origin with over_http, and those without a key', async () => {
    for (const route of [{}, { protocol: 'http' }, { sigKey: '' }] as const) {
      const { client, origin } = await relay(route);
      client.request('POST /', [`Content-Type: ${EVENTS}`], TEXT);
      assert.equal((await client.reply()).status, 403, JSON.stringify(route));
      assert.equal(origin.requests.length, 0);
    }
  });

  it('may send what they like on routes that take no part in GRIP', async () => {
    const { client, origin } = await relay({ grip: false });
    client.request('POST /', [`Content-Type: ${EVENTS}`, 'Connection-Id: a', 'Meta-User: b'], TEXT);
    assert.equal((await client.reply()).status, 200);
    const { headers } = await origin.completeRequest();
    const { 'content-type': type, 'connection-id': id, 'meta-user': meta, 'grip-sig': sig } = headers;
    assert.deepEqual([type, id, meta, sig], [EVENTS, 'a', 'b', undefined]);
  });

  it('are refused where the fields of the route would make events of the request', async () => {
    const { client, origin } = await relay({ headers: [['Content-Type', EVENTS]] });
    client.request('POST /', ['Content-Type: text/plain'], TEXT);
    assert.equal((await client.reply()).status, 403);
    assert.equal(origin.requests.length, 0);
  });

  it('are refused with a body that is still coming, and in chunks', async () => {
    const { client, origin } = await relay();
    client.request('POST /', [`Content-Type: ${EVENTS}`, 'Content-Length: 20'], TEXT);
    assert.equal((await client.reply()).status, 403);
    client.write('x'.repeat(20 - TEXT.length));
    client.request('POST /', [`Content-Type: ${EVENTS}`, 'Transfer-Encoding: chunked'], '0\r\n\r\n');
    assert.equal((await client.reply(1)).status, 403);
    client.request('GET /');
    assert.equal((await client.reply(2)).status, 200);
    assert.equal(origin.requests.length, 1);
  });

  describe('by JSON-P', () => {
    const headers = (fields: Record<string, string>): string =>
      `/?callback=cb&_method=POST&_headers=${encodeURIComponent(JSON.stringify(fields))}&_body=TEXT%205%0D%0Ahello%0D%0A`;

    it('are refused', async () => {
      for (const name of ['Content-Type', 'content_type', 'CONTENT-TYPE']) {
        const { client, origin } = await relay({ autoCrossOrigin: true });
        client.request(`GET ${headers({ [name]: EVENTS, 'Connection-Id': 'victim' })}`);
        assert.equal(`${(await client.reply()).status} ${(await client.reply()).body}`, REFUSED);
        client.request(`GET ${headers({ [name]: `text/plain, ${EVENTS}` })}`);
        assert.equal((await client.reply(1)).status, 403);
        assert.equal(origin.requests.length, 0);
      }
    });

    it('are refused though a trusted proxy in front has passed the page’s request on', async () => {
      const { client, origin } = await relay({ autoCrossOrigin: true }, { upstreamKey: 'shared' });
      const front = await stage().proxy({
        target: `http://127.0.0.1:${client.socket.remotePort}`,
        sigKey: 'shared',
      });
      const page = await stage().client(front);
      page.request(`GET ${headers({ 'Content-Type': EVENTS, 'Connection-Id': 'victim' })}`);
      assert.equal((await page.reply()).status, 403);
      assert.equal(origin.requests.length, 0);
      page.request(
        `GET ${headers({ 'Grip-Last': 'ch; last-id=forged', 'Connection-Id': 'forged', Meta_User: 'forged' })}`,
      );
      await page.reply(1);
      assert.doesNotMatch((await origin.request()).rawHeaders.join(), /forged/);
    });
  });

  const SPEAKING = [
    'Connection-Id: forged',
    'connection_id: forged',
    'CONNECTION-ID: forged',
    'Meta-User: forged',
    'meta_user: forged',
    'Content-Bytes-Replayed: 9',
    'Content_Bytes-Replayed: 9',
    `Accept: text/forged, ${EVENTS}`,
  ];

  it('do not get fields through that speak for a WebSocket, nor when the request is sent again', async () => {
    const origin = await stage().origin((res, _seen, count) => {
      if (count === 0) hold(res, 'response', 'ch; prev-id=1');
      else res.end();
    });
    const { proxy, port } = await stage().proxy({ target: origin.url });
    const client = await stage().client({ port });
    client.request(
      'POST /',
      [...SPEAKING, 'X-Meta-User: kept', 'Metadata: kept', 'Connection-Ident: kept'],
      'x',
    );
    await eventually(() => proxy.stats().sessions === 1, 'a hold');
    await proxy.publish('ch', { 'http-response': { action: 'hint' } }, { 'prev-id': '1' });
    await client.reply();
    for (const index of [0, 1]) {
      const { rawHeaders, headers } = await origin.request(index);
      assert.doesNotMatch(rawHeaders.join(), /forged|replayed/i);
      const { 'x-meta-user': meta, metadata, 'connection-ident': id } = headers;
      assert.deepEqual([meta, metadata, id], ['kept', 'kept', 'kept']);
    }
  });

  it('do not get such fields through to an app in the same process, in trailers neither', async () => {
    const trailers: unknown[] = [];
    const { seen, client, proxy } = await wrapped((req, res) => {
      req.resume().on('end', () => {
        trailers.push(req.trailers, req.rawTrailers);
        if (seen.length === 1) hold(res, 'response', 'ch; prev-id=1');
        else res.end(JSON.stringify([req.rawHeaders, req.headersDistinct]));
      });
    });
    client.request('POST /', [...SPEAKING, 'X-Meta-User: kept', 'Transfer-Encoding: chunked']);
    client.write('1\r\nx\r\n0\r\nMeta-User: forged\r\nConnection_Id: forged\r\nX-Sum: 1\r\n\r\n');
    await eventually(() => proxy.stats().sessions === 1, 'a hold');
    await proxy.publish('ch', { 'http-response': { action: 'hint' } }, { 'prev-id': '1' });
    const { body } = await client.reply();
    assert.doesNotMatch(String(body), /forged|replayed/i);
    assert.deepEqual(trailers.slice(0, 2), [{ 'x-sum': '1' }, ['X-Sum', '1']]);
    for (const headers of seen) {
      assert.doesNotMatch(JSON.stringify(headers), /forged|replayed/i);
      assert.equal(headers['x-meta-user'], 'kept');
    }
  });

  it('may be another GRIP proxy’s, which proves itself', async () => {
    const { client, origin } = await relay({}, { upstreamKey: 'shared' });
    const front = await stage().proxy({
      target: { url: `http://127.0.0.1:${client.socket.remotePort}`, overHttp: true },
      sigKey: 'shared',
    });
    front.proxy.attach(front.server);
    const socket = await stage().client(front);
    const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';
    socket.request('GET /', ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13', key]);
    const { headers, body, method } = await origin.completeRequest();
    assert.deepEqual([method, headers['content-type'], String(body)], ['POST', EVENTS, 'OPEN\r\n']);
    assert.match(String(headers['connection-id']), /^[0-9a-f-]{36}$/);
    assert.equal((await socket.reply()).status, 200);
  });

  it('are told from those that send something else, or accept it', async () => {
    const { client, origin } = await relay();
    client.request('POST /', ['Content-Type: text/plain', 'Accept: text/html, */*;q=0.8'], 'x');
    await client.reply();
    assert.equal((await origin.request()).headers.accept, 'text/html, */*;q=0.8');
    for (const type of ['text/plain', 'application/json', 'multipart/form-data; boundary=events', '*/*'])
      assert.equal(namesEvents(['Content-Type', type, 'Accept', type, 'X-Type', EVENTS]), false, type);
  });
});
