import fc from 'fast-check';
import type { LinkFault, Wish } from './log-origin.js';
import { CHANNELS, type ChannelName, NUMBERED } from './true-log.js';

/**
 * How an item comes to the proxy, if it has a number: once, not at all, twice, or after the one that follows it. What has no
 * number always comes once.
 */
export type Passage = 'once' | 'lost' | 'twice' | 'overtaken';

/** One thing that happens. Clients are counted from 0, round and round. */
export type Step =
  | { readonly type: 'open'; readonly wish: Wish }
  | {
      readonly type: 'publish';
      readonly channel: ChannelName;
      readonly passage: Passage;
      readonly size: number;
      readonly sender: '' | 'me';
      /** Items in a row. */
      readonly count: number;
    }
  | { readonly type: 'stall'; readonly client: number }
  | { readonly type: 'resume'; readonly client: number; readonly bytesPerTurn: number | undefined }
  | { readonly type: 'leave'; readonly client: number; readonly how: 'reset' | 'end' | 'lose' }
  | { readonly type: 'fault'; readonly faults: readonly LinkFault[] }
  | { readonly type: 'hint'; readonly channel: ChannelName }
  /** A publisher ends all that have the plain channel, but for long-polls. */
  | { readonly type: 'close' }
  | { readonly type: 'recover' }
  /** Milliseconds pass. */
  | { readonly type: 'pass'; readonly ms: number }
  /** Turns of the loop; 0: until nothing moves any more. */
  | { readonly type: 'turns'; readonly count: number };

/** What happens in one world. */
export interface Schedule {
  readonly sessionQueueBytes: number;
  readonly totalQueueBytes: number;
  /** Seconds without items after which a stream asks its next link. */
  readonly linkTimeoutSeconds: number;
  readonly clients: readonly Wish[];
  readonly steps: readonly Step[];
}

/** How a kind of schedules differs from the others. */
export interface Kind {
  /** How much larger items are than in memory, where connections take little. */
  readonly scale: number;
  /**
   * Nothing makes the proxy doubt what the last item of a channel was, so that it can turn round whatever was overtaken:
   * no item is lost, and no client says what it has.
   */
  readonly isCalm: boolean;
}

/** Milliseconds: for recoveries to begin, for items that wait for others, for next links, for clients that take nothing. */
const TIMES = [100, 100, 1000, 6000, 6000, 21_000, 21_000, 80_000];

const channels = fc.subarray([...CHANNELS], { minLength: 1 });
const numbered = fc.subarray<ChannelName>([...NUMBERED], { minLength: 1 });
const policy = fc.constantFrom<Wish['policy']>('', '', 'recover', 'close', 'conflate');
const user = fc.constantFrom<Wish['user']>('', '', 'me');
const client = fc.nat(7);

function one<T extends string | boolean>(value: T): fc.Arbitrary<T> {
  return fc.constant(value);
}

function wishes({ isCalm }: Kind): fc.Arbitrary<Wish> {
  const live = fc.record({
    transport: fc.constantFrom('stream', 'ws'),
    channels,
    linked: one(false),
    policy,
    user,
  });
  if (isCalm) return live;
  return fc.oneof(
    { weight: 4, arbitrary: live },
    {
      weight: 3,
      arbitrary: fc.record({ transport: one('stream'), channels, linked: one(true), policy, user }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        transport: one('poll'),
        channels: numbered,
        linked: one(true),
        policy: one(''),
        user,
      }),
    },
  );
}

function steps(kind: Kind): fc.Arbitrary<Step> {
  const { scale, isCalm } = kind;
  const weigh = (weight: number, arbitrary: fc.Arbitrary<Step>): fc.WeightedArbitrary<Step> => ({
    weight,
    arbitrary,
  });
  const passages: Passage[] = ['once', 'once', 'once', 'once', 'twice', 'overtaken'];
  const publish = fc.record({
    type: one('publish'),
    channel: fc.constantFrom(...CHANNELS),
    passage: fc.constantFrom<Passage>(...passages, ...(isCalm ? [] : ['lost' as const])),
    size: fc.constantFrom(10, 300 * scale, 1500 * scale, 4000 * scale),
    sender: fc.constantFrom('', '', 'me'),
    count: fc.constantFrom(1, 1, 2, 5, 20),
  });
  const faults = fc.constantFrom<LinkFault>('refused', 'refused', 'cut', 'garbage', 'response', 'broken');
  const doubtful = [
    weigh(1, fc.record({ type: one('fault'), faults: fc.array(faults, { minLength: 1, maxLength: 3 }) })),
    weigh(1, fc.record({ type: one('hint'), channel: fc.constantFrom(...CHANNELS) })),
    weigh(1, fc.record({ type: one('recover') })),
  ];
  const bytesPerTurn = fc.constantFrom(undefined, undefined, 64 * scale);
  return fc.oneof(
    weigh(1, fc.record({ type: one('open'), wish: wishes(kind) })),
    weigh(10, publish),
    weigh(3, fc.record({ type: one('stall'), client })),
    weigh(3, fc.record({ type: one('resume'), client, bytesPerTurn })),
    weigh(1, fc.record({ type: one('leave'), client, how: fc.constantFrom('reset', 'end', 'lose') })),
    ...(isCalm ? [] : doubtful),
    weigh(1, fc.record({ type: one('close') })),
    weigh(3, fc.record({ type: one('pass'), ms: fc.constantFrom(...TIMES) })),
    weigh(6, fc.record({ type: one('turns'), count: fc.constantFrom(0, 0, 1, 3, 10) })),
  );
}

export function schedules(kind: Kind): fc.Arbitrary<Schedule> {
  const { scale } = kind;
  return fc.record({
    sessionQueueBytes: fc.constantFrom(2000 * scale, 8000 * scale),
    totalQueueBytes: fc.constantFrom(12_000 * scale, 1_000_000_000, 1_000_000_000),
    linkTimeoutSeconds: fc.constantFrom(20, 100_000),
    clients: fc.array(wishes(kind), { minLength: 1, maxLength: 6 }),
    steps: fc.array(steps(kind), { minLength: 5, maxLength: 40, size: 'max' }),
  });
}
