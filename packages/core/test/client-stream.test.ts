import assert from 'node:assert/strict';
import fc from 'fast-check';
import { settle } from '../../../test/support/eventually.js';
import { readChunks } from '../../../test/support/http-reply.js';
import type { ClientOwner, ClientResponse } from '../src/http/client-response.js';
import { ClientStream } from '../src/http/client-stream.js';
import { Flusher } from '../src/http/flusher.js';
import { frameChunk, OwnChunk } from '../src/http/stream-chunk.js';

/** A client's connection that notes what is written to it, and takes as much as it is told to. */
class FakeClient {
  readonly writes: Buffer[] = [];
  isDirect = true;
  slow = false;
  ended = 0;
  owner: ClientOwner | undefined;

  writeRaw(bytes: Uint8Array): boolean {
    this.writes.push(Buffer.from(bytes));
    return !this.slow;
  }

  write(bytes: Uint8Array): boolean {
    return this.writeRaw(bytes);
  }

  flush(): void {}

  end(): void {
    this.ended++;
  }

  get text(): string {
    return Buffer.concat(this.writes).toString('latin1');
  }
}

function chunk(text: string): OwnChunk {
  return new OwnChunk(Buffer.from(text));
}

describe('the chunked coding', () => {
  it('is what an independent decoder reads back, whatever is in the chunks', () => {
    const contents = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }));
    fc.assert(
      fc.property(contents, (chunks) => {
        const wire = Buffer.concat([...chunks.map(frameChunk), Buffer.from('0\r\n\r\n')]);
        const { part, end } = readChunks(wire);
        assert.deepEqual(part.body, Buffer.concat(chunks));
        assert.equal(part.complete, true);
        assert.equal(end, wire.length);
      }),
    );
  });

  it('has nothing for empty content, which would end the body', () => {
    assert.equal(frameChunk(new Uint8Array(0)).length, 0);
  });

  it('is the same for large chunks', () => {
    const content = Buffer.alloc(1_000_000, 'x');
    assert.deepEqual(readChunks(frameChunk(content)).part.body, content);
  });
});

describe('a client stream', () => {
  let client: FakeClient;
  let stream: ClientStream;
  let drained: number;
  beforeEach(() => {
    client = new FakeClient();
    drained = 0;
    open();
  });

  function open(): void {
    const owner = { onStreamBlocked() {}, onStreamOver() {}, onStreamDrained: () => drained++ };
    const flusher = new Flusher((error) => assert.fail(String(error)));
    stream = new ClientStream(client as unknown as ClientResponse, flusher, owner);
  }

  it('sends what comes in one turn in one write, in its order', async () => {
    for (const text of ['one', 'two', 'three']) stream.write(chunk(text));
    assert.equal(client.writes.length, 0);
    await settle();
    assert.deepEqual(client.writes.map(String), ['3\r\none\r\n3\r\ntwo\r\n5\r\nthree\r\n']);
  });

  it('sends content without framing where somebody else frames it', async () => {
    client.isDirect = false;
    open();
    stream.write(chunk('one'));
    stream.write(chunk('two'));
    await settle();
    assert.deepEqual(client.writes.map(String), ['onetwo']);
  });

  it('gathers while the client is slow, and goes on when it has drained', async () => {
    client.slow = true;
    stream.write(chunk('one'));
    await settle();
    stream.write(chunk('two'));
    stream.write(chunk('three'));
    await settle();
    assert.equal(client.writes.length, 1);
    assert.equal(stream.blocked, true);
    assert.equal(stream.pendingBytes, 8);
    client.slow = false;
    stream.onClientDrained();
    assert.equal(client.text, '3\r\none\r\n3\r\ntwo\r\n5\r\nthree\r\n');
    assert.equal(stream.pendingBytes, 0);
    assert.equal(drained, 1);
  });

  it('does not take a client for drained that is slow again at once', () => {
    client.slow = true;
    stream.write(chunk('one'));
    stream.flush();
    stream.write(chunk('two'));
    stream.onClientDrained();
    assert.equal(drained, 0);
    assert.equal(stream.blocked, true);
  });

  it('ends after all that was written, once', async () => {
    stream.write(chunk('one'));
    stream.end();
    stream.write(chunk('too late'));
    await settle();
    assert.equal(client.text, '3\r\none\r\n');
    assert.equal(client.ended, 1);
  });

  it('ends a slow client when that has taken all', async () => {
    client.slow = true;
    stream.write(chunk('one'));
    stream.flush();
    stream.write(chunk('two'));
    stream.end();
    await settle();
    assert.equal(client.ended, 0);
    client.slow = false;
    assert(client.owner);
    client.owner.onClientDrained();
    assert.equal(client.text, '3\r\none\r\n3\r\ntwo\r\n');
    assert.equal(client.ended, 1);
  });

  it('lets go of what waits when the client has gone', () => {
    client.slow = true;
    stream.write(chunk('one'));
    stream.flush();
    stream.write(chunk('two'));
    stream.onClientGone();
    assert.equal(stream.pendingBytes, 0);
  });

  it('writes nothing for empty content', async () => {
    stream.write(chunk(''));
    await settle();
    assert.equal(client.writes.length, 0);
  });
});
