import assert from 'node:assert/strict';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import fc from 'fast-check';
import { type ResponseWatch, unwatchResponse, watchResponse } from '../src/http/response-methods.js';

describe('responses that are watched', () => {
  const response = (): ServerResponse => new ServerResponse(new IncomingMessage(new Socket()));

  it('are heard of one by one, however many there are and in whatever order they are let go of', () => {
    const count = 4;
    const step = fc.record({
      do: fc.constantFrom('watch' as const, 'unwatch' as const),
      which: fc.integer({ min: 0, max: count - 1 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const responses = Array.from({ length: count }, response);
        const model = new Map<ServerResponse, ResponseWatch>();
        let heard: unknown[] = [];
        const watch = (): ResponseWatch => {
          const one: ResponseWatch = {
            writeHead: (res) => res,
            write: () => true,
            end: (res) => res,
            flushHeaders: (res) => {
              heard = [one, res];
            },
          };
          return one;
        };
        for (const one of steps) {
          const res = responses[one.which];
          assert(res !== undefined);
          if (one.do === 'watch') {
            const watcher = watch();
            assert.equal(watchResponse(res, watcher), true);
            model.set(res, watcher);
          } else if (one.do === 'unwatch') {
            unwatchResponse(res);
            model.delete(res);
          }
          for (const each of responses) {
            heard = [];
            const watcher = model.get(each);
            if (watcher === undefined) continue;
            each.flushHeaders();
            assert.equal(heard[0], watcher);
            assert.equal(heard[1], each);
          }
        }
        // Those that nobody watches write for themselves.
        for (const each of responses) {
          unwatchResponse(each);
          each.flushHeaders();
          assert.equal(each.headersSent, true);
        }
      }),
    );
  });
});
