import assert from 'node:assert/strict';
import { once } from 'node:events';
import type http from 'node:http';
import { eventually } from '../../../test/support/eventually.js';
import { useSockJsStage } from './support/sockjs-stage.js';

const BOOM = new Error('boom');

/** A hook of somebody else on the responses to requests that ask for it, as a session middleware has one. */
async function hook(req: http.IncomingMessage, res: http.ServerResponse): Promise<object> {
  if (req.headers['x-boom'] !== undefined) {
    res.writeHead = () => {
      throw BOOM;
    };
  }
  return {};
}

describe('a hook that throws on a response of SockJS', () => {
  const stage = useSockJsStage({ before: hook });

  const errors = async (): Promise<void> => {
    await eventually(() => stage().errors.length > 0, 'an error');
    assert.deepEqual([...new Set(stage().errors.splice(0))], [BOOM]);
  };

  for (const line of [
    'GET /echo',
    'GET /echo/info',
    'GET /echo/iframe.html',
    'OPTIONS /echo/info',
    'POST /echo/info',
    'GET /echo/unknown',
    'GET /echo/a/a/jsonp',
  ]) {
    it(`ends its connection: ${line}`, async () => {
      const client = await stage().start(line, ['X-Boom: 1']);
      await client.closed();
      await errors();
    });
  }

  for (const line of [
    'POST /echo/0/s/xhr',
    'POST /echo/0/s/xhr_streaming',
    'GET /echo/0/s/eventsource',
    'GET /echo/0/s/htmlfile?c=f',
    'GET /echo/0/s/jsonp?c=f',
  ]) {
    it(`is for a new session as if the client had left: ${line}`, async () => {
      const client = await stage().start(line, ['X-Boom: 1']);
      await client.closed();
      await errors();
      stage().clock.advance(5000);
      await eventually(() => stage().origins[0]?.heard.length === 1, 'an end');
      assert.match(stage().origins[0]?.heard[0] ?? '', /^gone|^close undefined/);
      stage().clock.advance(5000);
      assert.equal(stage().endpoint.size, 0);
      assert.equal(stage().timers.size, 0);
    });

    it(`disturbs no other session: ${line}`, async () => {
      await stage().post('/echo/0/other/xhr');
      const client = await stage().start(line, ['X-Boom: 1']);
      await client.closed();
      await errors();
      assert.equal(await stage().post('/echo/0/other/xhr_send', '["a"]'), '204 ');
      assert.equal(await stage().post('/echo/0/other/xhr'), '200 a["a"]\n');
    });
  }

  it('ends a poll when its message comes', async () => {
    await stage().post('/echo/0/s/xhr');
    const poll = await stage().start('POST /echo/0/s/xhr', ['X-Boom: 1']);
    await once(stage().server, 'request');
    const origin = await stage().origin();
    origin.send('x');
    await poll.closed();
    await errors();
    stage().clock.advance(5000);
    assert.deepEqual(origin.heard, ['gone the client did not come back for messages']);
    assert.equal(stage().endpoint.size, 0);
  });

  it('keeps the answer of a send from its client, but not the messages from the origin', async () => {
    await stage().post('/echo/0/s/xhr');
    const send = await stage().start('POST /echo/0/s/xhr_send', ['X-Boom: 1'], '["a"]');
    await send.closed();
    await errors();
    assert.equal(await stage().post('/echo/0/s/xhr'), '200 a["a"]\n');
  });

  it('ends what has been refused by the origin', async () => {
    stage().behaviour = ({ client }) => client.reject(403, '', [], Buffer.from('no'));
    const client = await stage().start('POST /echo/0/s/xhr', ['X-Boom: 1']);
    await client.closed();
    await errors();
    assert.equal(stage().endpoint.size, 0);
  });
});

describe('SockJS sessions that end in all ways there are', () => {
  const stage = useSockJsStage();

  it('leave nothing behind', async () => {
    const lines = [
      'POST /echo/0/ID/xhr',
      'POST /echo/0/ID/xhr_streaming',
      'GET /echo/0/ID/eventsource',
      'GET /echo/0/ID/htmlfile?c=f',
      'GET /echo/0/ID/jsonp?c=f',
    ];
    let id = 0;
    for (let round = 0; round < 20; round++) {
      for (const line of lines) {
        const path = line.replace('ID', `s${id}`);
        const client = await stage().start(path);
        await client.bodyWith('o');
        const origin = await stage().origin(id++);
        // A poll waits; a stream, which waits already, has it told that it is one too many.
        client.request(path);
        if (round % 4 === 0) origin.close(3000, 'Go away!');
        if (round % 4 === 1) origin.client.abort();
        if (round % 4 === 2) origin.send('unread');
        client.destroy();
      }
    }
    await eventually(() => {
      stage().clock.advance(5000);
      return stage().endpoint.size === 0;
    }, 'no sessions');
    assert.equal(stage().endpoint.size, 0);
    assert.equal(stage().timers.size, 0);
  });
});
