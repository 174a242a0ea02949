import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import type { WebSocketContext } from '@fanoutio/grip';
import { ServeGrip } from '@fanoutio/serve-grip';
import { Publisher } from '@p-8/publisher-client';
import { differencesOf, GRIP } from '../support/differences.js';
import { eventsRequest } from '../support/node-request.js';

differencesOf('Coming from serve-grip', (difference) => {
  /** What serve-grip makes of a request. */
  const serve = async (config: ConstructorParameters<typeof ServeGrip>[0], req: IncomingMessage) => {
    await new ServeGrip(config).run(req, {} as never);
    return (req as { grip?: { isSigned: boolean; wsContext: WebSocketContext } }).grip;
  };

  difference('serve-grip and signatures', async () => {
    const grip = { ...GRIP, verify_key: 'secret' };
    const served = await serve({ grip }, eventsRequest('', { 'grip-sig': 'forged' }));
    assert.equal(served?.isSigned, true);
    assert.deepEqual(await new Publisher(grip).validateGripSig('forged'), {
      isProxied: false,
      needsSigned: true,
      isSigned: false,
    });
  });

  difference('serve-grip and the prefix', async () => {
    const served = await serve({ grip: GRIP, prefix: 'p-' }, eventsRequest('', { 'grip-sig': 'x' }));
    assert.equal(served?.wsContext.prefix, '');
  });
});
