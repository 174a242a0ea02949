import assert from 'node:assert/strict';
import * as theirs from '@fanoutio/grip';
import { encodeWsClose } from '@p-8/protocol';
import * as ours from '@p-8/publisher-client';
import { bytes, differencesOf, type Library, text } from '../support/differences.js';

differencesOf('WebSockets', (difference) => {
  /** The events of a request, as each of them reads them. */
  const contexts = (body: string, prefix = '') => ({
    their: new theirs.WebSocketContext('a', {}, theirs.decodeWebSocketEvents(bytes(body)), prefix),
    our: new ours.WebSocketContext('a', {}, ours.decodeWebSocketEvents(bytes(body)), prefix),
  });

  difference('closing a WebSocket without a code', () => {
    const { their, our } = contexts('');
    for (const context of [their, our]) context.close();
    assert.deepEqual(their.getOutgoingEvents()[0]?.getContent(), Uint8Array.of(0, 0));
    assert.deepEqual(our.getOutgoingEvents()[0]?.getContent(), encodeWsClose({ code: 1000, reason: '' }));
  });

  difference('codes of closes that have a reason', () => {
    const { their, our } = contexts('CLOSE 5\r\n\x03\x69bye\r\n');
    for (const context of [their, our]) assert.equal(context.recv(), null);
    assert.equal(their.closeCode, null);
    assert.deepEqual([our.closeCode, our.closeReason], [0x369, 'bye']);
  });

  difference('pings', () => {
    const { their, our } = contexts('PING 1\r\na\r\nTEXT\r\nPING 1\r\nb\r\n');
    for (const context of [their, our]) context.recv();
    const pongs = (events: readonly ours.IWebSocketEvent[]) =>
      events.map((event) => [event.getType(), event.content && text(event.content)]);
    assert.deepEqual(pongs(their.getOutgoingEvents()), [['PONG', null]]);
    assert.deepEqual(pongs(our.getOutgoingEvents()), [
      ['PONG', 'a'],
      ['PONG', 'b'],
    ]);
  });

  difference('meta of connections outside Latin-1', async () => {
    // As Headers have it: a character for each byte.
    const request = (): Request =>
      new Request('http://localhost/', {
        method: 'POST',
        headers: { 'Connection-Id': 'a', 'Meta-Name': Buffer.from('日').toString('latin1') },
        body: '',
      });
    const their = await theirs.getWebSocketContextFromReq(request());
    const our = await ours.getWebSocketContextFromReq(request());
    assert.notEqual(their.meta.name, '日');
    assert.equal(our.meta.name, '日');
    for (const context of [their, our]) context.meta.city = '本';
    assert.throws(() => new Headers(their.toHeaders()), TypeError);
    assert.deepEqual(new Headers(our.toHeaders()).get('set-meta-city'), Buffer.from('本').toString('latin1'));
  });

  difference('meta of connections that is undefined', () => {
    const set = (lib: Library) => {
      const context = new lib.WebSocketContext('a', { user: 'ann' }, []);
      Object.assign(context.meta, { user: undefined });
      return context.toHeaders()['Set-Meta-user'];
    };
    assert.equal(set(theirs), 'undefined');
    assert.equal(set(ours), '');
  });

  difference('lengths of events that are no hex numbers', () => {
    const body = 'TEXT zz\r\nTEXT 1\r\na\r\n';
    assert.deepEqual(
      theirs.decodeWebSocketEvents(body).map((event) => event.getContent()),
      [''],
    );
    assert.throws(() => ours.decodeWebSocketEvents(body), ours.WebSocketDecodeEventException);
  });

  difference('many events in one body', () => {
    /** How many bytes theirs looks at to read so many events. */
    const looks = (count: number): number => {
      const body = bytes('TEXT 1\r\na\r\n'.repeat(count));
      let looked = 0;
      const findIndex: typeof body.findIndex = (predicate) =>
        Uint8Array.prototype.findIndex.call(body, (value, index) => {
          looked++;
          return predicate(value, index, body);
        });
      assert.equal(theirs.decodeWebSocketEvents(Object.assign(body, { findIndex })).length, count);
      return looked;
    };
    assert.ok(looks(200) > 3.5 * looks(100));
    // By their way these would take hours.
    assert.equal(ours.decodeWebSocketEvents(bytes('TEXT 1\r\na\r\n'.repeat(100_000))).length, 100_000);
  });
});
