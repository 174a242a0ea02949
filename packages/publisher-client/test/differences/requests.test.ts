import assert from 'node:assert/strict';
import * as theirs from '@fanoutio/grip';
import * as ours from '@p-8/publisher-client';
import { differencesOf, GRIP, type Library, text } from '../support/differences.js';
import { eventsRequest, isOpen, readAll } from '../support/node-request.js';

differencesOf('Requests of WebSockets', (difference) => {
  difference('exceptions of WebSockets', async () => {
    const failures = (lib: Library): Promise<Error[]> => {
      const events = async (headers: Record<string, string>): Promise<Error> =>
        (lib as typeof ours)
          .getWebSocketContextFromReq(
            new Request('http://localhost/', { method: 'POST', headers, body: 'TEXT' }),
          )
          .then(
            () => assert.fail(),
            (error: Error) => error,
          );
      return Promise.all([events({}), events({ 'Connection-Id': 'a' })]);
    };
    const shown = (errors: readonly Error[]) => errors.map(({ name, message }) => [name, message]);
    assert.deepEqual(shown(await failures(theirs)), [
      ['Error', ''],
      ['Error', ''],
    ]);
    const errors = await failures(ours);
    assert.deepEqual(shown(errors), [
      ['ConnectionIdMissingException', 'The request has no Connection-Id.'],
      ['WebSocketDecodeEventException', 'bad format: an event without the end of its line'],
    ]);
    assert.ok(errors.every((error) => error instanceof ours.WebSocketException));
  });

  difference('letter case of media types', () => {
    const headers = { 'Content-Type': 'Application/WebSocket-Events', Accept: 'Application/*' };
    const request = new Request('http://localhost/', { method: 'POST', headers });
    assert.equal(theirs.isWsOverHttp(request), false);
    assert.equal(ours.isWsOverHttp(request), true);
  });

  difference('a body that a body parser has read', async () => {
    const parsed = async (leave: (body: Buffer) => object) => {
      const req = eventsRequest('TEXT 1\r\na\r\n');
      return Object.assign(req, leave(await readAll(req)));
    };
    assert.ok(await isOpen(theirs.getWebSocketContextFromNodeReq(await parsed((body) => ({ body })))));
    for (const leave of [
      (body: Buffer) => ({ body }),
      (rawBody: Buffer) => ({ rawBody, body: {} }),
      (body: Buffer) => ({ body: body.toString() }),
    ]) {
      const context = await ours.getWebSocketContextFromNodeReq(await parsed(leave));
      assert.equal(context.recv(), 'a');
    }
    const lost = ours.getWebSocketContextFromNodeReq(await parsed(() => ({ body: {} })));
    await assert.rejects(lost, /read by a body parser/);
  });

  difference('requests that break off', async () => {
    const contextOf = (lib: Library) => {
      const req = eventsRequest(undefined);
      const context = lib.getWebSocketContextFromNodeReq(req);
      req.on('error', () => {});
      setImmediate(() => req.destroy());
      return context;
    };
    assert.ok(await isOpen(contextOf(theirs)));
    await assert.rejects(contextOf(ours), Error);
  });

  difference('requests of HTTP/2 in Node', () => {
    const req = eventsRequest('', { ':method': 'POST', ':path': '/' });
    assert.throws(() => theirs.isNodeReqWsOverHttp(req), TypeError);
    assert.equal(ours.isNodeReqWsOverHttp(req), true);
  });

  difference("a publisher's prefix for wsContext.subscribe", async () => {
    const prefix = 'p-';
    const request = (): Request =>
      new Request('http://localhost/', { method: 'POST', headers: { 'Connection-Id': 'a' }, body: '' });
    const their = await theirs.getWebSocketContextFromReq(
      request(),
      new theirs.Publisher(GRIP, { prefix }) as never,
    );
    const publisher = new ours.Publisher(GRIP, { prefix });
    const our = await ours.getWebSocketContextFromReq(request(), publisher);
    const node = await ours.getWebSocketContextFromNodeReq(eventsRequest(''), publisher);
    const none = await ours.getWebSocketContextFromReq(request(), new ours.Publisher(GRIP));
    assert.deepEqual(
      [their, our, node, none].map((context) => {
        context.subscribe('room');
        return JSON.parse(text(context.outEvents[0]?.content ?? '').slice(2)).channel;
      }),
      ['[object Object]room', 'p-room', 'p-room', 'room'],
    );
  });
});
