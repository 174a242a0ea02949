import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { type OriginFault, OriginFaults } from './origin-faults.js';
import { OriginRequest } from './origin-request.js';
import { Patience } from './patience.js';
import { cutAnswer, RecordedAnswer } from './recorded-answer.js';
import {
  describeEvents,
  describeInstruct,
  isInstructHead,
  type SeenInstruct,
  seenInstruct,
} from './seen-instruct.js';
import { quote, type Timeline } from './timeline.js';
import type { VirtualClock } from './virtual-clock.js';

/** Stands between the proxy and the app: sees what is asked and answered, and lets it go wrong. */
export class OriginTap {
  readonly requests: OriginRequest[] = [];
  readonly instructs: SeenInstruct[] = [];
  readonly faults: OriginFaults;
  /** Content may be an instruct. */
  jsonInstructs = true;
  readonly #app: RequestListener;
  readonly #clock: VirtualClock;
  readonly #timeline: Timeline;
  /** Requests that virtual time holds back. */
  readonly #delayed = new Set<ServerResponse>();
  /** Requests that the app is at. */
  readonly #asked: Patience<ServerResponse>;
  /** Requests that the app answers at length, as long as it likes. */
  readonly #streaming = new Set<ServerResponse>();

  /** @param patience milliseconds to wait for the app */
  constructor(app: RequestListener, clock: VirtualClock, timeline: Timeline, patience: number) {
    this.#app = app;
    this.#clock = clock;
    this.#timeline = timeline;
    this.#asked = new Patience(patience);
    this.faults = new OriginFaults((text) => timeline.add('fault', text));
  }

  /** How many requests there are that do not end unless something else happens. */
  get waiting(): number {
    return this.#delayed.size + this.#streaming.size + this.#asked.exhausted;
  }

  readonly listener: RequestListener = (req, res) => {
    const request = new OriginRequest(this.#clock.elapsed, req);
    this.requests.push(request);
    this.#timeline.add('origin', `${request.method} ${request.url} comes`);
    const fault = this.faults.strike();
    res.once('close', () => {
      for (const requests of [this.#delayed, this.#streaming]) requests.delete(res);
      this.#asked.end(res);
    });
    if (fault.delay === 0) this.#carryOut(fault, request, req, res);
    else this.#delay(fault.delay, res, () => this.#carryOut(fault, request, req, res));
  };

  #delay(ms: number, res: ServerResponse, run: () => void): void {
    this.#delayed.add(res);
    const timer = this.#clock.setTimeout(() => {
      res.off('close', giveUp);
      this.#delayed.delete(res);
      run();
    }, ms);
    const giveUp = (): void => this.#clock.clearTimeout(timer);
    res.once('close', giveUp);
  }

  #carryOut(fault: OriginFault, request: OriginRequest, req: IncomingMessage, res: ServerResponse): void {
    if (fault.kind === 'drop') {
      this.#timeline.add('fault', `${request.method} ${request.url}: there is nobody`);
      req.socket.destroy(new OriginDown());
      return;
    }
    if (fault.kind === 'cut') cutAnswer(res);
    this.#asked.begin(res);
    const answer = new RecordedAnswer(res, {
      onHead: () => this.#onHead(request, answer, res),
      onBody: () => {
        if (this.#asked.has(res)) this.#asked.begin(res);
      },
      onEnd: () => {
        this.#asked.end(res);
        this.#streaming.delete(res);
        this.#take(request, answer);
      },
    });
    if (fault.kind === 'fail') res.writeHead(fault.status, { 'Content-Type': 'text/plain' }).end(fault.body);
    else this.#app(req, res);
  }

  /** What the proxy reads to its end first, it waits for; the rest passes through. */
  #onHead({ isWebSocket }: OriginRequest, { headers }: RecordedAnswer, res: ServerResponse): void {
    if (isWebSocket || isInstructHead(headers, this.jsonInstructs)) return;
    this.#asked.end(res);
    this.#streaming.add(res);
  }

  #take(request: OriginRequest, recorded: RecordedAnswer): void {
    const { answer, bytes } = recorded;
    request.answer = answer;
    const { method, url, isWebSocket } = request;
    const asked = isWebSocket ? ` with ${describeEvents(request.bytes)}` : '';
    const said = isWebSocket && answer.status === 200 ? describeEvents(bytes) : quote(answer.body);
    this.#timeline.add('origin', `${method} ${url}${asked} is answered ${answer.status} ${said}`);
    const instruct = seenInstruct(request, answer, bytes, this.jsonInstructs);
    if (instruct === undefined) return;
    if (!instruct.ok) {
      this.#timeline.add('error', `an instruct that is none: ${instruct.message}`);
      return;
    }
    this.instructs.push(instruct.value);
    this.#timeline.add('instruct', describeInstruct(instruct.value));
  }
}

/** What one gets who connects where nobody listens. */
class OriginDown extends Error {
  readonly code = 'ECONNREFUSED';

  constructor() {
    super('the origin is down');
  }
}
