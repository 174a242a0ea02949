import assert from 'node:assert/strict';
import { contentFilterMismatch, shouldSkip } from '@p-8/protocol';

describe('content filters', () => {
  const subscription = ['skip-self', 'var-subst'];
  const mismatch = (message: string, sub = 'var-subst') =>
    `content filter mismatch: subscription=${sub} message=${message}`;

  const table: [string[], string[] | undefined, string | undefined][] = [
    [subscription, ['var-subst'], undefined],
    [subscription, undefined, undefined],
    [subscription, [], mismatch('')],
    [subscription, ['skip-self', 'var-subst'], mismatch('skip-self,var-subst')],
    [[], [], undefined],
    [['skip-self'], [], undefined],
    [[], ['build-id'], mismatch('build-id', '')],
    [['build-id', 'var-subst'], ['build-id', 'var-subst'], undefined],
    [
      ['build-id', 'var-subst'],
      ['var-subst', 'build-id'],
      mismatch('var-subst,build-id', 'build-id,var-subst'),
    ],
    [['http-modify', 'unknown'], ['http-modify'], undefined],
  ];
  for (const [filters, expected, message] of table) {
    const outcome = message === undefined ? 'deliver' : 'stop';
    it(`${outcome} an item that expects [${expected}] to a subscription with [${filters}]`, () => {
      assert.equal(contentFilterMismatch(filters, expected), message);
    });
  }
});

describe('delivery filters', () => {
  const isSubscribed = (channel: string) => channel === 'x';

  function skips(filters: string[], sub: Record<string, string>, item: Record<string, string>): boolean {
    const maps = [sub, item].map((meta) => new Map(Object.entries(meta)));
    return shouldSkip(filters, maps[0] ?? new Map(), maps[1] ?? new Map(), isSubscribed);
  }

  const alice = { user: 'alice' };
  const table: [string, string[], Record<string, string>, Record<string, string>, boolean][] = [
    ['nothing without filters', [], alice, { sender: 'alice' }, false],
    ["one's own item", ['skip-self', 'var-subst'], alice, { sender: 'alice' }, true],
    ["not someone else's item", ['skip-self'], alice, { sender: 'bob' }, false],
    ['not an item without sender', ['skip-self'], alice, {}, false],
    ['not for a client without user', ['skip-self'], {}, {}, false],
    ['not when both are empty', ['skip-self'], { user: '' }, { sender: '' }, false],
    ['for a listed user', ['skip-users'], { user: 'bob' }, { skip_users: 'alice, bob ,' }, true],
    ['not for an unlisted user', ['skip-users'], { user: 'carol' }, { skip_users: 'alice, bob ,' }, false],
    ['not for part of a name', ['skip-users'], { user: 'bo' }, { skip_users: 'alice, bob' }, false],
    ['not for a blank user', ['skip-users'], { user: '' }, { skip_users: 'alice,,' }, false],
    ['not for a subscribed channel', ['require-sub'], {}, { require_sub: 'x' }, false],
    ['for a channel that is not subscribed', ['require-sub'], {}, { require_sub: 'y' }, true],
    ['not when no channel is required', ['require-sub'], {}, { require_sub: '' }, false],
    ['nothing by unknown filters', ['nope', '__proto__'], alice, { sender: 'alice' }, false],
    ['by any of several filters', ['skip-users', 'skip-self'], alice, { sender: 'alice' }, true],
  ];
  for (const [name, filters, sub, item, expected] of table) {
    it(`skip ${name}`, () => assert.equal(skips(filters, sub, item), expected));
  }
});
