import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises';
import type { Activity } from './activity.js';
import { HandshakeFields } from './handshake-fields.js';
import type { Origin, SeenRequest } from './origin.js';
import { RawClient } from './raw-client.js';
import type { Reply } from './reply.js';
import type { Scenario } from './scenario.js';
import { messageText } from './shown-bytes.js';
import type { Running, System } from './systems/system.js';
import {
  type ClientTranscript,
  type ReplyTranscript,
  type RequestTranscript,
  replyTranscript,
  requestTranscript,
  type Transcript,
} from './transcript.js';
import { WsClient } from './ws-client.js';

/** Milliseconds: Pushpin 1.36 can take 20 messages a second. */
const REFERENCE_PAUSE = 60;
/** Turns of the event loop, for bytes that are on their way within this process. */
const TURNS = 5;

/** What the steps of a running scenario act on. */
export class Stage {
  readonly origin: Origin;
  readonly running: Running;
  /** Whether this is the reference and not P-8. */
  readonly isReference: boolean;
  readonly #activity: Activity;
  readonly #scenario: Scenario;
  readonly #clients = new Map<string, RawClient>();
  readonly #webSockets = new Map<string, WsClient>();
  readonly #control: Reply[] = [];
  /** What a step waited to see; the rest may or may not have happened when the scenario ends. */
  readonly #seenClosed = new Set<string>();
  readonly #seenOutcome = new Set<SeenRequest>();
  readonly #seenEnd = new Set<SeenRequest>();
  /** Milliseconds that a step may take. */
  #patience = 10_000;

  constructor(system: System, running: Running, scenario: Scenario, origin: Origin, activity: Activity) {
    this.isReference = system.kind === 'reference';
    this.running = running;
    this.origin = origin;
    this.#scenario = scenario;
    this.#activity = activity;
  }

  /** The client called `name`; its connection is opened the first time. */
  async client(name: string): Promise<RawClient> {
    const known = this.#clients.get(name);
    if (known !== undefined) return known;
    const client = await RawClient.open(this.running.port, this.#activity);
    this.#clients.set(name, client);
    return client;
  }

  /** Makes the connection of the client called `name` a WebSocket. `bytes`: its handshake. */
  async openWebSocket(name: string, bytes: string, answersClose: boolean): Promise<void> {
    const client = await this.client(name);
    this.#webSockets.set(name, new WsClient(client, answersClose));
    client.send(bytes, [{ method: 'GET', version: '1.1' }]);
  }

  /** The WebSocket of the client called `name`. */
  webSocket(name: string): WsClient {
    const webSocket = this.#webSockets.get(name);
    if (webSocket === undefined) throw new Error(`${name} has not opened a WebSocket`);
    return webSocket;
  }

  /**
   * What was sent gets the time to arrive before the next step, which may be another party's. The reference also loses the thread when
   * messages follow each other fast.
   */
  async pause(): Promise<void> {
    if (this.isReference) await delay(REFERENCE_PAUSE);
    else for (let i = 0; i < TURNS; i += 1) await turn();
  }

  until(condition: () => boolean, waitingFor: () => string): Promise<void> {
    return this.#activity.until(condition, waitingFor, this.#patience);
  }

  /** Lets up to `ms` milliseconds pass while `wait` waits. */
  async within(ms: number, wait: () => Promise<void>): Promise<void> {
    const patience = this.#patience;
    this.#patience += ms;
    await this.running.during(ms, wait);
    this.#patience = patience;
  }

  /** Sends `bytes` to the control port and returns the answer. */
  async control(bytes: string | Uint8Array, method: string): Promise<Reply> {
    const client = await RawClient.open(this.running.controlPort, this.#activity);
    client.send(bytes, [{ method, version: '1.1' }]);
    const answered = (): boolean => {
      const [reply] = client.replies;
      return reply !== undefined && reply.end !== 'open';
    };
    await this.until(answered, () => `the control API's answer; got ${JSON.stringify(client.text)}`);
    await client.hangUp();
    const [reply] = client.replies;
    if (reply === undefined) throw new Error('the control API closed the connection without an answer');
    return reply;
  }

  /** Puts an answer of the control API into the transcript. */
  noteControl(reply: Reply): void {
    this.#control.push(reply);
  }

  noteClosed(client: string): void {
    this.#seenClosed.add(client);
  }

  noteOutcome(request: SeenRequest): void {
    this.#seenOutcome.add(request);
  }

  /** The end of the connection of the WebSocket that `request` opened was waited for. */
  noteEnd(request: SeenRequest): void {
    this.#seenEnd.add(request);
  }

  async hangUp(): Promise<void> {
    await Promise.all([...this.#clients.values()].map((client) => client.hangUp()));
  }

  transcript(): Transcript {
    const handshakes = new HandshakeFields();
    return {
      clients: Object.fromEntries(
        [...this.#clients].map(([name, client]) => [name, this.#clientTranscript(name, client)]),
      ),
      origin: this.origin.requests.map((request) => this.#requestTranscript(request, handshakes)),
      control: this.#control.map((reply) => this.#replyTranscript(reply)),
    };
  }

  #clientTranscript(name: string, client: RawClient): ClientTranscript {
    const replies = client.replies.map((reply) => this.#replyTranscript(reply));
    const webSocket = this.#webSockets.get(name);
    return {
      replies,
      ...(webSocket?.opened && { messages: webSocket.messages.map(messageText) }),
      ...(this.#seenClosed.has(name) && { connection: 'closed' }),
    };
  }

  #requestTranscript(request: SeenRequest, handshakes: HandshakeFields): RequestTranscript {
    const { route } = this.#scenario.setup ?? {};
    const signer = { issuer: route?.sigIss ?? 'pushpin', key: String(route?.sigKey ?? 'changeme') };
    const { compare, ignore } = this.#scenario;
    const choice = { compared: compare?.requests, ignored: ignore?.requests };
    const transcript: RequestTranscript = {
      ...requestTranscript(request, signer, choice, handshakes),
      ...(request.webSocket && { messages: request.webSocket.messages.map(messageText) }),
      ...(this.#seenEnd.has(request) && { connection: 'closed' }),
    };
    if (request.state === 'aborted') return { ...transcript, end: 'aborted' };
    return this.#seenOutcome.has(request) ? { ...transcript, end: 'abandoned' } : transcript;
  }

  #replyTranscript(reply: Reply): ReplyTranscript {
    const { compare, ignore } = this.#scenario;
    const choice = { compared: compare?.responses, ignored: ignore?.responses };
    // what follows is not a body
    if (reply.status === 101) {
      const compared = ['connection', ...(choice.compared ?? [])];
      return replyTranscript({ ...reply, body: Buffer.alloc(0), end: 'complete' }, { ...choice, compared });
    }
    const transcript = replyTranscript(reply, choice);
    // its port is another one each time
    const body = transcript.body
      .replaceAll(`127.0.0.1:${this.running.originPort}`, 'the origin')
      .replace(/"entropy":\d+/, '"entropy":random');
    return { ...transcript, body };
  }
}
