import assert from 'node:assert/strict';
import type { GripProxyOptions } from '@p-8/core';
import { eventually, settle } from '../../../test/support/eventually.js';
import { type OriginHandler, respond } from '../../../test/support/origin.js';
import { useStage } from '../../../test/support/stage.js';
import { FilterBench, type FilterBenchOptions } from './support/filter-bench.js';

const LINK = 'Grip-Link: </next>; rel=next';

/** Answers as a filter does. */
function answer(status: number, fields: readonly string[] = [], body = ''): OriginHandler {
  return (res) => respond(res, { status, fields, body });
}

describe('a filter that asks the origin', () => {
  const stage = useStage();

  for (const mode of ['stream', 'response'] as const) {
    describe(`of a ${mode} hold`, () => {
      function start(
        name: string,
        filter: OriginHandler,
        options?: FilterBenchOptions,
      ): Promise<FilterBench> {
        const channels = [`ch; filter=${name}`, 'end'];
        return FilterBench.start(stage(), mode, channels, filter, options);
      }

      /** What the client has before a last item, which no filter sees. */
      async function before({ client, proxy }: FilterBench): Promise<string> {
        await proxy.publish('end', { 'http-stream': 'END', 'http-response': 'END' });
        return String((await client.bodyWith('END')).body).replace('END', '');
      }

      for (const status of [200, 204]) {
        it(`V14 lets an item pass that http-check answers ${status}`, async () => {
          const bench = await start(
            'http-check',
            answer(status, ['Action: send'], status === 200 ? 'x' : ''),
          );
          assert.equal((await bench.publish('hello world')).queued, 1);
          await bench.client.bodyWith('hello world');
          const { method, url, body } = await bench.question();
          assert.deepEqual([method, url, String(body)], ['POST', '/filter', '']);
        });
      }

      for (const [name, status] of [
        ['http-check', 200],
        ['http-check', 204],
        ['http-modify', 200],
        ['http-modify', 204],
      ] as const) {
        it(`V14 drops an item that ${name} answers ${status} with Action: drop`, async () => {
          const bench = await start(name, answer(status, ['Action: drop']));
          await bench.publish('hello');
          await bench.question();
          assert.equal(await before(bench), '');
        });
      }

      it('V15 has http-modify keep content with 204', async () => {
        const bench = await start('http-modify', answer(204));
        await bench.publish('hello world');
        await bench.client.bodyWith('hello world');
        assert.equal(String((await bench.question()).body), 'hello world');
      });

      it('V16 has http-modify replace content with 200, and tells it the meta of both sides', async () => {
        const bench = await start(
          'http-modify',
          (res, seen) => {
            const meta = (name: string): Record<string, string> => JSON.parse(String(seen.headers[name]));
            res.end(`${meta('sub-meta').prepend}${seen.body}${meta('pub-meta').append}`);
          },
          { meta: 'url=/filter, prepend="<<<"' },
        );
        await bench.publish('hello world', { meta: { append: '>>>' } });
        await bench.client.bodyWith('<<<hello world>>>');
        const { headers } = await bench.question();
        assert.equal(headers['sub-meta'], '{"url":"/filter","prepend":"<<<"}');
        assert.equal(headers['pub-meta'], '{"append":">>>"}');
      });

      for (const [what, filter, detail] of [
        ['V14 a status', answer(400), 'unexpected network request status: code=400'],
        ['a redirect', answer(302, ['Location: /filter']), 'unexpected network request status: code=302'],
        ['a lost connection', (res) => res.destroy(), 'network request failed: disconnected'],
        ['V17 too much', answer(200, [], 'x'.repeat(100_001)), 'network response exceeded 100000 bytes'],
      ] as [string, OriginHandler, string][]) {
        it(`drops an item because of ${what}, and says why in debug mode`, async () => {
          const bench = await start('http-modify', filter, { debug: true });
          await bench.publish('hello');
          const { status, body } = await bench.client.reply();
          const text = `filter error: http-modify: ${detail}\n`;
          assert.equal(`${status} ${body}`, mode === 'stream' ? `200 \n\n${text}` : `502 ${text}`);
        });
      }

      it('drops an item in silence without debug mode, and only this one', async () => {
        const bench = await start('http-check', (res, _seen, count) => {
          respond(res, { status: count === 0 ? 500 : 200 });
        });
        await bench.publish('lost ');
        await bench.publish('kept');
        assert.equal(String((await bench.client.bodyWith('kept')).body), 'kept');
      });

      it('fails when it has no answer in 10 seconds', async () => {
        const bench = await start('http-check', () => {}, { debug: true });
        await bench.publish('hello');
        await bench.question();
        bench.clock.advance(9999);
        await settle();
        assert.equal(bench.proxy.holds().length, 1);
        bench.clock.advance(1);
        const { body } = await bench.client.reply();
        assert.match(String(body), /http-check: network request failed: request timed out/);
        await bench.origin.abandonedRequest(1);
      });

      for (const [meta, detail] of [
        ['user=alice', 'missing url value'],
        ['url=""', 'missing url value'],
        ['url="http://[bad"', 'invalid url value'],
        ['url="ftp://example.com/"', 'invalid url value'],
        [
          'url="http://other.test/x"',
          'the link leads to other.test: add it to linkHosts if that is intended',
        ],
      ] as const) {
        it(`has nobody to ask with the meta ${meta}`, async () => {
          const bench = await start('http-check', answer(200), { meta, debug: true });
          assert.equal((await bench.publish('hello')).dropped, 1);
          const { body } = await bench.client.reply();
          assert.equal(String(body).trim(), `filter error: http-check: ${detail}`);
          assert.equal(bench.asked.length, 0);
        });
      }

      it('works on what the filters before it have made, and those behind it on what it made', async () => {
        const bench = await start(
          'var-subst; filter=http-modify; filter=build-id',
          (res, seen) => void res.end(`[${seen.body}] %(7)I`),
          { meta: 'url=/filter, user=alice, id_format=x' },
        );
        await bench.publish('hi %(user)s');
        await bench.client.bodyWith('[hi alice] 7');
        assert.equal(String((await bench.question()).body), 'hi alice');
      });

      it('counts as one that changes content only where it does', async () => {
        const bench = await start('http-check; filter=http-modify', answer(204));
        assert.equal((await bench.publish({ content: 'a', body: 'a', 'content-filters': [] })).filtered, 1);
        await bench.publish({ content: 'b', body: 'b', 'content-filters': ['http-modify'] });
        assert.equal(String((await bench.client.bodyWith('b')).body), 'b');
        assert.equal(bench.asked.length, 2);
      });

      it('is not asked of an item that meta alone keeps from the client', async () => {
        const meta = 'url=/filter, user=alice';
        const bench = await start('http-check; filter=skip-self', answer(200), { meta });
        assert.equal((await bench.publish('own', { meta: { sender: 'alice' } })).filtered, 1);
        assert.deepEqual([await before(bench), bench.asked.length], ['', 0]);
      });

      it('is given up when the client leaves', async () => {
        const bench = await start('http-check', () => {});
        await bench.publish('hello');
        await bench.question();
        bench.client.destroy();
        await bench.origin.abandonedRequest(1);
        await eventually(() => bench.server.held === 0, 'nothing that is held');
      });

      it('is given up when the proxy closes', async () => {
        const bench = await start('http-check', () => {});
        await bench.publish('hello');
        await bench.question();
        await bench.proxy.close();
        assert.equal(String((await bench.client.reply()).body), '');
        await bench.origin.abandonedRequest(1);
      });
    });
  }

  it('is asked as next links are: signed, with the last ids, without fields of the client', async () => {
    const channels = ['ch; prev-id=a; filter=http-check', 'other; prev-id=b', 'plain'];
    const bench = await FilterBench.start(stage(), 'stream', channels, answer(204), { fields: [LINK] });
    await bench.publish('hello world', { id: 'b', 'prev-id': 'a' });
    await bench.client.bodyWith('hello world');
    const { headers, rawHeaders } = await bench.question();
    const lastIds = rawHeaders.filter((_, at) => rawHeaders[at - 1] === 'Grip-Last');
    assert.deepEqual(lastIds, ['ch; last-id=a', 'other; last-id=b']);
    assert.deepEqual([headers.host, headers['content-length']], ['example.com', '0']);
    assert(headers['grip-sig'] !== undefined && headers['grip-feature'] !== undefined);
  });

  it('tells meta that is no ASCII in the letters of a field', async () => {
    const name = Buffer.from('Zoë').toString('latin1');
    const meta = `url=/filter, name="${name}"`;
    const bench = await FilterBench.start(stage(), 'stream', 'ch; filter=http-check', answer(200), { meta });
    await bench.publish('x', { meta: { größe: '\u{1f600}\x7f\n' } });
    await bench.client.bodyWith('x');
    const { headers } = await bench.question();
    assert.equal(JSON.parse(String(headers['sub-meta'])).name, 'Zoë');
    assert.deepEqual(JSON.parse(String(headers['pub-meta'])), { größe: '\u{1f600}\x7f\n' });
  });

  it('has a URL that is relative to the request, and to a link that was followed', async () => {
    const bench = await FilterBench.start(
      stage(),
      'stream',
      'ch; prev-id=1; filter=http-check',
      answer(200),
      {
        meta: 'url="check?a=b"',
        fields: ['Grip-Link: </far/away/2>; rel=next'],
        link: (res) => {
          const meta = 'Grip-Set-Meta: url=check';
          const channel = 'Grip-Channel: ch; prev-id=3; filter=http-check';
          respond(res, { fields: ['Grip-Hold: stream', meta, channel, LINK], body: 'linked ' });
        },
      },
    );
    await bench.publish('two ', { id: '2', 'prev-id': '1' });
    await bench.client.bodyWith('two ');
    await bench.publish('', {}, 'ch');
    bench.clock.advance(100);
    await bench.client.bodyWith('linked ');
    await bench.publish('four', { id: '4', 'prev-id': '3' });
    await bench.client.bodyWith('four');
    assert.deepEqual(
      bench.asked.map(({ url }) => url),
      ['/held/check?a=b', '/far/away/check'],
    );
  });

  for (const [what, options, expected] of [
    ['another host that is allowed', (host: string) => ({ linkHosts: [host] }), 'hello'],
    ['another host that is not allowed', () => ({}), ''],
  ] as [string, (host: string) => GripProxyOptions, string][]) {
    it(`may lead to ${what}`, async () => {
      const other = await stage().origin((res) => void res.end());
      const host = `127.0.0.1:${other.port}`;
      const bench = await FilterBench.start(
        stage(),
        'stream',
        ['ch; filter=http-check', 'end'],
        answer(500),
        {
          meta: `url="${other.url}/check"`,
          ...options(host),
        },
      );
      await bench.publish('hello');
      if (expected === '') await settle();
      else assert.equal((await other.request()).headers.host, host);
      await bench.client.bodyWith(expected);
      await bench.publish('END', {}, 'end');
      assert.equal(String((await bench.client.bodyWith('END')).body), `${expected}END`);
    });
  }

  it('that cannot be reached says so', async () => {
    const bench = await FilterBench.start(stage(), 'stream', 'ch; filter=http-check', answer(200), {
      debug: true,
    });
    bench.origin.server.close();
    bench.origin.server.closeAllConnections();
    await bench.publish('hello');
    const { body } = await bench.client.reply();
    assert.match(String(body), /http-check: network request failed: connection refused/);
    bench.origin.server.listen(0);
  });

  it('keeps hints and closes from a stream too', async () => {
    const bench = await FilterBench.start(stage(), 'stream', 'ch; filter=http-modify', (res, seen) => {
      respond(res, { fields: seen.headers['pub-meta'] === '{"keep":"1"}' ? ['Action: drop'] : [] });
    });
    await bench.publish({ action: 'close' }, { meta: { keep: '1' } });
    await bench.publish({ action: 'close' });
    assert.equal(String((await bench.client.reply()).body), '');
    assert.equal(bench.asked.length, 2);
  });
});
