import assert from 'node:assert/strict';
import { once } from 'node:events';
import net, { type Socket } from 'node:net';
import { eventually, settle } from '../support/eventually.js';
import { ManualClock } from '../support/manual-clock.js';
import { RawOrigin } from '../support/origin.js';
import { useStage } from '../support/stage.js';
import { type FaultLine, FaultProxy } from './fault-proxy.js';

/** More than the system keeps for a connection by itself. */
const MUCH = 32 * 1024 * 1024;

describe('the fault proxy', () => {
  const stage = useStage();
  let proxy: FaultProxy;
  let client: Socket;
  let server: Socket;
  let line: FaultLine;
  let atClient: string;
  let atServer: string;

  beforeEach(async () => {
    atClient = atServer = '';
    const target = await RawOrigin.listen((socket) => {
      socket.on('data', (chunk) => {
        atServer += chunk.toString('latin1');
      });
    });
    stage().onClose(() => target.close());
    proxy = await FaultProxy.listen(target);
    stage().onClose(() => proxy.close());
    client = net.connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true });
    stage().onClose(() => client.destroy());
    client.on('error', () => {});
    client.on('data', (chunk) => {
      atClient += chunk.toString('latin1');
    });
    server = await target.connection();
    ({ last: line } = proxy);
  });

  /** How a connection ends. */
  async function endOf(socket: Socket): Promise<'end' | 'reset'> {
    return await new Promise((resolve) => {
      socket.once('end', () => resolve('end')).once('error', () => resolve('reset'));
    });
  }

  it('carries all both ways, and the end of each', async () => {
    client.write('ping');
    await eventually(() => atServer === 'ping', 'ping');
    server.end('pong');
    await once(client, 'end');
    assert.equal(atClient, 'pong');
    client.end('bye');
    await once(server, 'end');
    assert.equal(atServer, 'pingbye');
    await eventually(() => line.isOver, 'nothing connected');
    assert.deepEqual([line.up.carried, line.down.carried], [7, 4]);
  });

  it('carries a reset as one', async () => {
    const ended = endOf(server);
    client.write('x');
    await eventually(() => atServer === 'x', 'x');
    client.resetAndDestroy();
    assert.equal(await ended, 'reset');
  });

  it('tells a client by a reset that there is no server', async () => {
    const nowhere = await RawOrigin.listen(() => {});
    const { port } = nowhere;
    await nowhere.close();
    const broken = await FaultProxy.listen({ port });
    stage().onClose(() => broken.close());
    const lost = net.connect(broken.port, '127.0.0.1');
    assert.equal(await endOf(lost), 'reset');
  });

  it('stalls one way and not the other, until it goes on; the sender feels it', async () => {
    line.down.stall();
    const block = Buffer.alloc(MUCH / 8, 'x');
    for (let i = 0; i < 8; i++) server.write(block);
    client.write('ping');
    await eventually(() => atServer === 'ping', 'ping');
    await settle();
    assert.equal(atClient, '');
    assert(server.writableLength > 0);
    line.down.resume();
    await eventually(() => line.down.carried === MUCH, 'all of it');
    await eventually(() => server.writableLength === 0, 'an empty server');
  });

  it('holds back an end while it stalls', async () => {
    line.up.stall();
    client.end('x');
    await settle(50);
    assert.deepEqual([atServer, server.readableEnded], ['', false]);
    line.up.resume();
    await once(server, 'end');
    assert.equal(atServer, 'x');
  });

  it('dribbles a few bytes in each turn', async () => {
    line.dribble(3);
    const sizes: number[] = [];
    client.on('data', (chunk) => sizes.push(chunk.length));
    server.write('0123456789');
    await eventually(() => atClient.length === 10, 'all');
    assert.equal(atClient, '0123456789');
    assert(line.down.carried === 10 && Math.max(...sizes) < 10, String(sizes));
  });

  it('delays what it carries, in its order', async () => {
    const clock = new ManualClock();
    line.delay(1000, clock);
    server.write('a');
    await eventually(() => clock.pending === 1, 'a');
    line.delay(10, clock);
    server.end('b');
    await eventually(() => clock.pending === 3, 'b and the end');
    assert.equal(atClient, '');
    clock.advance(10);
    clock.advance(1000);
    await once(client, 'end');
    assert.equal(atClient, 'ab');
  });

  it('cuts by a reset', async () => {
    const ends = Promise.all([endOf(client), endOf(server)]);
    line.cut('reset');
    assert.deepEqual(await ends, ['reset', 'reset']);
  });

  it('cuts by an end in the middle of what is said', async () => {
    server.write('half of');
    await eventually(() => atClient === 'half of', 'half');
    const ends = Promise.all([endOf(client), endOf(server)]);
    line.cut('end');
    server.write(' what there is');
    assert.deepEqual(await ends, ['end', 'end']);
    assert.equal(atClient, 'half of');
  });

  it('loses one side, and the other is told nothing', async () => {
    const ended = once(client, 'close');
    line.lose('client');
    client.end();
    await ended;
    server.write('is anybody there?');
    await settle(50);
    assert.deepEqual([server.readableEnded, server.destroyed], [false, false]);
  });
});
