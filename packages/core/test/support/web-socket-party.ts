import type { GripProxy } from '@p-8/core';
import { event, events, obliging } from '../../../../test/support/events-origin.js';
import type { ManualClock } from '../../../../test/support/manual-clock.js';
import type { Stage } from '../../../../test/support/stage.js';
import type { WsClient } from '../../../../test/support/ws-client.js';
import { OPCODES } from '../../../../test/support/ws-frames.js';
import { type BenchOptions, WebSocketBench } from './web-socket-bench.js';

/** How an origin can be asked. */
export const KINDS = ['over HTTP', 'direct'] as const;
export type Kind = (typeof KINDS)[number];

/** What an origin can say, as events are called. */
export type Saying = readonly [type: 'TEXT' | 'BINARY' | 'PING' | 'PONG', content?: string | Uint8Array];

/** One client that has been let in, and an origin of either kind that says to it what the test wants. */
export class WebSocketParty {
  readonly client: WsClient;
  readonly proxy: GripProxy;
  readonly clock: ManualClock;
  /** A client of the same origin that has been let in. */
  readonly join: () => Promise<WsClient>;
  readonly #bench: { pass(ms: number): Promise<void> };
  readonly #say: (sayings: readonly Saying[]) => void;
  #count = 0;

  private constructor(
    bench: {
      proxy: GripProxy;
      clock: ManualClock;
      pass(ms: number): Promise<void>;
      open(): Promise<WsClient>;
    },
    client: WsClient,
    say: (sayings: readonly Saying[]) => void,
  ) {
    this.#bench = bench;
    this.proxy = bench.proxy;
    this.clock = bench.clock;
    this.client = client;
    this.join = () => bench.open();
    this.#say = say;
  }

  /** `extension`: the origin's `Sec-WebSocket-Extensions`; empty: none. */
  static async start(
    stage: Stage,
    kind: Kind,
    extension = 'grip',
    options: BenchOptions = {},
  ): Promise<WebSocketParty> {
    const fields = extension === '' ? [] : [`Sec-WebSocket-Extensions: ${extension}`];
    if (kind === 'direct') {
      const bench = await WebSocketBench.direct(stage, (handshake) => handshake.accept(fields), options);
      const client = await bench.open();
      const end = await bench.origin.connection();
      end.answersClose = true;
      return new WebSocketParty(bench, client, (sayings) => {
        for (const [type, content = ''] of sayings) {
          end.frame(OPCODES[type.toLowerCase() as 'text' | 'binary' | 'ping' | 'pong'], content);
        }
      });
    }
    let answer: Uint8Array = Buffer.alloc(0);
    const handler = (text: string): ReturnType<typeof obliging> | object => {
      if (text === 'OPEN\r\n') return { fields, body: text };
      return text.startsWith('TEXT 2\r\ngo') ? answer : obliging(text);
    };
    const bench = await WebSocketBench.overHttp(stage, handler, options);
    const client = await bench.open();
    return new WebSocketParty(bench, client, (sayings) => {
      answer = events(...sayings);
      client.text('go');
    });
  }

  /** Has the origin say something, and waits until the proxy has heard it. */
  async say(...sayings: readonly Saying[]): Promise<void> {
    const mark = `mark ${this.#count++}`;
    this.#say([...sayings, ['PING', mark]]);
    await this.client.sees(`ping ${mark}`);
  }

  /** Has the origin send a control message, and waits until the proxy has carried it out. */
  async control(message: object | string): Promise<void> {
    await this.say(['TEXT', `c:${typeof message === 'string' ? message : JSON.stringify(message)}`]);
  }

  /** Has the origin say something that ends the connection, or its own part of it. */
  sayLast(...sayings: readonly Saying[]): void {
    this.#say(sayings);
  }

  /** What the client has got, in words, but for the marks of {@link WebSocketParty.say}. */
  get got(): string[] {
    return this.client.received.filter((message) => !message.startsWith('ping mark'));
  }

  async pass(ms: number): Promise<void> {
    await this.#bench.pass(ms);
  }

  /** Waits until all that the client can have got by now is there. */
  async arrived(): Promise<string[]> {
    await this.say();
    return this.got;
  }
}

/** A message as an event, for a first answer. */
export function controlEvent(message: object): Buffer {
  return event('TEXT', `c:${JSON.stringify(message)}`);
}
