import assert from 'node:assert/strict';
import * as theirs from '@fanoutio/grip';
import { parseInstruct } from '@p-8/protocol';
import * as ours from '@p-8/publisher-client';
import { differencesOf, type Library, text } from '../support/differences.js';

/** The channels, keep-alive, meta and link that a proxy reads from headers. */
function read(headers: Record<string, string>) {
  const fields = Object.entries(headers).flat();
  const instruct = parseInstruct({ status: 200, reason: 'OK', headers: fields, body: new Uint8Array() });
  if (!instruct.ok) return instruct.message;
  const { channels, keepAlive, meta, nextLink } = instruct.value;
  return {
    channels: channels.map(({ name, prevId }) => (prevId === undefined ? name : [name, prevId])),
    keepAlive: keepAlive && text(keepAlive.data),
    meta: Object.fromEntries(meta),
    nextLink: nextLink?.uri,
  };
}

const keepAliveOf = (lib: Library, data: string) => {
  const header = lib.createKeepAliveHeader(data, 20);
  const fields = read({ 'Grip-Hold': 'stream', 'Grip-Keep-Alive': header });
  return typeof fields === 'string' ? fields : fields.keepAlive;
};

const channelsOf = (
  channels: Parameters<typeof ours.createGripChannelHeader>[0] &
    Parameters<typeof theirs.createGripChannelHeader>[0],
  lib: Library,
) => {
  const fields = read({ 'Grip-Channel': lib.createGripChannelHeader(channels) });
  return typeof fields === 'string' ? fields : fields.channels;
};

const metaOf = (lib: Library, user: string) => {
  const fields = read({ 'Grip-Hold': 'stream', 'Grip-Set-Meta': lib.createMetaHeader({ user }) });
  return typeof fields === 'string' ? fields : fields.meta;
};

differencesOf('Instructs', (difference) => {
  difference('channel names with commas or semicolons', () => {
    assert.deepEqual(channelsOf('a,b', theirs), ['a', 'b']);
    assert.deepEqual(channelsOf('a;b', theirs), ['a']);
    assert.deepEqual(channelsOf(['a"b', 'c'], theirs), ['a"b, c']);
    assert.deepEqual(channelsOf(' a ', theirs), ['a']);
    for (const name of ['a,b', 'a;b', 'a"b', '', ' a', 'a ', '\ta', '"a,b"']) {
      assert.throws(() => ours.createGripChannelHeader(name), TypeError, name);
    }
    assert.deepEqual(channelsOf('say "hi" (a\\b=c)', ours), ['say "hi" (a\\b=c)']);
  });

  difference('control characters in instructs', () => {
    const evil = 'a\r\nSet-Cookie: b';
    assert.equal(theirs.createGripChannelHeader(evil), evil);
    assert.equal(theirs.createMetaHeader({ user: evil }), `user="${evil}"`);
    assert.throws(() => ours.createGripChannelHeader(evil), /control characters/);
    assert.throws(() => ours.createGripChannelHeader(new ours.Channel('a', evil)), /control characters/);
    assert.throws(
      () => ours.createGripChannelHeader(new ours.Channel('a', null, [evil])),
      /control characters/,
    );
    assert.throws(() => ours.createMetaHeader({ user: evil }), /control characters/);
    assert.throws(() => ours.createMetaHeader({ [evil]: 'a' }), /control characters/);
    assert.throws(() => ours.createMetaHeader({ 'a=b': 'c' }), TypeError);
    assert.equal(ours.createNextLinkHeader(evil), '<a%0D%0ASet-Cookie:%20b>; rel=next');
  });

  difference('previous ids with commas or semicolons', () => {
    const id = '1,b; "\\';
    const cut = [['a', '1'], 'b'];
    assert.deepEqual(channelsOf(new theirs.Channel('a', '1,b; "\\'), theirs), cut);
    for (const given of [id, ' 1', '1 ', '"1"']) {
      assert.deepEqual(channelsOf([new ours.Channel('a', given), new ours.Channel('b')], ours), [
        ['a', given],
        'b',
      ]);
    }
  });

  difference('names outside Latin-1', () => {
    const instruct = (lib: Library) => new lib.GripInstruct('日本語').toHeaders();
    assert.throws(() => new Headers(instruct(theirs)), TypeError);
    const headers = new Headers(instruct(ours));
    assert.deepEqual(channelsOf('日本語', ours), ['日本語']);
    assert.equal(Buffer.from(headers.get('Grip-Channel') ?? '', 'latin1').toString(), '日本語');
  });

  difference('backslashes in meta', () => {
    assert.deepEqual(metaOf(theirs, 'a\\b'), { user: 'ab' });
    assert.deepEqual(metaOf(theirs, 'a\\'), {});
    for (const value of ['a\\b', 'a\\', '\\"', '"']) assert.deepEqual(metaOf(ours, value), { user: value });
  });

  difference('commas and spaces in next links', () => {
    const link = (lib: Library, uri: string) => read({ 'Grip-Link': lib.createNextLinkHeader(uri) });
    assert.equal(link(theirs, '/a?ids=1,2'), 'failed to parse Grip-Link value');
    for (const [uri, written] of [
      ['/a?ids=1,2', '/a?ids=1%2C2'],
      ['/a;v=1/b c', '/a%3Bv=1/b%20c'],
      ['/é"<日>', '/%C3%A9%22%3C%E6%97%A5%3E'],
      ['/a%2Cb#c', '/a%2Cb#c'],
    ] as const) {
      const read = link(ours, uri);
      assert.ok(typeof read !== 'string');
      assert.equal(read.nextLink, written);
    }
  });

  difference('tabs in keep-alives', () => {
    assert.equal(keepAliveOf(theirs, 'a\tb'), 'ab');
    assert.equal(keepAliveOf(ours, 'a\tb'), 'a\tb');
    assert.equal(ours.createKeepAliveHeader('a\tb', 20), 'a\\x09b; format=cstring; timeout=20');
    assert.equal(theirs.encodeCString('\t'), '\\t');
    assert.equal(ours.encodeCString('\t'), '\\x09');
  });

  difference('semicolons, outer spaces and text outside ASCII in keep-alives', () => {
    assert.equal(keepAliveOf(theirs, 'a;b'), 'a');
    assert.equal(keepAliveOf(theirs, ' a '), 'a');
    assert.throws(
      () => new Headers({ 'Grip-Keep-Alive': theirs.createKeepAliveHeader('日', 20) }),
      TypeError,
    );
    for (const data of ['a;b', ' a ', '日', 'é', '\x7f']) {
      assert.match(ours.createKeepAliveHeader(data, 20), /^[\w+/=]+; format=base64; timeout=20$/);
      assert.equal(keepAliveOf(ours, data), data);
    }
  });

  difference('empty keep-alives', () => {
    assert.equal(keepAliveOf(theirs, ''), 'Grip-Keep-Alive cannot be empty');
    assert.throws(() => ours.createKeepAliveHeader('', 20), TypeError);
    assert.throws(() => ours.createKeepAliveHeader(new Uint8Array(), 20), TypeError);
  });

  difference('seconds that are none', () => {
    const header = theirs.createKeepAliveHeader('a', Number.NaN);
    assert.equal(read({ 'Grip-Keep-Alive': header }), 'failed to parse Grip-Keep-Alive timeout value');
    for (const seconds of [Number.NaN, -1, Number.POSITIVE_INFINITY]) {
      assert.throws(() => ours.createKeepAliveHeader('a', seconds), TypeError);
    }
    assert.throws(() => ours.createNextLinkHeader('/a', Number.POSITIVE_INFINITY), TypeError);
  });
});
