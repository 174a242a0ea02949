// Every entry of every package, from a module.
import assert from 'node:assert/strict';
import * as core from '@p-8/core';
import * as express from '@p-8/express';
import * as koa from '@p-8/koa';
import * as protocol from '@p-8/protocol';
import * as publisher from '@p-8/publisher-client';
import * as fanout from '@p-8/publisher-client/fastly-fanout';
import * as node from '@p-8/publisher-client/node';
import * as testing from '@p-8/testing';
import * as server from 'p-8';

const names = [
  [core, 'GripProxy'],
  [express, 'gripProxy'],
  [koa, 'gripProxy'],
  [protocol, 'parseInstruct'],
  [publisher, 'Publisher'],
  [fanout, 'buildFanoutGripConfig'],
  [node, 'isNodeReqWsOverHttp'],
  [testing, 'createGripTest'],
  [server, 'P8Server'],
];
for (const [module, name] of names) assert.equal(typeof module[name], 'function', name);

const t = await testing.createGripTest((_req, res) => {
  res.setHeader('Grip-Hold', 'response').setHeader('Grip-Channel', 'news').end('[nothing]');
});
const poll = t.longPoll('/');
await t.expectHeld('news');
// Its own test takes what the publisher sends.
await new publisher.Publisher('http://localhost:5561/?key=secret').publish('news', {
  'http-response': 'hello',
});
assert.equal((await poll.next()).body, 'hello');
await t.close();
