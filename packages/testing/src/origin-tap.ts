import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { type OriginFault, OriginFaults } from './origin-faults.js';
import { cutAnswer, type OriginAnswer, OriginRequest, recordAnswer } from './origin-request.js';
import { describeEvents, describeInstruct, type SeenInstruct, seenInstruct } from './seen-instruct.js';
import { quote, type Timeline } from './timeline.js';
import type { VirtualClock } from './virtual-clock.js';

/** Stands between the proxy and the app: sees what is asked and answered, and lets it go wrong. */
export class OriginTap {
  readonly requests: OriginRequest[] = [];
  readonly instructs: SeenInstruct[] = [];
  readonly faults: OriginFaults;
  readonly #app: RequestListener;
  readonly #clock: VirtualClock;
  readonly #timeline: Timeline;
  /** Requests that virtual time holds back. */
  #waiting = 0;
  /** Requests that the app answers at length. */
  readonly #streaming = new Set<ServerResponse>();

  constructor(app: RequestListener, clock: VirtualClock, timeline: Timeline) {
    this.#app = app;
    this.#clock = clock;
    this.#timeline = timeline;
    this.faults = new OriginFaults((text) => timeline.add('fault', text));
  }

  /** How many requests there are that do not end unless something else happens. */
  get waiting(): number {
    return this.#waiting + this.#streaming.size;
  }

  readonly listener: RequestListener = (req, res) => {
    const request = new OriginRequest(this.#clock.elapsed, req);
    this.requests.push(request);
    this.#timeline.add('origin', `${request.method} ${request.url} comes`);
    const fault = this.faults.strike();
    res.once('close', () => this.#streaming.delete(res));
    if (fault.delay === 0) {
      this.#carryOut(fault, request, req, res);
      return;
    }
    this.#waiting++;
    const timer = this.#clock.setTimeout(() => {
      res.off('close', giveUp);
      this.#waiting--;
      this.#carryOut(fault, request, req, res);
    }, fault.delay);
    const giveUp = (): void => {
      this.#clock.clearTimeout(timer);
      this.#waiting--;
    };
    res.once('close', giveUp);
  };

  #carryOut(fault: OriginFault, request: OriginRequest, req: IncomingMessage, res: ServerResponse): void {
    if (fault.kind === 'drop') {
      this.#timeline.add('fault', `${request.method} ${request.url}: connection broken`);
      req.socket.destroy();
      return;
    }
    if (fault.kind === 'cut') cutAnswer(res);
    recordAnswer(
      res,
      () => this.#streaming.add(res),
      (answer, body) => {
        this.#streaming.delete(res);
        this.#take(request, answer, body);
      },
    );
    if (fault.kind === 'fail') {
      res.writeHead(fault.status, { 'Content-Type': 'text/plain' }).end(fault.body);
      return;
    }
    this.#app(req, res);
  }

  #take(request: OriginRequest, answer: OriginAnswer, body: Buffer): void {
    request.answer = answer;
    const { method, url, isWebSocket } = request;
    const asked = isWebSocket ? ` with ${describeEvents(request.bytes)}` : '';
    const said = isWebSocket && answer.status === 200 ? describeEvents(body) : quote(answer.body);
    this.#timeline.add('origin', `${method} ${url}${asked} is answered ${answer.status} ${said}`);
    const instruct = seenInstruct(request, answer, body);
    if (instruct === undefined) return;
    if (!instruct.ok) {
      this.#timeline.add('error', `an instruct that is none: ${instruct.message}`);
      return;
    }
    this.instructs.push(instruct.value);
    this.#timeline.add('instruct', describeInstruct(instruct.value));
  }
}
