import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import http from 'node:http';
import type { ControlApiOptions, GripProxy } from '@p-8/core';
import { eventually } from '../../../../test/support/eventually.js';
import { field, type HttpReply } from '../../../../test/support/http-reply.js';
import { ManualClock } from '../../../../test/support/manual-clock.js';
import { hold } from '../../../../test/support/origin.js';
import { useStage } from '../../../../test/support/stage.js';
import { forge } from '../support/tokens.js';

const PUBLISH = JSON.stringify({ items: [{ channel: 'ch', formats: { 'http-response': { body: 'x' } } }] });

describe('threats 6 and 7: the control API within reach of others', () => {
  const stage = useStage();
  const clock = new ManualClock();
  let proxy: GripProxy;

  /** A request to a control API that is mounted by hand; `from`: the address that it seems to come from. */
  async function post(options: ControlApiOptions, fields: string[] = [], from?: string): Promise<HttpReply> {
    const server = http.createServer();
    const behind = await stage().proxy({ clock }, server);
    ({ proxy } = behind);
    const handle = proxy.controlApi(options);
    server.removeAllListeners('request');
    server.on('request', (req, res) => {
      if (from !== undefined) Object.defineProperty(req.socket, 'remoteAddress', { value: from });
      handle(req, res);
    });
    const client = await stage().client(behind);
    client.request('POST /publish/', fields, PUBLISH);
    return await client.reply();
  }

  it('answers local programs without a key', async () => {
    for (const address of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1']) {
      assert.equal((await post({}, [], address)).status, 200, address);
    }
  });

  it('refuses others without a key', async () => {
    for (const address of [
      '10.0.0.1',
      '192.168.0.1',
      '::ffff:10.0.0.1',
      'fe80::1',
      '2001:db8::1',
      '0.0.0.0',
      '',
    ]) {
      assert.equal((await post({}, [], address)).status, 403, address);
    }
  });

  it('refuses without a key what came by another proxy: everybody comes from loopback then', async () => {
    for (const line of ['X-Forwarded-For: 127.0.0.1', 'Forwarded: for=127.0.0.1']) {
      assert.equal((await post({}, [line])).status, 403, line);
    }
  });

  it('says at start that it answers without a key', async () => {
    const lines: string[] = [];
    const note = (_fields: object, message: string): unknown => lines.push(message);
    const logger = { error: note, warn: note, info: note, debug: note };
    const { proxy: loud } = await stage().proxy({ logger });
    loud.controlApi();
    assert.match(lines.join(), /without a key/);
  });

  const basic = (text: string): string => `Authorization: Basic ${Buffer.from(text).toString('base64')}`;
  const exp = Math.floor(clock.now() / 1000) + 60;
  const token = (claims: object, key = 'secret'): string =>
    `Authorization: Bearer ${forge({ typ: 'JWT', alg: 'HS256' }, claims, key)}`;

  it('takes no public key for a password: of a PEM key only what it has signed counts', async () => {
    const { publicKey } = generateKeyPairSync('ec', {
      namedCurve: 'P-256',
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    assert.equal((await post({ key: publicKey }, [basic(`user:${publicKey}`)])).status, 401);
  });

  const withKey: [name: string, fields: string[], status: number][] = [
    ['no authorization', [], 401],
    ['the key as Bearer token', ['Authorization: Bearer secret'], 200],
    ['the scheme in other letters', ['authorization: bearer secret'], 200],
    ['the key as Basic password', [basic('anybody:secret')], 200],
    ['a password with a colon', [basic('user:se:cret')], 401],
    ['a JWT', [token({ iss: 'any', exp })], 200],
    ['an expired JWT', [token({ exp: exp - 61 })], 401],
    ['a JWT without exp', [token({ iss: 'any' })], 401],
    ['a JWT of another key', [token({ exp }, 'other')], 401],
    ['another key', ['Authorization: Bearer secret2'], 401],
    ['a part of the key', ['Authorization: Bearer secre'], 401],
    ['an empty token', ['Authorization: Bearer '], 401],
    ['an empty password', [basic('user:')], 401],
    ['no password', [basic('secret')], 200],
    ['another scheme', ['Authorization: Digest secret'], 401],
    ['the key without scheme', ['Authorization: secret'], 401],
    ['the key in a query', ['X-Key: secret'], 401],
  ];
  for (const [name, fields, status] of withKey) {
    it(`with a key answers ${status} to ${name}`, async () => {
      const reply = await post({ key: 'secret' }, fields);
      assert.equal(reply.status, status);
      assert.equal(field(reply, 'www-authenticate'), status === 401 ? 'Bearer' : undefined);
    });
  }

  it('with a key answers holders of it from anywhere, and by other proxies', async () => {
    const fields = ['Authorization: Bearer secret', 'X-Forwarded-For: 1.2.3.4'];
    assert.equal((await post({ key: 'secret' }, fields, '8.8.8.8')).status, 200);
  });

  it('wants the issuer that it is told to', async () => {
    const options = { key: 'secret', iss: 'publisher' };
    assert.equal((await post(options, [token({ iss: 'publisher', exp })])).status, 200);
    assert.equal((await post(options, [token({ iss: 'other', exp })])).status, 401);
    assert.equal((await post(options, [token({ exp })])).status, 401);
  });

  it('refuses what pages in a browser send, key or not', async () => {
    const pages = [
      ['Origin: http://evil.test'],
      ['Origin: null'],
      ['Origin: http://127.0.0.1'],
      ['Sec-Fetch-Site: cross-site'],
      ['Sec-Fetch-Site: same-site'],
      ['Sec-Fetch-Site: same-origin'],
    ];
    for (const fields of pages) {
      assert.equal((await post({}, fields)).status, 403, fields.join());
      assert.equal((await post({ key: 'secret' }, [...fields, 'Authorization: Bearer secret'])).status, 403);
    }
    assert.equal((await post({}, ['Sec-Fetch-Site: none'])).status, 200);
  });

  it('refuses pages whose own name leads here: the browser takes it for theirs', async () => {
    for (const host of ['evil.test', 'evil.test:5561', 'localhost', '127.0.0.1:5561']) {
      const page = [`Host: ${host}`, `Origin: http://${host}`];
      for (const type of ['text/plain', 'application/json', 'application/x-www-form-urlencoded']) {
        const reply = await post({}, [...page, `Content-Type: ${type}`]);
        assert.equal(reply.status, 403, host);
        assert.equal(field(reply, 'access-control-allow-origin'), undefined);
      }
      assert.equal((await post({}, [...page, 'Sec-Fetch-Site: none'])).status, 403, host);
    }
  });

  it('publishes nothing for those whom it refuses', async () => {
    const origin = await stage().origin((res) => hold(res, 'response', 'ch'));
    const held = await stage().proxy({ target: origin.url });
    const handle = held.proxy.controlApi({ key: 'secret' });
    held.server.prependListener('request', (req, res) => {
      if (req.url === '/publish') handle(req, res);
    });
    const poll = await stage().client(held);
    poll.request('GET /poll');
    await eventually(() => held.proxy.stats().sessions === 1, 'a hold');
    const { remoteAddress } = poll.socket;
    assert.equal(remoteAddress, '127.0.0.1');
    const client = await stage().client(held);
    client.write(`POST /publish HTTP/1.1\r\nHost: a\r\nContent-Length: ${PUBLISH.length}\r\n\r\n${PUBLISH}`);
    assert.equal((await client.reply()).status, 401);
    assert.equal(poll.receivedBytes, 0);
  });

  it('refuses bodies that are too large before it reads them', async () => {
    const reply = await post({ maxBodySize: 10 });
    assert.equal(`${reply.status} ${reply.body}`, '413 Request body too large.\n');
    assert.equal(field(reply, 'connection'), 'close');
  });
});
