// A test in TypeScript.
import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import {
  createGripTest,
  type GripTest,
  type GripTestOptions,
  type Receipt,
  type SeenInstruct,
} from '@p-8/testing';

const app: RequestListener = (_req, res) => {
  res.setHeader('Grip-Hold', 'stream').setHeader('Grip-Channel', 'news').end('[open]\n');
};

const options: GripTestOptions = { sigKey: 'secret' };
const t: GripTest = await createGripTest(app, options);
const stream = await t.stream('/');
assert.equal(await stream.next(), '[open]\n');
const receipt: Receipt = await t.publish('news', { 'http-stream': 'hello\n' });
assert.equal(receipt.delivered, 1);
assert.equal(await stream.next({ timeout: '1s' }), 'hello\n');
const instruct: SeenInstruct | undefined = t.instructs[0];
assert.equal(instruct?.hold, 'stream');
await t.close();

const other = await createGripTest((request: Request) => new Response(new URL(request.url).pathname));
const { text } = await other.request().get('/path').expect(200);
assert.equal(text, '/path');
await other.close();
