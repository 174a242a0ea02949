// Every entry of every package, from CommonJS.
const assert = require('node:assert/strict');
const { createGripTest } = require('@p-8/testing');
const { Publisher } = require('@p-8/publisher-client');

for (const [name, member] of [
  ['@p-8/core', 'GripProxy'],
  ['@p-8/express', 'gripProxy'],
  ['@p-8/koa', 'gripProxy'],
  ['@p-8/protocol', 'parseInstruct'],
  ['@p-8/publisher-client/fastly-fanout', 'buildFanoutGripConfig'],
  ['@p-8/publisher-client/node', 'isNodeReqWsOverHttp'],
  ['p-8', 'P8Server'],
]) {
  assert.equal(typeof require(name)[member], 'function', name);
}

async function main() {
  const t = await createGripTest((_req, res) => {
    res.setHeader('Grip-Hold', 'stream').setHeader('Grip-Channel', 'news').end('[open]\n');
  });
  const stream = await t.stream('/');
  assert.equal(await stream.next(), '[open]\n');
  await new Publisher('http://localhost:5561/?key=secret').publishHttpStream('news', 'hello\n');
  assert.equal(await stream.next(), 'hello\n');
  await t.close();
}

main();
