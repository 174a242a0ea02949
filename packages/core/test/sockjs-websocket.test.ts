import assert from 'node:assert/strict';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { settle } from '../../../test/support/eventually.js';
import { type SockJsStage, useSockJsStage } from './support/sockjs-stage.js';

/** A client that notes what it gets. */
class Client {
  readonly got: string[] = [];
  readonly socket: WebSocket;

  constructor(stage: SockJsStage, path: string, protocols: string[] = []) {
    this.socket = new WebSocket(`ws://127.0.0.1:${stage.port}${path}`, protocols);
    this.socket.on('message', (data, isBinary) => this.got.push(`${isBinary ? 'binary ' : ''}${data}`));
    this.socket.on('error', () => {});
  }

  send(text: string): void {
    this.socket.send(text);
  }

  async next(count: number): Promise<string[]> {
    while (this.got.length < count) await once(this.socket, 'message');
    return this.got;
  }

  async closed(): Promise<string> {
    const [code, reason] = await once(this.socket, 'close');
    return `${code} ${reason}`;
  }
}

describe('SockJS in a WebSocket', () => {
  const stage = useSockJsStage();
  const connect = (path = '/echo/000/s/websocket'): Client => new Client(stage(), path);

  it('frames what goes to the client, and reads arrays from it', async () => {
    const client = connect();
    assert.deepEqual(await client.next(1), ['o']);
    client.send('["a"]');
    assert.deepEqual(await client.next(2), ['o', 'a["a"]']);
    assert.deepEqual((await stage().origin()).heard, ['text a']);
    client.socket.close();
    assert.equal(await client.closed(), '1000 ');
  });

  it('does not mind a message without content, an empty array, or a single text', async () => {
    const client = connect();
    await client.next(1);
    client.send('');
    client.send('[]');
    client.send('"single"');
    client.socket.send(Buffer.from('["binary"]'));
    client.send('["a","b"]');
    assert.deepEqual(await client.next(5), ['o', 'a["single"]', 'a["binary"]', 'a["a"]', 'a["b"]']);
    client.socket.terminate();
  });

  it('lets several clients use one id: their connections tell them apart', async () => {
    const [first, second] = [connect(), connect()];
    await Promise.all([first.next(1), second.next(1)]);
    first.send('["1"]');
    second.send('["2"]');
    assert.deepEqual(await first.next(2), ['o', 'a["1"]']);
    assert.deepEqual(await second.next(2), ['o', 'a["2"]']);
    assert.equal(await stage().post('/echo/000/s/xhr'), '200 o\n');
    first.socket.terminate();
    second.socket.terminate();
    const third = connect();
    assert.deepEqual(await third.next(1), ['o']);
    third.socket.terminate();
  });

  for (const broken of ['["a', 'x', '{}', '[1]', '1']) {
    it(`closes when the client sends ${broken}`, async () => {
      const client = connect();
      await client.next(1);
      client.send(broken);
      assert.match(await client.closed(), /^1007 /);
      const [heard] = (await stage().origin()).heard;
      assert.match(heard ?? '', /^gone the client does not speak SockJS/);
      assert.equal(stage().endpoint.size, 0);
    });
  }

  it('hands nothing on that comes after what it cannot read', async () => {
    const client = connect();
    await client.next(1);
    client.send('x');
    client.send('["a"]');
    client.send('y');
    await client.closed();
    assert.equal((await stage().origin()).heard.length, 1);
  });

  it('tells the close of the origin in a frame, and then closes', async () => {
    const client = connect();
    await client.next(1);
    const origin = await stage().origin();
    origin.send('last');
    origin.close(3000, 'Go away!');
    assert.equal(await client.closed(), '3000 Go away!');
    assert.deepEqual(client.got, ['o', 'a["last"]', 'c[3000,"Go away!"]']);
    await origin.hears('close 3000 Go away!');
    assert.equal(stage().endpoint.size, 0);
  });

  it('answers the close of the client without a frame', async () => {
    const client = connect();
    await client.next(1);
    client.socket.close(3001, 'bye');
    assert.equal(await client.closed(), '3001 bye');
    assert.deepEqual(client.got, ['o']);
    assert.deepEqual((await stage().origin()).heard, ['close 3001 bye']);
    assert.equal(stage().endpoint.size, 0);
  });

  it('notices that the client is lost', async () => {
    const client = connect();
    await client.next(1);
    client.socket.terminate();
    const origin = await stage().origin();
    await origin.hears('gone');
    assert.equal(stage().endpoint.size, 0);
  });

  it('is cut when the origin breaks off', async () => {
    const client = connect();
    await client.next(1);
    (await stage().origin()).client.abort();
    assert.match(await client.closed(), /^1006 /);
    assert.equal(stage().endpoint.size, 0);
  });

  it('sends a heartbeat every 25 seconds, whatever else is sent', async () => {
    const client = connect();
    await client.next(1);
    stage().clock.advance(24_000);
    (await stage().origin()).send('x');
    await client.next(2);
    stage().clock.advance(1000);
    await client.next(3);
    stage().clock.advance(25_000);
    assert.deepEqual(await client.next(4), ['o', 'a["x"]', 'h', 'h']);
    client.socket.terminate();
  });

  it('answers pings of the client by itself, and keeps pings and pongs of the origin to itself', async () => {
    const client = connect();
    await client.next(1);
    const seen: string[] = [];
    client.socket.on('ping', () => seen.push('ping'));
    client.socket.on('pong', (data) => seen.push(`pong ${data}`));
    const origin = await stage().origin();
    origin.send('x', 'ping');
    origin.send('x', 'pong');
    client.socket.ping('y');
    client.socket.pong('z');
    client.send('["a"]');
    await client.next(2);
    assert.deepEqual(seen, ['pong y']);
    assert.deepEqual(origin.heard, ['text a']);
    client.socket.terminate();
  });

  it('sends what is binary as text', async () => {
    const client = connect();
    await client.next(1);
    (await stage().origin()).send(Buffer.from([0x61, 0xff]), 'binary');
    assert.deepEqual(await client.next(2), ['o', 'a["a\\ufffd"]']);
    client.socket.terminate();
  });

  it('asks the origin by the path of the prefix, with the query and fields of the handshake', async () => {
    stage().behaviour = ({ client }) => client.accept(['Sec-WebSocket-Protocol', 'p2']);
    const client = new Client(stage(), '/echo/000/s/websocket?token=1', ['p1', 'p2']);
    await client.next(1);
    const { request } = await stage().origin();
    assert.equal(request.method, 'GET');
    assert.equal(request.path, '/echo/websocket?token=1');
    assert.ok(request.headers.includes('p1,p2'));
    assert.equal(client.socket.protocol, 'p2');
    client.socket.terminate();
  });

  it('is refused as the origin refuses it', async () => {
    stage().behaviour = ({ client }) => client.reject(403, '', ['X-Why', 'so'], Buffer.from('no'));
    const client = connect();
    const [, response] = await once(client.socket, 'unexpected-response');
    assert.equal(response.statusCode, 403);
    assert.equal(response.headers['x-why'], 'so');
    assert.equal(stage().endpoint.size, 0);
    response.destroy();
  });

  for (const path of [
    '/echo',
    '/echo/x',
    '/echo/a/b/xhr',
    '/echo/a.b/c/websocket',
    '/echo/a/b/c/websocket',
  ]) {
    it(`is not at ${path}`, async () => {
      const client = connect(path);
      const [, response] = await once(client.socket, 'unexpected-response');
      assert.equal(response.statusCode, 404);
      assert.equal(stage().origins.length, 0);
      response.destroy();
    });
  }

  it('ends when the proxy ends', async () => {
    const open = connect();
    await open.next(1);
    stage().behaviour = 'wait';
    const opening = connect();
    const refused = once(opening.socket, 'unexpected-response');
    await stage().origin(1);
    stage().endpoint.close();
    const [, response] = await refused;
    assert.equal(response.statusCode, 503);
    response.destroy();
    assert.equal(await open.closed(), '1012 Service restart');
    assert.deepEqual(open.got, ['o', 'c[1012,"Service restart"]']);
    for (const origin of stage().origins) assert.deepEqual(origin.heard, ['gone the proxy is closing']);
    const late = connect();
    const [, refusal] = await once(late.socket, 'unexpected-response');
    assert.equal(refusal.statusCode, 503);
    refusal.destroy();
  });

  it('does not read from a client while the origin takes no more', async () => {
    const client = connect();
    await client.next(1);
    const origin = await stage().origin();
    origin.client.pause();
    client.send('["a"]');
    await settle();
    assert.deepEqual(origin.heard, []);
    origin.client.resume();
    await client.next(2);
    assert.deepEqual(origin.heard, ['text a']);
    client.socket.terminate();
  });
});

describe('the raw WebSocket of a SockJS prefix', () => {
  const stage = useSockJsStage();

  it('passes messages as they are', async () => {
    const client = new Client(stage(), '/echo/websocket');
    await once(client.socket, 'open');
    client.send('Hello world!\uffff');
    client.socket.send(Buffer.from('x'));
    assert.deepEqual(await client.next(2), ['Hello world!\uffff', 'binary x']);
    const { request, heard } = await stage().origin();
    assert.equal(request.path, '/echo/websocket');
    assert.deepEqual(heard, ['text Hello world!\uffff', 'binary x']);
    assert.equal(stage().endpoint.size, 0);
    client.socket.terminate();
  });

  it('closes as the origin closes', async () => {
    const client = new Client(stage(), '/echo/websocket');
    await once(client.socket, 'open');
    (await stage().origin()).close(3000, 'Go away!');
    assert.equal(await client.closed(), '3000 Go away!');
    assert.deepEqual(client.got, []);
  });
});
