export type { Receipt } from '@p-8/core';
export type { FetchHandler, TestedApp } from './app-listener.js';
export type { DeliveryQuery, ExpectedHolds } from './assertions.js';
export type { OpenInit, RequestInit } from './clients/http-request.js';
export type { Ending, NextOptions } from './clients/inbox.js';
export type { LongPollClient, LongPollResponse } from './clients/long-poll-client.js';
export type { SseClient, SseEvent, SseInit } from './clients/sse-client.js';
export type { StreamClient } from './clients/stream-client.js';
export {
  type WebSocketClient,
  type WebSocketEnding,
  type WebSocketInit,
  WebSocketRefused,
} from './clients/web-socket-client.js';
export { createGripTest } from './create-grip-test.js';
export type { Duration } from './duration.js';
export type { GripTest } from './grip-test.js';
export type { GripTestOptions } from './grip-test-options.js';
export type { Held, HoldQuery } from './held.js';
export type { ItemFaultOptions, ItemFaults } from './item-faults.js';
export { type PublishedItem, PublishRefused } from './item-route.js';
export type { FaultOptions, OriginFaults } from './origin-faults.js';
export type { OriginAnswer, OriginRequest } from './origin-request.js';
export type { SeenInstruct } from './seen-instruct.js';
export type { TestEvent, TestEventType } from './timeline.js';
export type { VirtualClock } from './virtual-clock.js';
