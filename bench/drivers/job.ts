import type { Milliseconds } from './latencies.js';

/** Where items are published, and in which form: GRIP's JSON, or the bare content (nchan), one item a request. */
export interface PublishTarget {
  readonly port: number;
  readonly form: 'grip' | 'raw';
}

/** What kind of connection is held, and so how it is asked for and which format its items have. */
export type HoldKind = 'stream' | 'response' | 'websocket';

/** Asks for the same small or large response again and again, on connections that are kept. */
export interface RelaySpec {
  readonly job: 'relay';
  readonly port: number;
  readonly path: string;
  readonly connections: number;
}

/** Holds connections, publishes, and counts what arrives. */
export interface FanOutSpec {
  readonly job: 'fan-out';
  readonly kind: 'stream' | 'websocket';
  readonly port: number;
  readonly publish: PublishTarget;
  readonly connections: number;
  /** The connections are spread over them, and so are the items. */
  readonly channels: number;
  /** Channels of one connection. */
  readonly channelsEach: number;
  /** Requests that publish at a time: each until it is answered and the last client has its items. */
  readonly inFlight: number;
  readonly itemsPerRequest: number;
  /** Bytes of one item's content. */
  readonly itemBytes: number;
}

/** Opens connections that are held, some at a time. */
export interface AcceptSpec {
  readonly job: 'accept';
  readonly kind: 'stream' | 'websocket';
  readonly port: number;
  readonly connections: number;
  /** Leave them open. */
  readonly keep: boolean;
}

/** WebSocket clients that send a message, wait for its echo, and send the next. */
export interface EchoSpec {
  readonly job: 'echo';
  readonly port: number;
  readonly connections: number;
}

/** Clients that poll, are held, get what is published and poll again. */
export interface PollSpec {
  readonly job: 'poll';
  readonly port: number;
  readonly publish: PublishTarget;
  readonly connections: number;
}

export type JobSpec = RelaySpec | FanOutSpec | AcceptSpec | EchoSpec | PollSpec;

/** What should not happen, counted. */
export interface Troubles {
  /** Items that a client did not get. */
  readonly lost: number;
  /** Items that a client got twice. */
  readonly duplicates: number;
  /** Connections that ended although nobody asked for it. */
  readonly closed: number;
  /** Responses that were not 200, or 101. */
  readonly errors: number;
}

/** What came of a run. */
export interface Outcome extends Troubles {
  /** Responses, deliveries, holds or echoes in the measured time. */
  readonly count: number;
  /** The same with those that came afterwards, while what was under way was waited for. */
  readonly total: number;
  /** How long was measured. */
  readonly seconds: number;
  readonly bytes: number;
  readonly latency: Milliseconds;
}

/** A load that a driver makes. */
export interface Job {
  prepare(): Promise<void>;
  /** May be called again: a first time to warm up. */
  run(seconds: number): Promise<Outcome>;
}

/** What a driver process is told, over IPC. */
export type Command =
  | { readonly do: 'prepare'; readonly spec: JobSpec }
  | { readonly do: 'run'; readonly seconds: number };

/** What it answers. */
export type Answer =
  | { readonly ok: true; readonly outcome: Outcome | undefined }
  | { readonly ok: false; readonly message: string };
