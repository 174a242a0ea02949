import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually } from '../../../test/support/eventually.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { useStage } from '../../../test/support/stage.js';
import { GripInstruct, Publisher } from '../src/index.js';

const NEWS = 'news';

describe('reliable mode with an ordered channel', () => {
  const stage = useStage();
  const clock = new ManualClock();

  /** An app that keeps what it publishes, and the proxy in front of it. `lose`: whether a publish is to get lost. */
  async function start(lose: (text: string) => boolean) {
    const stored: { id: string; text: string }[] = [];
    const origin = await stage().origin((res, { headers, url }) => {
      const [, last] = /last-id=(\S+)/.exec(String(headers['grip-last'] ?? '')) ?? [];
      // Before the content is read: at worst something comes that is known already.
      const instruct = new GripInstruct(news.channel());
      instruct.setHoldStream();
      instruct.setNextLink('/next', 120);
      const position = stored.findIndex(({ id }) => id === last) + 1;
      const content = stored.slice(position).map(({ text }) => text);
      res.writeHead(200, { 'Content-Type': 'text/plain', ...instruct.toHeaders() });
      res.end(url === '/next' ? content.join('') : `[${stored.length}]\n`);
    });
    const proxy = await stage().proxy({ target: origin.url, clock });
    const control = http.createServer(proxy.proxy.controlApi()).listen(0, '127.0.0.1');
    await once(control, 'listening');
    stage().onClose(() => void control.close());
    stage().onClose(() => control.closeAllConnections());
    const uri = `http://127.0.0.1:${(control.address() as AddressInfo).port}`;
    const publisher = new Publisher(uri, {
      retries: 0,
      fetch: (url, init) =>
        lose(String(init?.body)) ? Promise.reject(new TypeError('lost')) : fetch(url, init),
    });
    const news = publisher.ordered(NEWS);
    const publish = async (text: string) => {
      const publishing = news.publish({ 'http-stream': text });
      stored.push({ id: news.lastId, text });
      return publishing;
    };
    const open = async () => {
      const client = await stage().client(proxy);
      client.request('GET /stream');
      await client.bodyWith(']\n');
      return client;
    };
    return { origin, publish, open, proxy };
  }

  it('recovers a publish that got lost, and nothing comes twice', async () => {
    const { origin, publish, open } = await start((body) => body.includes('two'));
    const early = await open();
    // The first one does not follow anything that the client knows of: it asks.
    assert.equal((await publish('one\n'))?.queued, 1);
    clock.advance(1000);
    await early.bodyWith('one\n');
    const client = await open();
    await assert.rejects(publish('two\n'), { code: 'GRIP_ERR_PUBLISH_UNREACHABLE' });
    assert.equal((await publish('three\n'))?.queued, 2);
    // The proxy waits for the one before it, and then the clients ask for what they miss.
    clock.advance(5000);
    await eventually(() => {
      clock.advance(1000);
      return client.text.includes('three') && early.text.includes('three');
    }, 'the recovery');
    assert.equal((await publish('four\n'))?.delivered, 2);
    assert.equal((await client.bodyWith('four\n')).body.toString(), '[1]\ntwo\nthree\nfour\n');
    assert.equal((await early.bodyWith('four\n')).body.toString(), '[0]\none\ntwo\nthree\nfour\n');
    // Both have asked the second time, for the same: their proxy asked once.
    assert.equal(origin.requests.filter(({ url }) => url === '/next').length, 2);
  });

  it('asks nobody as long as nothing gets lost', async () => {
    const { origin, publish, open } = await start(() => false);
    await publish('one\n');
    const client = await open();
    for (const text of ['two\n', 'three\n', 'four\n']) assert.equal((await publish(text))?.delivered, 1);
    assert.equal((await client.bodyWith('four\n')).body.toString(), '[1]\ntwo\nthree\nfour\n');
    assert.equal(origin.requests.length, 1);
  });
});
