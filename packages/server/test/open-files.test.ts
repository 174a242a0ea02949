import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type http from 'node:http';
import { eventually } from '../../../test/support/eventually.js';
import { hold, Origin } from '../../../test/support/origin.js';
import { RawClient } from '../../../test/support/raw-client.js';
import { OpenFiles } from '../src/net/open-files.js';
import { Command } from './support/command.js';
import { Recorder } from './support/recorder.js';
import { Sandbox } from './support/sandbox.js';

/** As few as the command starts with, from its sources. */
const LIMIT = 160;
const CROWD = 300;

describe('the p-8 command without open files for more connections', function () {
  this.timeout(60_000);
  const sandbox = new Sandbox();
  let origin: Origin;
  let command: Command;
  let front: number;
  let publisher: RawClient;
  const clients: RawClient[] = [];

  beforeEach(async () => {
    origin = await Origin.listen((res, { url }) =>
      url === '/stream' ? hold(res, 'stream', 'ch', { body: '[' }) : res.end('served'),
    );
    const argv = ['--port', '127.0.0.1:0', '--control-port', '0', '--route', `* 127.0.0.1:${origin.port}`];
    command = new Command(argv, sandbox.path, {}, LIMIT);
    const printed = await command.printed(/^p-8 started\n/m);
    front = Number(/clients\s+http:\S+?:(\d+)/.exec(printed)?.[1]);
    publisher = await open(Number(/control API\s+http:\S+?:(\d+)/.exec(printed)?.[1]));
  });

  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy();
    command.kill('SIGKILL');
    await command.ended;
    await origin.close();
  });

  async function open(port = front): Promise<RawClient> {
    const client = await RawClient.connect(port);
    clients.push(client);
    return client;
  }

  /** Opens streams, one after the other; resolves with those that are held. The others are closed. */
  async function crowd(): Promise<RawClient[]> {
    const held: RawClient[] = [];
    for (let i = 0; i < CROWD; i++) {
      const client = await open();
      client.request('GET /stream');
      const answered = client.bodyWith('[').then(
        () => true,
        () => false,
      );
      if (await answered) held.push(client);
    }
    return held;
  }

  let published = 0;

  async function publish(content: string): Promise<void> {
    const body = JSON.stringify({ items: [{ channel: 'ch', formats: { 'http-stream': { content } } }] });
    publisher.request('POST /publish/', [], body);
    assert.equal((await publisher.reply(published++)).status, 200);
  }

  const warnings = (): number => command.stdout.split('nearly all open files are in use').length - 1;

  it('goes on with those that are held, says so once, and serves new clients when there are some again', async () => {
    published = 0;
    const held = await crowd();
    assert(held.length > 10 && held.length < LIMIT, `${held.length} of ${CROWD} are held`);
    await publish('one');
    for (const client of held) await client.bodyWith('[one');
    assert.deepEqual(
      held.map(({ ending }) => ending),
      held.map(() => undefined),
    );
    assert.equal(warnings(), 1, command.stdout);

    for (const client of held.splice(0, held.length / 2)) client.destroy();
    // A connection is closed in the process a moment after its client has left.
    let served = false;
    const again = async (): Promise<void> => {
      while (!served) {
        const client = await open();
        client.request('GET /');
        served = await client.reply().then(
          (reply) => reply.status === 200,
          () => false,
        );
      }
    };
    await again();
    await publish('two');
    for (const client of held) await client.bodyWith('[onetwo');
    await eventually(() => warnings() === 1, 'one warning');
  });
});

describe('a server', () => {
  const descriptor = (fd: number): object => ({ _handle: { fd } });

  it('says that open files run out, and that it could not accept a connection, once a minute', () => {
    const log = new Recorder();
    const server = new EventEmitter() as http.Server;
    new OpenFiles(log, 1000).watch(server);
    for (const fd of [3, 989, 990, 995, 999]) server.emit('connection', descriptor(fd));
    assert.deepEqual(log.lines, [
      'warn: nearly all open files are in use, and connections beyond the limit are closed: raise ulimit -Hn',
    ]);
    log.clear();
    for (let i = 0; i < 3; i++) server.emit('error', new Error('accept ENFILE'));
    assert.deepEqual(log.lines, ['warn: a connection could not be accepted']);
  });
});
