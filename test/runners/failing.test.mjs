// Fails, in whatever runner, so that one can see what that says.
import { createGripTest } from '@p-8/testing';
import { createApp } from '../../examples/testing/app.mjs';

const test = globalThis.it ?? (await import('node:test')).it;

test('expects what is not', async () => {
  const t = await createGripTest(createApp());
  try {
    const stream = await t.stream('/news');
    await stream.next();
    await t.expectHeld('weather');
  } finally {
    await t.close();
  }
});
