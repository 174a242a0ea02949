import type { Wish } from './log-origin.js';
import type { Schedule } from './schedule.js';
import type { ChannelName } from './true-log.js';

const wish: Wish = { transport: 'stream', channels: ['b'], linked: true, policy: '', user: '' };

function publish(channel: ChannelName, size: number, count: number): Schedule['steps'][number] {
  return { type: 'publish', channel, passage: 'once', size, sender: '', count };
}

/** Schedules that found what was wrong, by what the clients of each are to see. */
export const ONCE_WRONG: Readonly<Record<string, Schedule>> = {
  'nothing comes twice when room for one of many slow clients is made': {
    sessionQueueBytes: 8000,
    totalQueueBytes: 12_000,
    linkTimeoutSeconds: 20,
    clients: [wish, wish],
    steps: [
      publish('b', 1500, 20),
      publish('a', 10, 1),
      { type: 'resume', client: 0, bytesPerTurn: undefined },
      { type: 'stall', client: 0 },
      { type: 'pass', ms: 100 },
      publish('a', 10, 1),
    ],
  },
  'what waits for a lost item is not overtaken when a long-poll makes the proxy doubt': {
    sessionQueueBytes: 2000,
    totalQueueBytes: 12_000,
    linkTimeoutSeconds: 20,
    clients: [{ ...wish, transport: 'poll' }],
    steps: [
      publish('b', 10, 1),
      { type: 'open', wish: { ...wish, transport: 'ws', linked: false } },
      { type: 'turns', count: 0 },
      { type: 'pass', ms: 21_000 },
      { type: 'publish', channel: 'b', passage: 'lost', size: 10, sender: '', count: 1 },
      { type: 'pass', ms: 21_000 },
      publish('b', 10, 1),
      { type: 'turns', count: 0 },
      publish('b', 10, 1),
    ],
  },
  'an item without a number is not lost while a next link is about to be asked': {
    sessionQueueBytes: 2000,
    totalQueueBytes: 1_000_000,
    linkTimeoutSeconds: 20,
    clients: [{ ...wish, channels: ['b', 'u'] }],
    steps: [{ type: 'hint', channel: 'b' }, publish('u', 10, 1), publish('b', 4000, 1)],
  },
  'what overtook others is not missing for a slow client that gets those from what is still known': {
    sessionQueueBytes: 2000,
    totalQueueBytes: 12_000,
    linkTimeoutSeconds: 100_000,
    clients: [
      { ...wish, channels: ['a', 'b'] },
      { ...wish, channels: ['a'] },
    ],
    steps: [
      publish('b', 1500, 5),
      { type: 'publish', channel: 'a', passage: 'overtaken', size: 10, sender: '', count: 1 },
      publish('b', 10, 1),
      { type: 'pass', ms: 100 },
      { type: 'turns', count: 0 },
    ],
  },
};
