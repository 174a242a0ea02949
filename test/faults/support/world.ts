import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { GripProxy, type HoldInfo, type Overflow, type Receipt } from '@p-8/core';
import { ManualClock } from '../../support/manual-clock.js';
import { checkPlayer } from './check-player.js';
import { LogOrigin, type Wish } from './log-origin.js';
import type { Network } from './networks.js';
import { type Player, PollPlayer, StreamPlayer, WebSocketPlayer } from './players.js';
import type { Schedule, Step } from './schedule.js';
import { CHANNELS, type ChannelName, contentOf, type Entry, NUMBERED, PLAIN, TrueLog } from './true-log.js';

/** Turns of the loop after which what is under way is taken to go on for ever. */
const MAX_TURNS = 20_000;

/** Milliseconds that pass at once, and turns of the loop between two pieces: shorter than a look for what has stalled. */
const PIECE = 10_000;
const TURNS_OF_PIECE = 3;

/** How often time passes at the end, until all have got everything. */
const MAX_ROUNDS = 30;

/** How often things have happened, over many schedules: what never does is not tested. */
export type Tally = Map<string, number>;

/** One proxy with its origin and its clients, and what happens to them. */
export class World {
  readonly #clock = new ManualClock();
  readonly #log = new TrueLog();
  readonly #origin: LogOrigin;
  readonly #proxy: GripProxy;
  readonly #schedule: Schedule;
  readonly #tally: Tally;
  readonly #network: Network;
  readonly #players: Player[] = [];
  /** What was done to clients, by URI. */
  readonly #told = new Map<string, Set<Overflow['action'] | 'broken'>>();
  /** How many have been ended since they were too slow. */
  readonly #slow = { queue: 0, ceiling: 0, stall: 0 };
  readonly #failures: unknown[] = [];
  /** How many holds have ended. */
  #released = 0;
  /** How many recoveries have begun and not ended. */
  #recovering = 0;

  constructor(schedule: Schedule, connectTo: (proxy: GripProxy) => Network, tally: Tally) {
    this.#schedule = schedule;
    this.#tally = tally;
    this.#origin = new LogOrigin(this.#log, schedule.linkTimeoutSeconds);
    const { sessionQueueBytes, totalQueueBytes } = schedule;
    const target = { listener: this.#origin.listener, overHttp: true };
    const ignore = (): void => {};
    const error = (fields: object, message: string): void => {
      this.#failures.push(new Error(message, { cause: fields }));
    };
    const logger = { error, warn: ignore, info: ignore, debug: ignore };
    this.#proxy = new GripProxy({
      target,
      sessionQueueBytes,
      totalQueueBytes,
      // Clients here answer no pings.
      pingInterval: 0,
      clock: this.#clock,
      logger,
    });
    this.#network = connectTo(this.#proxy);
    this.#watch();
  }

  /** Lets all of it happen. @throws AssertionError where something is lost in silence, or something stays. */
  async play(): Promise<void> {
    try {
      for (const wish of this.#schedule.clients) await this.#open(wish);
      await this.#rest();
      for (const step of this.#schedule.steps) await this.#take(step);
      await this.#finish();
      for (const player of this.#players) this.#check(player);
      assert.deepEqual(this.#failures, []);
      await this.#leave();
    } finally {
      await this.#network.close();
      await this.#proxy.close();
    }
  }

  #watch(): void {
    this.#proxy.on('release', ({ mode, uri }, why) => {
      this.#released++;
      this.#count(`${mode} ${why}`);
      if (why === 'error') this.#note(uri, 'broken');
    });
    this.#proxy.on('overflow', (hold: HoldInfo, { reason, action }: Overflow) => {
      this.#count(`${hold.mode} ${reason} ${action}`);
      if (action === 'close') this.#slow[reason]++;
      this.#note(hold.uri, action);
    });
    this.#proxy.on('limit', (limit, { url }) => {
      this.#count(`limit: ${limit}`);
      // A response that is not taken is no hold any more.
      if (limit === 'stalledRelay') this.#note(String(url), 'close');
    });
    this.#proxy.on('recover', (_hold, cause) => {
      this.#recovering++;
      this.#count(`recover: ${cause}`);
    });
    this.#proxy.on('recovered', (_hold, end) => {
      this.#recovering--;
      this.#count(`recovered: ${end}`);
    });
  }

  #note(uri: string, what: Overflow['action'] | 'broken'): void {
    this.#told.set(uri, (this.#told.get(uri) ?? new Set()).add(what));
  }

  #count(what: string, times = 1): void {
    this.#tally.set(what, (this.#tally.get(what) ?? 0) + times);
  }

  async #open(wish: Wish): Promise<void> {
    // Who knows what it has can make the proxy doubt of what there is.
    if (wish.linked) for (const channel of wish.channels) this.#log.unsure.add(channel);
    const kinds = { stream: StreamPlayer, poll: PollPlayer, ws: WebSocketPlayer };
    const connection = await this.#network.connect();
    this.#players.push(new kinds[wish.transport](connection, wish, this.#players.length, this.#log));
  }

  async #take(step: Step): Promise<void> {
    switch (step.type) {
      case 'open':
        await this.#open(step.wish);
        break;
      case 'publish':
        for (let i = 0; i < step.count; i++) await this.#publish(step);
        break;
      case 'stall':
        this.#player(step.client)?.stall();
        break;
      case 'resume':
        this.#player(step.client)?.resume(step.bytesPerTurn);
        break;
      case 'leave':
        this.#player(step.client)?.leave(step.how);
        break;
      case 'fault':
        this.#origin.faults.splice(0, 3, ...step.faults);
        break;
      case 'hint':
        this.#log.unsure.add(step.channel);
        await this.#proxy.publish(step.channel, {
          'http-stream': { action: 'hint' },
          'http-response': { action: 'hint' },
        });
        break;
      case 'close':
        await this.#close();
        break;
      case 'recover':
        for (const channel of NUMBERED) this.#log.unsure.add(channel);
        this.#proxy.hub.recover();
        break;
      case 'pass':
        await this.#pass(step.ms);
        break;
      case 'turns':
        if (step.count === 0) await this.#rest();
        for (let i = 0; i < step.count; i++) await setImmediate();
        break;
    }
  }

  /** Lets time pass, but not faster than bytes that are on their way: whoever reads takes something in each piece of it. */
  async #pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= PIECE) {
      this.#clock.advance(Math.min(left, PIECE));
      for (let turn = 0; turn < TURNS_OF_PIECE; turn++) await setImmediate();
    }
  }

  /** Streams and WebSockets that have the plain channel come to their end, after all that was published there. */
  async #close(): Promise<void> {
    const holds = this.#proxy.holds().filter(({ channels }) => channels.includes(PLAIN));
    for (const player of this.#players) {
      if (holds.some(({ uri }) => isOf(player, uri))) player.closedAfter ??= this.#log.count(PLAIN);
    }
    await this.#proxy.publish(PLAIN, {
      'http-stream': { action: 'close' },
      'ws-message': { action: 'close' },
    });
  }

  #player(index: number): Player | undefined {
    return this.#players[index % this.#players.length];
  }

  async #publish({ channel, size, sender, passage }: Extract<Step, { type: 'publish' }>): Promise<void> {
    const append = (): Entry => this.#log.append({ channel, size, sender, at: this.#clock.now() });
    const entry = append();
    const how = channel === PLAIN ? 'once' : passage;
    this.#count(how);
    if (how === 'lost') {
      this.#log.unsure.add(channel);
      return;
    }
    if (how === 'overtaken') {
      // Of the first ones nobody knows what comes before them; and without subscribers nothing is turned round.
      if (entry.number === 1 || this.#holdsOf(channel) === 0) this.#log.unsure.add(channel);
      this.#log.reordered.add(channel);
      await this.#send(append());
    }
    await this.#send(entry);
    if (how !== 'twice') return;
    const again = await this.#send(entry);
    // What was given up the first time may be tried again.
    if (entry.reachedProxy && again.matched > 0) this.#count('tried again');
  }

  async #send(entry: Entry): Promise<Receipt> {
    const { channel, number, sender } = entry;
    const content = contentOf(entry);
    const ids = channel === PLAIN ? {} : { id: String(number), 'prev-id': String(number - 1) };
    const isFirst = !entry.reachedProxy;
    const holds = this.#holdsOf(channel);
    const released = this.#released;
    const slow = { ...this.#slow };
    const receipt = await this.#proxy.publish(
      channel,
      { 'http-stream': content, 'http-response': content, 'ws-message': content },
      { ...ids, ...(sender !== '' && { meta: { sender } }) },
    );
    const { matched, delivered, queued, filtered, dropped } = receipt;
    assert.equal(matched, delivered + queued + filtered + dropped, JSON.stringify(receipt));
    if (isFirst) {
      // What makes room for one may end another, before its turn comes.
      const ended = this.#released - released;
      const isRight = matched <= holds && matched >= holds - ended;
      assert(isRight, `${holds} holds, ${ended} of them ended meanwhile: ${JSON.stringify(receipt)}`);
    }
    // Others are given up with the items that waited for this one.
    if (channel === PLAIN) {
      const { queue, ceiling } = this.#slow;
      const forRoom = queue - slow.queue;
      const isRight = dropped >= forRoom && dropped <= forRoom + ceiling - slow.ceiling;
      assert(isRight, `${forRoom} were too slow for it: ${JSON.stringify(receipt)}`);
    }
    for (const [name, times] of Object.entries(receipt)) this.#count(name, times);
    // Given up for all, it is as if it never came.
    entry.reachedProxy ||= matched === 0 || dropped < matched;
    return receipt;
  }

  #holdsOf(channel: ChannelName): number {
    return this.#proxy.holds().filter(({ channels }) => channels.includes(channel)).length;
  }

  /** Until nothing moves any more. */
  async #rest(): Promise<void> {
    let before = '';
    for (let quiet = 0, turns = 0; quiet < this.#network.quietTurns && turns < MAX_TURNS; turns++) {
      await setImmediate();
      const { sessions, channels, timers, upstreamRequests } = this.#proxy.stats();
      const now = `${sessions} ${channels} ${timers} ${upstreamRequests} ${this.#network.carried}`;
      quiet = now === before && upstreamRequests === 0 ? quiet + 1 : 0;
      before = now;
    }
  }

  /** All read on, the origin is there, and time passes until everybody has everything. */
  async #finish(): Promise<void> {
    this.#origin.faults.length = 0;
    for (const player of this.#players) player.resume();
    await this.#rest();
    for (const channel of CHANNELS) {
      // What was lost just before, nobody can know of until something comes.
      if (this.#log.entries(channel).at(-1)?.reachedProxy !== false) continue;
      await this.#publish({ type: 'publish', channel, size: 10, sender: '', passage: 'once', count: 1 });
    }
    for (
      let round = 0;
      round < MAX_ROUNDS && this.#players.some((player) => !this.#isDone(player));
      round++
    ) {
      this.#clock.advance(2000);
      await this.#rest();
    }
    // What comes twice, or too late, still comes.
    for (let i = 0; i < 3; i++) {
      this.#clock.advance(7000);
      await this.#rest();
    }
  }

  #isDone(player: Player): boolean {
    try {
      this.#check(player);
      return true;
    } catch {
      return false;
    }
  }

  #check(player: Player): void {
    const told = [...this.#told].find(([uri]) => isOf(player, uri))?.[1];
    const isBroken = told?.has('broken') === true && this.#origin.brokenOff > 0;
    const wasCut = isBroken || told?.has('close') === true;
    checkPlayer(player, this.#log, { wasCut, wasAsked: told?.has('recover') === true });
  }

  /** All clients leave, and nothing is left of them. */
  async #leave(): Promise<void> {
    for (const [name, times] of Object.entries(this.#origin.asked)) this.#count(`asked ${name}`, times);
    await this.#network.cutAll();
    await this.#rest();
    const left = {
      ...this.#proxy.stats(),
      bytes: this.#proxy.backlog().bytes,
      recoveries: this.#recovering,
      connections: await this.#network.open(),
    };
    assert.deepEqual(
      Object.entries(left).filter(([, count]) => count !== 0),
      [],
    );
    assert.equal(this.#clock.pending, 0, 'timers of the clock');
  }
}

function isOf({ id }: Player, uri: string): boolean {
  return uri.includes(`id=${id}&`);
}
