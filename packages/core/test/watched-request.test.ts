import assert from 'node:assert/strict';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { GripProxy, watchProxies } from '@p-8/core';

describe('whoever watches a request', () => {
  it('hears of each proxy that is given it', async () => {
    const [outer, inner] = [new GripProxy(), new GripProxy()];
    const seen: GripProxy[] = [];
    const req = new IncomingMessage(new Socket());
    watchProxies(req, (proxy) => seen.push(proxy));
    let asked = false;
    outer.wrap(
      inner.wrap(() => {
        asked = true;
      }),
    )(req, new ServerResponse(req));
    assert.deepEqual([asked, seen], [true, [outer, inner]]);
    await Promise.all([outer.close(), inner.close()]);
  });
});
