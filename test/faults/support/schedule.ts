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
  | { readonly type: 'recover' }
  /** Milliseconds pass. */
  | { readonly type: 'pass'; readonly ms: number }
  /** Turns of the loop; 0: until nothing moves any more. */
  | { readonly type: 'turns'; readonly count: number };

/** What happens in one world. */
export interface Schedule {
  readonly sessionQueueBytes: number;
  readonly totalQueueBytes: number;
  readonly clients: readonly Wish[];
  readonly steps: readonly Step[];
}

const channels = fc.subarray([...CHANNELS], { minLength: 1 });
const numbered = fc.subarray([...NUMBERED] as ChannelName[], { minLength: 1 });
const policy = fc.constantFrom<Wish['policy']>('', '', 'recover', 'close', 'conflate');
const user = fc.constantFrom<Wish['user']>('', '', 'me');

const wish: fc.Arbitrary<Wish> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      transport: fc.constant('stream'),
      channels: numbered,
      linked: fc.constant(true),
      policy,
      user,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      transport: fc.constant('stream'),
      channels,
      linked: fc.constant(false),
      policy,
      user,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      transport: fc.constant('poll'),
      channels: numbered,
      linked: fc.constant(true),
      policy: fc.constant<''>(''),
      user,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      transport: fc.constant('ws'),
      channels,
      linked: fc.constant(false),
      policy,
      user,
    }),
  },
);

const client = fc.nat(7);

/** @param scale how much larger items are than in memory, where connections take little */
function step(scale: number): fc.Arbitrary<Step> {
  const publish = fc.record({
    type: fc.constant('publish'),
    channel: fc.constantFrom(...CHANNELS),
    passage: fc.constantFrom<Passage>('once', 'once', 'once', 'once', 'twice', 'lost', 'overtaken'),
    size: fc.constantFrom(10, 300 * scale, 1500 * scale, 4000 * scale),
    sender: fc.constantFrom('', '', 'me'),
    count: fc.constantFrom(1, 1, 2, 5, 20),
  });
  return fc.oneof(
    { weight: 1, arbitrary: fc.record({ type: fc.constant('open'), wish }) },
    { weight: 10, arbitrary: publish },
    { weight: 3, arbitrary: fc.record({ type: fc.constant('stall'), client }) },
    {
      weight: 3,
      arbitrary: fc.record({
        type: fc.constant('resume'),
        client,
        bytesPerTurn: fc.constantFrom(undefined, undefined, 64 * scale),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        type: fc.constant('leave'),
        client,
        how: fc.constantFrom('reset', 'end', 'lose'),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        type: fc.constant('fault'),
        faults: fc.array(fc.constantFrom<LinkFault>('refused', 'cut'), { minLength: 1, maxLength: 3 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('hint'), channel: fc.constantFrom(...CHANNELS) }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('recover') }) },
    {
      weight: 3,
      arbitrary: fc.record({ type: fc.constant('pass'), ms: fc.constantFrom(100, 1000, 6000, 21_000) }),
    },
    {
      weight: 6,
      arbitrary: fc.record({ type: fc.constant('turns'), count: fc.constantFrom(0, 0, 1, 3, 10) }),
    },
  );
}

export function schedules(scale = 1): fc.Arbitrary<Schedule> {
  return fc.record({
    sessionQueueBytes: fc.constantFrom(2000 * scale, 8000 * scale),
    totalQueueBytes: fc.constantFrom(12_000 * scale, 1_000_000_000, 1_000_000_000),
    clients: fc.array(wish, { minLength: 1, maxLength: 6 }),
    steps: fc.array(step(scale), { minLength: 5, maxLength: 40, size: 'max' }),
  });
}
