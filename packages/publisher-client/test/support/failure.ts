import assert from 'node:assert/strict';
import { PublishException } from '../../src/index.js';

/** What publishing rejects with. */
export async function failure(publishing: Promise<unknown>): Promise<PublishException> {
  try {
    await publishing;
  } catch (error) {
    assert(error instanceof PublishException, String(error));
    return error;
  }
  throw new Error('it was published');
}
