import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import {
  type FormatsInput,
  PublishException,
  Publisher,
  type PublishOptions,
  type Receipt,
} from '@p-8/publisher-client';
import { PUSHPIN_INTERNAL } from '../conformance/systems/pushpin-process.js';
import { eventually } from '../support/eventually.js';
import { field } from '../support/http-reply.js';
import { RawClient } from '../support/raw-client.js';
import { type AppHouse, type BuildAppHouse, EXPRESS_HOUSES } from './support/app-houses.js';
import { InteropStage, useInteropStage } from './support/interop-stage.js';
import { NEWS, POLL_BODY, PublishApp } from './support/publish-app.js';
import { behindPushpin } from './support/pushpin-house.js';
import { skipWithout } from './support/skip.js';
import { WsParty } from './support/ws-party.js';

interface System {
  readonly name: string;
  readonly build: BuildAppHouse<unknown>;
  /** Whether it tells what became of items. */
  readonly hasReceipts: boolean;
  /** Whether it has the action `refresh`, which is newer than Pushpin 1.36. */
  readonly knowsRefresh: boolean;
  readonly isHere: boolean;
}

const [, P8] = Object.entries(EXPRESS_HOUSES).find(([name]) => name.includes('standalone')) ?? [];
assert(P8);

const SYSTEMS: readonly System[] = [
  { name: 'P-8', build: P8 as BuildAppHouse<unknown>, hasReceipts: true, knowsRefresh: true, isHere: true },
  {
    name: 'Pushpin',
    build: behindPushpin,
    hasReceipts: false,
    knowsRefresh: false,
    isHere: existsSync(PUSHPIN_INTERNAL),
  },
];

const BYTES = new Uint8Array([0, 255, 10]);

for (const { name, build, hasReceipts, knowsRefresh, isHere } of SYSTEMS) {
  describe(`publishing to ${name}`, function () {
    this.timeout(60_000);
    const lasting = new InteropStage();
    const stage = useInteropStage();
    const app = new PublishApp();
    let house: AppHouse;
    let publisher: Publisher;
    let channels = 0;
    /** No test hears what another one publishes. */
    let channel: string;

    before(async function () {
      skipWithout(this, 'pushpin', isHere);
      house = await build(lasting, () => app.listener);
      publisher = new Publisher(house.grip);
    });

    after(() => lasting.close());

    beforeEach(() => {
      channel = `c${++channels}`;
    });

    const subscribed = (): Promise<void> => eventually(() => house.subscribers(channel) > 0, 'a subscriber');

    const get = async (path: string): Promise<RawClient> => {
      const client = await RawClient.connect(Number(new URL(house.url).port));
      stage().onLeave(() => client.destroy());
      client.request(`GET ${path}`);
      await subscribed();
      return client;
    };

    const stream = async (query = ''): Promise<RawClient> => {
      const client = await get(`/stream?channel=${channel}${query}`);
      await client.bodyWith('[open]');
      return client;
    };

    /** All that a client gets. */
    const bodyOf = async (client: RawClient): Promise<Buffer> => (await client.reply()).body;

    const webSocket = async (query = ''): Promise<WsParty> => {
      const party = await WsParty.open(
        stage(),
        `${house.url.replace('http', 'ws')}/ws?channel=${channel}${query}`,
      );
      await subscribed();
      assert.equal(await app.seen(channel).next(), 'OPEN');
      return party;
    };

    /** Publishes, and looks at the receipt. */
    const publish = async (
      formats: FormatsInput,
      options: PublishOptions = {},
      told: Partial<Receipt> = { delivered: 1 },
    ) => {
      const receipt = await publisher.publish(channel, formats, options);
      const [matched = 0] = Object.values(told);
      const expected = { matched, delivered: 0, queued: 0, filtered: 0, dropped: 0, ...told };
      assert.deepEqual(receipt, hasReceipts ? expected : undefined);
    };

    describe('streams', () => {
      const contents: [what: string, format: FormatsInput['http-stream'], got: string | Uint8Array][] = [
        ['text', 'grüß 🎉\n', 'grüß 🎉\n'],
        ['bytes', BYTES, BYTES],
        ['content', { content: 'hi\n' }, 'hi\n'],
        ['bytes as content-bin', { 'content-bin': BYTES }, BYTES],
        ['base64', { action: 'send', 'content-bin': 'AP8K' }, BYTES],
      ];
      for (const [what, format, got] of contents) {
        it(`get ${what}`, async () => {
          const reply = await stream();
          await publish({ 'http-stream': format ?? '' });
          await publish({ 'http-stream': { action: 'close' } });
          assert.deepEqual(await bodyOf(reply), Buffer.concat([Buffer.from('[open]'), Buffer.from(got)]));
        });
      }

      it('ask their next link after a hint', async () => {
        const reply = await stream('&link=1');
        app.hasNews(channel);
        await publish({ 'http-stream': { action: 'hint' } });
        await reply.bodyWith(NEWS);
      });
    });

    describe('long-polls', () => {
      const poll = () => get(`/poll?channel=${channel}`);

      it('get status, reason, fields and body', async () => {
        const waiting = await poll();
        await publish({
          'http-response': {
            code: 201,
            reason: 'Made',
            headers: { 'X-Own': 'a', 'Content-Type': 'text/html' },
            body: 'hé',
          },
        });
        const reply = await waiting.reply();
        assert.deepEqual([reply.status, reply.reason, reply.body.toString()], [201, 'Made', 'hé']);
        const names = ['X-Own', 'Content-Type', 'X-Held'];
        assert.deepEqual(
          names.map((name) => field(reply, name)),
          ['a', 'text/html', 'yes'],
        );
      });

      const bodies: [what: string, format: FormatsInput['http-response'], got: string | Uint8Array][] = [
        ['text', 'hi', 'hi'],
        ['bytes', BYTES, BYTES],
        ['bytes as body-bin, and fields as pairs', { 'body-bin': BYTES, headers: [['X-Own', 'a']] }, BYTES],
        [
          'a patch',
          { 'body-patch': [{ op: 'replace', path: '/seat', value: 2 }] },
          POLL_BODY.replace('1', '2'),
        ],
      ];
      for (const [what, format, got] of bodies) {
        it(`get ${what}`, async () => {
          const waiting = await poll();
          await publish({ 'http-response': format ?? '' });
          assert.deepEqual(await bodyOf(waiting), Buffer.from(got));
        });
      }

      it('ask again after a hint', async () => {
        const waiting = await poll();
        app.hasNews(channel);
        await publish({ 'http-response': { action: 'hint' } });
        assert.equal((await bodyOf(waiting)).toString(), NEWS);
      });
    });

    describe('WebSockets', () => {
      const messages: [what: string, format: FormatsInput['ws-message'], heard: string][] = [
        ['text', 'grüß 🎉', 'text grüß 🎉'],
        ['bytes', BYTES, 'binary 00ff0a'],
        ['bytes that are text', { type: 'text', content: Buffer.from('hi') }, 'text hi'],
        ['text that is binary', { type: 'binary', content: 'hi' }, 'binary 6869'],
        ['a ping', { type: 'ping', content: 'are you there' }, 'ping are you there'],
        ['a pong', { type: 'pong', content: 'here' }, 'pong here'],
        [
          'a close with a code and a reason',
          { action: 'close', code: 4001, reason: 'bye' },
          'close 4001 bye',
        ],
        ['a close', { action: 'close' }, 'close 1000'],
      ];
      for (const [what, format, heard] of messages) {
        it(`hear ${what}`, async () => {
          const party = await webSocket();
          await publish({ 'ws-message': format ?? '' });
          assert.equal(await party.next(), heard);
          if (heard.startsWith('ping')) assert.equal(await app.seen(channel).next(), 'pong are you there');
        });
      }

      it('have their origin asked after a refresh', async () => {
        await webSocket();
        const publishing = publish({ 'ws-message': { action: 'refresh' } });
        if (!knowsRefresh) return assert.rejects(publishing, { message: /answered 400: Invalid format:$/ });
        await publishing;
        assert.equal(await app.seen(channel).next(), 'nothing');
      });

      it('hear what the others hear in formats of their own', async () => {
        const party = await webSocket();
        const reply = await stream();
        await publish(
          { 'ws-message': 'hi', 'http-stream': 'hi\n', 'http-response': 'hi' },
          {},
          { delivered: 2 },
        );
        assert.equal(await party.next(), 'text hi');
        await reply.bodyWith('hi\n');
      });

      it('do not hear what their filter keeps from them', async () => {
        const party = await webSocket('&filter=skip-self&user=ann');
        await publish({ 'ws-message': 'from ann' }, { meta: { sender: 'ann' } }, { filtered: 1 });
        await publish({ 'ws-message': 'from bob' }, { meta: { sender: 'bob' } });
        assert.equal(await party.next(), 'text from bob');
      });
    });

    describe('items with ids', () => {
      const text = (content: string): FormatsInput => ({ 'http-stream': `${content} ` });

      it('wait for the one before them', async () => {
        const reply = await stream();
        await publish(text('one'), { id: '1' });
        await publish(text('three'), { id: '3', 'prev-id': '2' }, { queued: 1 });
        await publish(text('at-once'), { id: 'x', 'prev-id': 'w', 'no-seq': true });
        await publish(text('two'), { id: '2', 'prev-id': '1' });
        await publish(text('four'), { id: '4', 'prev-id': '3' });
        await reply.bodyWith('four');
        await publish({ 'http-stream': { action: 'close' } });
        assert.equal((await bodyOf(reply)).toString(), '[open]one at-once two three four ');
      });

      it('come once, however often they are published', async () => {
        const reply = await stream();
        for (const told of [{ delivered: 1 }, { delivered: 0 }])
          await publish(text('one'), { id: '1' }, told);
        await publish({ 'http-stream': { action: 'close' } });
        assert.equal((await bodyOf(reply)).toString(), '[open]one ');
      });

      it('follow each other on an ordered channel', async () => {
        const reply = await stream();
        const ordered = publisher.ordered(channel);
        await Promise.all(['1', '2', '3', '4'].map((content) => ordered.publish(text(content))));
        await ordered.publish({ 'http-stream': { action: 'close' } });
        assert.equal((await bodyOf(reply)).toString(), '[open]1 2 3 4 ');
      });
    });

    it('takes many items in one request, for several channels', async () => {
      const one = await stream();
      const first = channel;
      channel = `${channel}-other`;
      const other = await stream();
      await publisher.publish([
        { channel: first, formats: { 'http-stream': 'a' } },
        { channel, formats: { 'http-stream': 'b' } },
        { channel: first, formats: { 'http-stream': 'c' } },
        ...[first, channel].map(
          (name) => ({ channel: name, formats: { 'http-stream': { action: 'close' } } }) as const,
        ),
      ]);
      assert.deepEqual([String(await bodyOf(one)), String(await bodyOf(other))], ['[open]ac', '[open]b']);
    });

    it('puts the prefix before the channel', async () => {
      const reply = await stream();
      const prefixed = new Publisher(house.grip, { prefix: channel.slice(0, 1) });
      await prefixed.publish(channel.slice(1), { 'http-stream': 'a' });
      await reply.bodyWith('a');
    });

    const wrong: [what: string, formats: object, says: RegExp][] = [
      ['no content', { 'ws-message': {} }, /Invalid format: .*does not contain 'content' or 'content-bin'/],
      ['a number as body', { 'http-response': { body: 5 } }, /Invalid format: .*'body' with wrong type/],
      ['an action that is none', { 'http-stream': { action: 'dance' } }, /Invalid format:/],
    ];
    for (const [what, formats, says] of wrong) {
      it(`is told what is wrong with an item: ${what}`, async () => {
        await assert.rejects(
          publisher.publish(channel, formats as FormatsInput),
          (error: PublishException) => {
            assert(error instanceof PublishException);
            assert.equal(error.code, 'GRIP_ERR_PUBLISH_REFUSED');
            assert.equal(error.context.statusCode, 400);
            assert.match(error.message, says);
            return true;
          },
        );
      });
    }

    it('is told that a path is wrong', async () => {
      const control_uri = new URL('elsewhere', house.grip.control_uri).href;
      const lost = new Publisher({ ...house.grip, control_uri });
      await assert.rejects(lost.publish(channel, { 'ws-message': 'hi' }), {
        message: /answered 404: Not Found$/,
      });
    });
  });
}
