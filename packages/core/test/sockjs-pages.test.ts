import assert from 'node:assert/strict';
import { field, fieldValues, type HttpReply } from '../../../test/support/http-reply.js';
import { useSockJsStage } from './support/sockjs-stage.js';

const YEAR = 31_536_000;

describe('what is below a SockJS prefix', () => {
  const stage = useSockJsStage({ clientUrl: 'https://cdn.example/sockjs.js?a=1&b="2"' });

  for (const path of ['/echo', '/echo/', '/echo?t=1']) {
    it(`greets at ${path}`, async () => {
      const reply = await stage().ask(`GET ${path}`);
      assert.equal(reply.status, 200);
      assert.equal(reply.body.toString(), 'Welcome to SockJS!\n');
      assert.equal(field(reply, 'content-type'), 'text/plain; charset=UTF-8');
      assert.equal(field(reply, 'set-cookie'), undefined);
    });
  }

  const nothing = [
    '/a',
    '/a.html',
    '//',
    '///',
    '/a/a',
    '/a/a/',
    '/a/',
    '/a/b/c/d',
    '/a/b/unknown',
    '/constructor',
  ];
  for (const suffix of nothing) {
    it(`knows nothing of ${suffix}`, async () => {
      assert.equal(await stage().get(`/echo${suffix}`), '404 Not Found\n');
    });
  }

  for (const session of ['//', '/a./a', '/a/a.', '/./.', '/', '///', '//a', '/a/']) {
    it(`takes no session at ${session}`, async () => {
      assert.match(await stage().get(`/echo${session}/xhr`), /^404 /);
      assert.match(await stage().post(`/echo${session}/xhr`), /^404 /);
      assert.equal(stage().origins.length, 0);
    });
  }

  it('answers methods that do nothing with those that do', async () => {
    const allowed: readonly (readonly [line: string, allow: string])[] = [
      ['POST /echo/info', 'OPTIONS, GET'],
      ['GET /echo/a/b/xhr', 'OPTIONS, POST'],
      ['PUT /echo/a/b/xhr_send', 'OPTIONS, POST'],
      ['POST /echo/a/b/eventsource', 'OPTIONS, GET'],
      ['HEAD /echo/a/b/jsonp?c=x', 'OPTIONS, GET'],
      ['POST /echo/websocket', 'OPTIONS, GET'],
      ['POST /echo/a/b/websocket', 'OPTIONS, GET'],
    ];
    for (const [line, allow] of allowed) {
      const reply = await stage().ask(line);
      assert.equal(reply.status, 405, line);
      assert.equal(field(reply, 'allow'), allow, line);
      assert.equal(field(reply, 'content-type'), undefined);
      assert.equal(reply.body.length, 0);
    }
  });

  it('answers HEAD as it would answer GET', async () => {
    const reply = await stage().ask('HEAD /echo/info');
    assert.equal(reply.status, 200);
    assert.equal(field(reply, 'content-type'), 'application/json; charset=UTF-8');
  });

  describe('info', () => {
    it('tells what the server can do, to pages of any origin, and is not kept', async () => {
      const reply = await stage().ask('GET /echo/info', ['Origin: test']);
      assert.equal(reply.status, 200);
      assert.equal(field(reply, 'content-type'), 'application/json; charset=UTF-8');
      const { entropy, ...rest } = JSON.parse(reply.body.toString());
      assert.deepEqual(rest, { websocket: true, origins: ['*:*'], cookie_needed: false });
      assert.ok(Number.isInteger(entropy) && entropy >= 0 && entropy < 2 ** 32);
      assertOpenTo(reply, 'test');
      assertNotKept(reply);
      assert.equal(field(reply, 'set-cookie'), undefined);
    });

    it('gives chance to browsers that have none', async () => {
      const entropies = new Set<number>();
      for (let i = 0; i < 5; i++)
        entropies.add(JSON.parse((await stage().get('/echo/info')).slice(4)).entropy);
      assert.ok(entropies.size > 1);
    });

    it('is open to requests without an origin, but not with credentials', async () => {
      const reply = await stage().ask('GET /echo/info');
      assert.equal(field(reply, 'access-control-allow-origin'), '*');
      assert.equal(field(reply, 'access-control-allow-credentials'), undefined);
    });
  });

  describe('a preflight', () => {
    const paths = [
      ['/info', 'OPTIONS, GET'],
      ['/a/b/xhr', 'OPTIONS, POST'],
      ['/a/b/xhr_send', 'OPTIONS, POST'],
      ['/a/b/xhr_streaming', 'OPTIONS, POST'],
      ['/a/b/eventsource', 'OPTIONS, GET'],
    ] as const;
    for (const [path, methods] of paths) {
      for (const origin of ['https://page.example', 'null']) {
        it(`of ${path} by a page of ${origin} is answered, and may be kept`, async () => {
          const fields = [`Origin: ${origin}`, `Access-Control-Request-Method: ${methods}`];
          const reply = await stage().ask(`OPTIONS /echo${path}`, fields);
          assert.equal(reply.status, 204);
          assert.equal(field(reply, 'cache-control'), `public, max-age=${YEAR}`);
          assert.equal(Date.parse(field(reply, 'expires') ?? ''), stage().clock.now() + YEAR * 1000);
          assert.equal(field(reply, 'access-control-max-age'), String(YEAR));
          assert.equal(field(reply, 'access-control-allow-methods'), methods);
          assertOpenTo(reply, origin);
        });
      }
    }

    it('gets the fields that it asks for', async () => {
      const ask = (requested: readonly string[]): Promise<HttpReply> =>
        stage().ask('OPTIONS /echo/a/b/xhr', [
          'Origin: test',
          'Access-Control-Request-Method: POST',
          ...requested,
        ]);
      const allowed = async (...requested: string[]): Promise<string | undefined> =>
        field(await ask(requested), 'access-control-allow-headers');
      assert.equal(await allowed('Access-Control-Request-Headers: a, b, c'), 'a, b, c');
      assert.equal(await allowed('Access-Control-Request-Headers: '), undefined);
      assert.equal(await allowed(), undefined);
    });
  });

  describe('the iframe page', () => {
    const names = [
      'iframe.html',
      'iframe-a.html',
      'iframe-.html',
      'iframe-0.1.2.html',
      'iframe-0.1.2abc-dirty.2144.html',
    ];
    for (const name of [...names, 'iframe-a.html?t=1234', 'iframe-0.1.2.html?t=123414']) {
      it(`is at ${name}, and may be kept`, async () => {
        const reply = await stage().ask(`GET /echo/${name}`);
        assert.equal(reply.status, 200);
        assert.equal(field(reply, 'content-type'), 'text/html; charset=UTF-8');
        assert.equal(field(reply, 'cache-control'), `public, max-age=${YEAR}`);
        assert.ok(field(reply, 'expires'));
        assert.match(field(reply, 'etag') ?? '', /^"[0-9a-f]{32}"$/);
        assert.equal(field(reply, 'last-modified'), undefined);
        assert.equal(field(reply, 'set-cookie'), undefined);
      });
    }

    it('loads the script of the client, and lets it begin', async () => {
      const page = await stage().get('/echo/iframe.html');
      assert.match(
        page,
        /<script src="https:\/\/cdn\.example\/sockjs\.js\?a=1&amp;b=&quot;2&quot;"><\/script>/,
      );
      assert.match(page, /SockJS\.bootstrap_iframe\(\);/);
    });

    for (const name of [
      'iframe.htm',
      'iframe',
      'IFRAME.HTML',
      'IFRAME',
      'iframe.HTML',
      'iframe.xml',
      'iframe-/.html',
    ]) {
      it(`is not at ${name}`, async () => {
        assert.match(await stage().get(`/echo/${name}`), /^404 /);
      });
    }

    it('is not sent again to who has it', async () => {
      const tag = field(await stage().ask('GET /echo/iframe.html'), 'etag') ?? '';
      for (const known of [tag, `W/${tag}`, `"other", ${tag}`, '*']) {
        const reply = await stage().ask('GET /echo/iframe.html', [`If-None-Match: ${known}`]);
        assert.equal(reply.status, 304, known);
        assert.equal(field(reply, 'etag'), tag);
        assert.equal(field(reply, 'content-type'), undefined);
      }
      const other = await stage().ask('GET /echo/iframe.html', ['If-None-Match: "other"']);
      assert.equal(other.status, 200);
    });
  });

  describe('a WebSocket path', () => {
    const requests = [[], ['Upgrade: WebSocket', 'Connection: close']];
    for (const path of ['/websocket', '/0/0/websocket']) {
      for (const fields of requests) {
        it(`${path} answers a request with ${JSON.stringify(fields)} that it is none`, async () => {
          const reply = await stage().ask(`GET /echo${path}`, fields);
          assert.equal(reply.status, 400);
          assert.equal(reply.body.toString(), 'Not a valid websocket request\n');
        });
      }
    }
  });

  it('is what begins with the prefix as a segment', () => {
    const { endpoint } = stage();
    for (const path of ['/echo', '/echo/', '/echo?x', '/echo/a/b/xhr?t=1'])
      assert.ok(endpoint.takes(path), path);
    for (const path of ['/', '/ech', '/echoes', '/echo-1/a/b/xhr', '/x/echo'])
      assert.ok(!endpoint.takes(path), path);
  });

  it('is refused once the proxy is closing', async () => {
    stage().endpoint.close();
    assert.equal(await stage().post('/echo/a/b/xhr'), '503 Closing.\n');
  });
});

describe('a SockJS prefix of more than one segment, with a slash at its end', () => {
  const stage = useSockJsStage({ prefix: '/a/b/' });

  it('works like any other', async () => {
    assert.equal(await stage().get('/a/b'), '200 Welcome to SockJS!\n');
    assert.equal(await stage().post('/a/b/000/x/xhr'), '200 o\n');
    assert.ok(!stage().endpoint.takes('/a/bc'));
  });
});

describe('a SockJS prefix that is the root', () => {
  const stage = useSockJsStage({ prefix: '/' });

  it('takes all there is', async () => {
    assert.equal(await stage().get('/'), '200 Welcome to SockJS!\n');
    assert.equal(await stage().post('/000/x/xhr'), '200 o\n');
  });
});

function assertOpenTo(reply: HttpReply, origin: string): void {
  assert.equal(field(reply, 'access-control-allow-origin'), origin);
  assert.equal(field(reply, 'access-control-allow-credentials'), 'true');
  assert.deepEqual(fieldValues(reply, 'vary'), ['Origin']);
}

function assertNotKept(reply: HttpReply): void {
  const value = 'no-store, no-cache, no-transform, must-revalidate, max-age=0';
  assert.deepEqual(fieldValues(reply, 'cache-control'), [value]);
  assert.equal(field(reply, 'expires'), undefined);
  assert.equal(field(reply, 'last-modified'), undefined);
}
