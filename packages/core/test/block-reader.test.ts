import assert from 'node:assert/strict';
import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { memorySockets } from '@p-8/core';
import fc from 'fast-check';
import { stalls } from '../../../test/support/eventually.js';
import type { Origin } from '../../../test/support/origin.js';
import { RawClient } from '../../../test/support/raw-client.js';
import { useStage } from '../../../test/support/stage.js';
import { progressOf } from '../src/http/node-connection.js';
import type { Written } from '../src/http/response-methods.js';
import { BlockReader, whenWritten } from '../src/upstream/block-reader.js';

const KB = 1024;
const MB = 1024 * KB;

describe('BlockReader', () => {
  it('leaves bytes alone until they have been written, whatever is read meanwhile', () => {
    const step = fc.oneof(
      fc.record({
        do: fc.constant('read' as const),
        reader: fc.integer({ min: 0, max: 3 }),
        length: fc.oneof(fc.integer({ min: 1, max: 64 * KB }), fc.constant(64 * KB)),
        parts: fc.integer({ min: 1, max: 3 }),
      }),
      fc.record({ do: fc.constantFrom('written' as const, 'failed' as const), which: fc.nat() }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const readers = Array.from({ length: 4 }, readerInMemory);
        /** What nobody has written yet, in the order of writing. */
        const waiting: { parts: Buffer[]; mark: number; written: Written | undefined }[] = [];
        steps.forEach((one, i) => {
          const mark = i + 1;
          if (one.do === 'read') {
            const chunk = readers[one.reader]?.read(one.length, mark);
            assert(chunk !== undefined && chunk.length === one.length);
            const cuts = Array.from({ length: one.parts }, (_, k) =>
              Math.floor((k * one.length) / one.parts),
            );
            const parts = cuts.map((from, k) => chunk.subarray(from, cuts[k + 1] ?? one.length));
            waiting.push({ parts, mark, written: parts.map(whenWritten).find(Boolean) });
          } else {
            const [written] = waiting.splice(one.which % (waiting.length || 1), 1);
            written?.written?.(one.do === 'failed' ? new Error('broken') : undefined);
          }
          for (const { parts, mark } of waiting) {
            for (const part of parts)
              assert(isFilledWith(part, mark), 'bytes have changed that nobody has written');
          }
        });
      }),
      { numRuns: 300 },
    );
  });

  it('reads into a block again once it has been written, but not after an error', () => {
    const reader = readerInMemory();
    const lend = (): Buffer => reader.read(64 * KB, 1);
    lend();
    const first = lend();
    const done = whenWritten(first);
    assert(done !== undefined);
    assert.equal(whenWritten(first), undefined, 'asked twice');
    done();
    assert.equal(buffersOf(64, lend).has(first.buffer), true);
    const second = lend();
    whenWritten(second)?.(new Error('broken'));
    assert.equal(buffersOf(64, lend).has(second.buffer), false);
  });

  it('has to do with the last part of a block only', () => {
    const reader = readerInMemory();
    reader.read(64 * KB, 1);
    const chunk = reader.read(40 * KB, 2);
    assert.equal(whenWritten(chunk.subarray(0, 10 * KB)), undefined);
    assert.equal(whenWritten(Buffer.alloc(40 * KB)), undefined);
    assert.notEqual(whenWritten(chunk.subarray(10 * KB)), undefined);
  });

  it('keeps no block for a connection that brings little', () => {
    const reader = readerInMemory();
    const shared = reader.reader.buffer();
    reader.read(100, 1);
    assert.equal(reader.reader.buffer(), shared);
    reader.read(64 * KB, 1);
    assert.notEqual(reader.reader.buffer(), shared);
    reader.read(100, 1);
    assert.equal(reader.reader.buffer(), shared);
  });

  it('stops a connection that is full', () => {
    const reader = new BlockReader(() => false);
    assert.equal(reader.callback(10), false);
    assert.equal(reader.callback(64 * KB), false);
  });
});

describe('a relay that uses its blocks again', () => {
  const stage = useStage();

  /** An origin whose answers are told apart at each of their bytes: `/7/1000` has 1000 of the seventh kind. */
  async function origin(): Promise<Origin> {
    return await stage().origin((res, { url }) => {
      const [, kind, length, form] = url.split('/');
      const body = bodyOf(Number(kind), Number(length));
      if (form !== 'chunked') res.setHeader('Content-Length', body.length);
      for (let at = 0; at < body.length; at += 100_000) res.write(body.subarray(at, at + 100_000));
      res.end();
    });
  }

  /** Has four clients read at once, of whom some leave. */
  async function relayMuch(port: number): Promise<void> {
    const clients = [1, 2, 3, 4].map(async (kind) => {
      await getRight(port, `/${kind}/${3 * MB}`);
      await leaveEarly(port, `/${kind}/${3 * MB}`);
      await getRight(port, `/${kind}/${3 * MB}/chunked`);
      await getRight(port, `/${kind}/${100 * KB + kind}`);
    });
    await Promise.all(clients);
  }

  it('takes few new ones', async () => {
    const { port } = await stage().proxy({ target: (await origin()).url });
    await relayMuch(port);
    const { allocUnsafeSlow } = Buffer;
    let taken = 0;
    Buffer.allocUnsafeSlow = (size) => {
      if (size === 64 * KB) taken++;
      return allocUnsafeSlow(size);
    };
    try {
      for (let i = 0; i < 10; i++) await getRight(port, `/5/${3 * MB}`);
    } finally {
      Buffer.allocUnsafeSlow = allocUnsafeSlow;
    }
    // 30 MB are 480 blocks.
    assert(taken < 50, `${taken} new blocks for 30 MB`);
  });

  it('leaves alone what a slow client has not taken', async () => {
    const source = await origin();
    const { port } = await stage().proxy({ target: source.url });
    const client = await stage().client({ port });
    client.socket.pause();
    client.request(`GET /9/${30 * MB}`);
    const { res } = await source.request();
    const { socket } = res;
    assert(socket !== null);
    await stalls(() => progressOf(socket));
    assert(progressOf(socket) < 30 * MB);
    await relayMuch(port);
    client.socket.resume();
    await client.bytes(30 * MB);
    assert((await client.reply()).body.equals(bodyOf(9, 30 * MB)));
  });

  it('leaves alone what a client in the same process has been given by reference', async () => {
    const proxy = await stage().proxy({ target: (await origin()).url });
    const [end, served] = memorySockets();
    proxy.server.emit('connection', served);
    const client = new RawClient(end as Socket);
    client.request(`GET /9/${3 * MB}`);
    await client.bytes(3 * MB);
    await relayMuch(proxy.port);
    assert((await client.reply()).body.equals(bodyOf(9, 3 * MB)));
    client.destroy();
  });

  for (const [who, keepWrites] of Object.entries({ response: keepResponse, connection: keepConnection })) {
    it(`leaves alone what somebody keeps who watches the ${who}`, async () => {
      const kept: Buffer[] = [];
      const server = http.createServer();
      keepWrites(server, kept);
      const { url } = await origin();
      const { port } = await stage().proxy({ target: url }, server);
      await getRight(port, `/9/${3 * MB}`);
      await relayMuch((await stage().proxy({ target: url })).port);
      assert(
        Buffer.concat(kept)
          .subarray(-3 * MB)
          .equals(bodyOf(9, 3 * MB)),
      );
    });
  }
});

/** Keeps what is written to the responses of a server, as loggers of bodies do. */
function keepResponse(server: http.Server, kept: Buffer[]): void {
  server.on('request', (_req, res) => keep(res, kept));
}

function keepConnection(server: http.Server, kept: Buffer[]): void {
  server.on('connection', (socket) => keep(socket, kept));
}

function keep(writable: Writable, kept: Buffer[]): void {
  const write = writable.write.bind(writable) as (...args: unknown[]) => boolean;
  writable.write = (chunk: unknown, ...rest: unknown[]) => {
    kept.push(typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Buffer));
    return write(chunk, ...rest);
  };
}

async function get(port: number, path: string): Promise<IncomingMessage> {
  const request = http.get({ host: '127.0.0.1', port, path, agent: false });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return response;
}

/** Reads an answer, and looks at each of its bytes. */
async function getRight(port: number, path: string): Promise<void> {
  const [, kind, length] = path.split('/');
  const body = await buffer(await get(port, path));
  assert(body.equals(bodyOf(Number(kind), Number(length))), `${path}: ${body.length} bytes, or other ones`);
}

async function leaveEarly(port: number, path: string): Promise<void> {
  const response = await get(port, path);
  await once(response, 'data');
  response.on('error', () => {}).destroy();
}

/** Bytes that say whose they are, and where they stand. */
function bodyOf(kind: number, length: number): Buffer {
  const words = new Uint32Array(Math.ceil(length / 4));
  for (let i = 0; i < words.length; i++) words[i] = (i << 4) | kind;
  return Buffer.from(words.buffer, 0, length);
}

/** A reader of a connection without a system: what it reads is filled with a mark. */
function readerInMemory(): { readonly reader: BlockReader; read(length: number, mark: number): Buffer } {
  let got: Buffer | undefined;
  const reader = new BlockReader((chunk) => {
    got = chunk;
    return true;
  });
  return {
    reader,
    read(length, mark) {
      reader.buffer().fill(mark, 0, length);
      reader.callback(length);
      assert(got !== undefined);
      return got;
    },
  };
}

function isFilledWith(bytes: Buffer, mark: number): boolean {
  return bytes.length === 0 || (bytes[0] === mark && bytes.subarray(1).equals(bytes.subarray(0, -1)));
}

/** The blocks that so many reads take. */
function buffersOf(reads: number, read: () => Buffer): Set<ArrayBufferLike> {
  return new Set(Array.from({ length: reads }, () => read().buffer));
}
