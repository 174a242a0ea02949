import type { Curve } from './curve.js';

/** Channels that one connection may have at most, here and in the reference as it is shipped. */
const CHANNELS_EACH = 20;

const connections: Curve = {
  name: 'curve-connections',
  title: 'Connections: one channel, one publish at a time',
  axis: 'connections',
  points: [100, 1000, 5000, 19_000],
  spec: (point) => ({ connections: point }),
  shape: 'flat',
  from: 1000,
  theory:
    'Flat from some hundred connections on: a delivery is a write to a socket, and the cost of the request that publishes is shared by all of them.',
};

const channels: Curve = {
  name: 'curve-channels',
  title: 'Channels: one stream for each, 64 publishes in flight',
  axis: 'channels',
  points: [1, 10, 100, 1000, 10_000, 100_000],
  spec: (point) => ({
    connections: Math.ceil(point / CHANNELS_EACH),
    channels: point,
    channelsEach: Math.min(point, CHANNELS_EACH),
    inFlight: 64,
  }),
  shape: 'flat',
  from: 100,
  theory:
    'Flat: a channel is found by its name in a hash map, and each delivery has a request of its own, whose cost outweighs it. Less with few channels, since several of the items in flight are for the same client and are written at once; somewhat more with very many, since they have 20 to a connection: what a channel, a session and a socket of thousands need is not in the caches of the processor when their turn comes.',
};

const size: Curve = {
  name: 'curve-size',
  title: 'Size of items: one channel, 100 connections, one publish at a time',
  axis: 'bytes an item',
  points: [100, 1000, 10_000, 100_000],
  spec: (point) => ({ connections: 100, itemBytes: point }),
  shape: 'linear',
  from: 100,
  theory:
    'Flat while the cost of a write outweighs that of its bytes, then linear: the kernel copies them once for each client, P-8 does not.',
};

const items: Curve = {
  name: 'curve-items',
  title: 'Items a request: one channel, 100 connections, one publish at a time',
  axis: 'items a request',
  points: [1, 10, 100, 1000],
  spec: (point) => ({ connections: 100, itemsPerRequest: point }),
  shape: 'flat',
  from: 100,
  theory:
    'Falling, and flat in the end: the items of a request are written to a client at once, so they share the cost of the write and of the request; what is left is that of the bytes, and of reading each item, which 100 clients share.',
};

/** How cost grows, in the order of the report. */
export const CURVES: readonly Curve[] = [connections, channels, size, items];
