import { GripProxy } from '@p-8/core';

// Loaded into the `p-8` command before it starts: the suite, which cannot look into another process, hears of each
// subscription.
const hubs = Object.getPrototypeOf(new GripProxy().hub) as GripProxy['hub'];
const { subscribe } = hubs;
hubs.subscribe = function (subscription) {
  subscribe.call(this, subscription);
  process.send?.(subscription.channel);
};
