import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import type { TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { field } from '../../../test/support/http-reply.js';
import type { Origin } from '../../../test/support/origin.js';
import { runScript } from '../../../test/support/run-script.js';
import { useStage } from '../../../test/support/stage.js';
import type { TlsRelayTask } from './support/tls-relay.js';

const fixture = (name: string): string => fileURLToPath(new URL(`fixtures/tls/${name}`, import.meta.url));
const pem = (name: string): string => readFileSync(fixture(name), 'utf8');

describe('an origin behind TLS', () => {
  const stage = useStage();

  /** An origin that shows the certificate of `name`, and answers with the name of its client's. */
  async function tlsOrigin(name: string, more: https.ServerOptions = {}): Promise<Origin> {
    const server = https.createServer({ key: pem(`${name}.key`), cert: pem(`${name}.crt`), ...more });
    return await stage().origin((res) => {
      const { CN } = (res.socket as TLSSocket).getPeerCertificate().subject ?? {};
      res.end(`secret${CN === undefined ? '' : ` for ${CN}`}`);
    }, server);
  }

  it('that nobody vouches for is not asked', async () => {
    const origin = await tlsOrigin('localhost');
    const client = await stage().client(await stage().proxy({ target: `https://localhost:${origin.port}` }));
    client.request('GET /', ['Host: localhost']);
    assert.equal((await client.reply()).status, 502);
    assert.equal(origin.requests.length, 0);
  });

  it('that nobody vouches for is asked where that is allowed, with any name', async () => {
    const origin = await tlsOrigin('origin.test');
    const target = { url: `https://127.0.0.1:${origin.port}`, insecure: true };
    const client = await stage().client(await stage().proxy({ target }));
    for (const [index, host] of ['localhost', 'a.test', '127.0.0.1', 'b.test:81'].entries()) {
      client.request('GET /', [`Host: ${host}`]);
      assert.equal(String((await client.reply(index)).body), 'secret', host);
    }
    assert.equal(origin.requests[3]?.headers.host, 'b.test:81');
  });

  it('is left for the next target when its certificate is no good', async () => {
    const bad = await tlsOrigin('localhost');
    const good = await stage().origin((res) => res.end('plain'));
    const target = [`https://localhost:${bad.port}`, good.url];
    const client = await stage().client(await stage().proxy({ target }));
    client.request('POST /', [], 'body');
    assert.equal(String((await client.reply()).body), 'plain');
  });

  it('that does not speak TLS after all: 502', async () => {
    const origin = await stage().origin((res) => res.end('plain'));
    const target = { url: origin.url.replace('http:', 'https:'), insecure: true };
    const client = await stage().client(await stage().proxy({ target }));
    client.request('GET /');
    assert.equal((await client.reply()).status, 502);
  });

  it('sees the certificate of the target', async () => {
    const origin = await tlsOrigin('localhost', { requestCert: true, rejectUnauthorized: false });
    const url = `https://127.0.0.1:${origin.port}`;
    const own = { clientCert: pem('client.crt'), clientKey: pem('client.key') };
    const proxy = await stage().proxy({ target: { url, insecure: true, ...own } });
    const client = await stage().client(proxy);
    client.request('GET /');
    assert.equal(String((await client.reply()).body), 'secret for proxy');
  });

  it('is asked without X-Forwarded-Proto: that is about the client', async () => {
    const origin = await tlsOrigin('localhost');
    const target = { url: `https://127.0.0.1:${origin.port}`, insecure: true };
    const client = await stage().client(await stage().proxy({ target }));
    client.request('GET /');
    assert.equal(field(await client.reply(), 'x-forwarded-proto'), undefined);
    assert.equal(origin.requests[0]?.headers['x-forwarded-proto'], undefined);
  });

  it('is trusted by the name that the client asks for, or by the one that is connected to', async () => {
    const [byRequest, byConnection] = [await tlsOrigin('origin.test'), await tlsOrigin('localhost')];
    const task: TlsRelayTask = {
      routes: [
        { pathPrefix: '/request', target: { url: `https://localhost:${byRequest.port}` } },
        {
          pathPrefix: '/connection',
          target: { url: `https://localhost:${byConnection.port}`, trustConnectHost: true },
        },
        {
          pathPrefix: '/other',
          target: { url: `https://localhost:${byRequest.port}`, trustConnectHost: true },
        },
        { pathPrefix: '/host', target: { url: `https://localhost:${byRequest.port}`, host: 'origin.test' } },
      ],
      asked: [
        ['/request', 'origin.test'],
        ['/request', 'evil.test'],
        ['/request', 'origin.test:8443'],
        ['/connection', 'anything.test'],
        ['/other', 'origin.test'],
        ['/host', 'anything.test'],
      ],
    };
    const script = new URL('support/tls-relay.ts', import.meta.url);
    const printed = await runScript(script, [JSON.stringify(task)], {
      NODE_EXTRA_CA_CERTS: fixture('ca.pem'),
    });
    const answers = (JSON.parse(printed) as string[]).map((answer) => answer.slice(0, 10));
    assert.deepEqual(answers, [
      '200 secret',
      '502 Unable',
      '200 secret',
      '200 secret',
      '502 Unable',
      '200 secret',
    ]);
  });
});
