import assert from 'node:assert/strict';
import type { Destination, Origin } from '../src/routing/origin.js';
import { SharedLinks } from '../src/sessions/shared-links.js';
import type { UpstreamError, UpstreamHandler } from '../src/upstream/upstream.js';

/** An upstream that answers when the test says so. */
class ManualUpstream {
  readonly calls: { handler: UpstreamHandler; aborted: boolean; resumed: number }[] = [];

  send(_request: unknown, handler: UpstreamHandler): { abort(): void; resume(): void } {
    const call = { handler, aborted: false, resumed: 0 };
    this.calls.push(call);
    return {
      abort() {
        call.aborted = true;
      },
      resume() {
        call.resumed++;
      },
    };
  }

  async close(): Promise<void> {}
}

/** A stream that notes what it hears, and takes so many parts of a body at a time. */
class Reader implements UpstreamHandler {
  readonly heard: string[] = [];
  takes = Number.POSITIVE_INFINITY;

  onHead(status: number): void {
    this.heard.push(String(status));
  }

  onData(chunk: Buffer): boolean {
    this.heard.push(chunk.length > 20 ? `${chunk.length} bytes` : String(chunk));
    return --this.takes > 0;
  }

  onEnd(): void {
    this.heard.push('end');
  }

  onError({ detail }: UpstreamError): void {
    this.heard.push(detail);
  }
}

const origin = {} as Origin;
const turn = (): Promise<void> => new Promise((resolve) => queueMicrotask(resolve));

describe('links that several streams ask for at once', () => {
  let upstream: ManualUpstream;
  let errors: unknown[];
  let links: SharedLinks;
  beforeEach(() => {
    upstream = new ManualUpstream();
    errors = [];
    links = new SharedLinks((error) => errors.push(error));
  });

  function ask(reader: UpstreamHandler, uri = 'http://h/next', gripLast = ['Grip-Last', 'a; last-id=1']) {
    const destination: Destination = {
      upstream,
      request: { method: 'GET', path: '/next', headers: [], body: null },
    };
    return links.fetch(origin, uri, gripLast, destination, reader);
  }

  it('are asked once; who comes later hears everything from the start', async () => {
    const [first, second] = [new Reader(), new Reader()];
    ask(first);
    await turn();
    upstream.calls[0]?.handler.onHead(200, 'OK', []);
    upstream.calls[0]?.handler.onData(Buffer.from('one'));
    ask(second);
    await turn();
    upstream.calls[0]?.handler.onData(Buffer.from('two'));
    upstream.calls[0]?.handler.onEnd([]);
    assert.equal(upstream.calls.length, 1);
    assert.deepEqual(first.heard, ['200', 'one', 'two', 'end']);
    assert.deepEqual(second.heard, first.heard);
  });

  it('are asked apart where the query or the last ids differ', () => {
    ask(new Reader());
    ask(new Reader(), 'http://h/next?user=2');
    ask(new Reader(), 'http://h/next', ['Grip-Last', 'a; last-id=2']);
    assert.equal(upstream.calls.length, 3);
  });

  it('are asked again once the answer is complete', async () => {
    ask(new Reader());
    await turn();
    upstream.calls[0]?.handler.onEnd([]);
    ask(new Reader());
    assert.equal(upstream.calls.length, 2);
  });

  it('go on for the others when one stream leaves, and are given up when the last one does', async () => {
    const [first, second] = [new Reader(), new Reader()];
    const leaving = ask(first);
    const staying = ask(second);
    await turn();
    leaving.abort();
    upstream.calls[0]?.handler.onHead(200, 'OK', []);
    assert.deepEqual([first.heard, second.heard], [[], ['200']]);
    assert.equal(upstream.calls[0]?.aborted, false);
    staying.abort();
    assert.equal(upstream.calls[0]?.aborted, true);
  });

  it('come to a slow stream at its own pace, and hold up no other', async () => {
    const [slow, fast] = [new Reader(), new Reader()];
    slow.takes = 1;
    const call = ask(slow);
    ask(fast);
    await turn();
    assert.equal(upstream.calls[0]?.handler.onData(Buffer.from('one')), true);
    assert.equal(upstream.calls[0]?.handler.onData(Buffer.from('two')), true);
    upstream.calls[0]?.handler.onEnd([]);
    assert.deepEqual([slow.heard, fast.heard], [['one'], ['one', 'two', 'end']]);
    slow.takes = Number.POSITIVE_INFINITY;
    call.resume();
    assert.deepEqual(slow.heard, ['one', 'two', 'end']);
  });

  it('are kept up to 100,000 bytes; of more, the slowest stream sets the pace', async () => {
    const slow = new Reader();
    slow.takes = 1;
    const call = ask(slow);
    await turn();
    const source = upstream.calls[0];
    assert.equal(source?.handler.onData(Buffer.alloc(60_000)), true);
    assert.equal(source?.handler.onData(Buffer.alloc(60_000)), false);
    ask(new Reader());
    assert.equal(upstream.calls.length, 2, 'nobody can join any more');
    slow.takes = Number.POSITIVE_INFINITY;
    call.resume();
    assert.deepEqual(slow.heard, ['60000 bytes', '60000 bytes']);
    assert.equal(source?.resumed, 1);
  });

  it('fail for all who ask', async () => {
    const [first, second] = [new Reader(), new Reader()];
    ask(first);
    ask(second);
    await turn();
    upstream.calls[0]?.handler.onError({ kind: 'connect', detail: 'refused' });
    assert.deepEqual([first.heard, second.heard], [['refused'], ['refused']]);
  });

  it('are not lost for others when one stream throws', async () => {
    const broken = new Reader();
    broken.onHead = () => {
      throw new Error('broken');
    };
    const whole = new Reader();
    ask(broken);
    ask(whole);
    await turn();
    upstream.calls[0]?.handler.onHead(200, 'OK', []);
    upstream.calls[0]?.handler.onEnd([]);
    assert.deepEqual(whole.heard, ['200', 'end']);
    assert.equal(errors.length, 1);
  });
});
