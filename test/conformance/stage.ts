import type { Activity } from './activity.js';
import type { Origin, SeenRequest } from './origin.js';
import { RawClient } from './raw-client.js';
import type { Reply } from './reply.js';
import type { Scenario } from './scenario.js';
import type { Running, System } from './systems/system.js';
import {
  type ClientTranscript,
  type ReplyTranscript,
  type RequestTranscript,
  replyTranscript,
  requestTranscript,
  type Transcript,
} from './transcript.js';

/** What the steps of a running scenario act on. */
export class Stage {
  readonly origin: Origin;
  readonly running: Running;
  /** Whether this is the reference and not P-8. */
  readonly isReference: boolean;
  readonly #activity: Activity;
  readonly #scenario: Scenario;
  readonly #clients = new Map<string, RawClient>();
  readonly #control: Reply[] = [];
  /** What a step waited to see; the rest may or may not have happened when the scenario ends. */
  readonly #seenClosed = new Set<string>();
  readonly #seenOutcome = new Set<SeenRequest>();
  /** Milliseconds that a step may take. */
  #patience = 3000;

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

  async hangUp(): Promise<void> {
    await Promise.all([...this.#clients.values()].map((client) => client.hangUp()));
  }

  transcript(): Transcript {
    return {
      clients: Object.fromEntries(
        [...this.#clients].map(([name, client]) => [name, this.#clientTranscript(name, client)]),
      ),
      origin: this.origin.requests.map((request) => this.#requestTranscript(request)),
      control: this.#control.map((reply) => this.#replyTranscript(reply)),
    };
  }

  #clientTranscript(name: string, client: RawClient): ClientTranscript {
    const replies = client.replies.map((reply) => this.#replyTranscript(reply));
    return this.#seenClosed.has(name) ? { replies, connection: 'closed' } : { replies };
  }

  #requestTranscript(request: SeenRequest): RequestTranscript {
    const { route } = this.#scenario.setup ?? {};
    const signer = { issuer: route?.sigIss ?? 'pushpin', key: String(route?.sigKey ?? 'changeme') };
    const transcript = requestTranscript(request, signer, this.#scenario.compare?.requests ?? []);
    if (request.state === 'aborted') return { ...transcript, end: 'aborted' };
    return this.#seenOutcome.has(request) ? { ...transcript, end: 'abandoned' } : transcript;
  }

  #replyTranscript(reply: Reply): ReplyTranscript {
    const transcript = replyTranscript(reply, this.#scenario.compare?.responses ?? []);
    // its port is another one each time
    const body = transcript.body.replaceAll(`127.0.0.1:${this.running.originPort}`, 'the origin');
    return { ...transcript, body };
  }
}
