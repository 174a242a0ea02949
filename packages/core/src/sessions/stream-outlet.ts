import { CHUNK_COST } from '../heap-cost.js';
import { ClientStream, type StreamOwner } from '../http/client-stream.js';
import type { StreamChunk } from '../http/stream-chunk.js';
import type { Subscription } from '../hub/session.js';
import { Conflation } from './conflation.js';
import type { HeldRequest } from './held-request.js';

/** What a numbered channel had before a chunk that waits: without the chunk, it has that again. */
interface Mark {
  readonly subscription: Subscription;
  readonly prevId: string;
}

/** A chunk that stands for all that its channel has had since the client was too slow. */
interface ConflatedChunk {
  readonly chunk: StreamChunk;
  readonly mark: Mark | undefined;
}

/** The way of items to the client of a stream, as far as there is room for what the client does not take. */
export class StreamOutlet {
  readonly stream: ClientStream;
  readonly #maxBytes: number;
  /** What waits, where only the newest of each channel is kept. Undefined: all is. */
  #conflation: Conflation<ConflatedChunk> | undefined;
  /** Bytes of items that newer ones have taken the place of. */
  #superseded = 0;
  /** How often what waits has been taken back. */
  #takenBack = 0;

  constructor({ client, services, limits }: HeldRequest, owner: StreamOwner) {
    this.stream = new ClientStream(client, services.flusher, owner);
    this.#maxBytes = limits.queueBytes;
  }

  /** As {@link Session.given}. */
  get given(): number {
    return this.stream.given + this.#superseded + this.#conflatedBytes;
  }

  /** As {@link Session.unsent}. */
  get unsent(): number {
    return this.stream.unsent + this.#conflatedBytes;
  }

  /** Bytes that what the client has not taken takes here. */
  get waitingBytes(): number {
    return this.stream.waitingBytes + (this.#conflation?.cost ?? 0);
  }

  /** Only the newest item of each channel is kept, where the channel is one of which that is wanted. */
  get conflates(): boolean {
    return this.#conflation !== undefined;
  }

  /**
   * Sends a chunk of a channel, or lets it wait. False: there is no room. While room is made, it may turn out that too much waits
   * for all clients together: a chunk that would have followed what is taken back then is not sent.
   */
  put(chunk: StreamChunk, subscription: Subscription): boolean {
    const takenBack = this.#takenBack;
    if (!this.#hasRoomFor(chunk)) return false;
    if (takenBack === this.#takenBack) this.stream.write(chunk, markFor(subscription));
    return true;
  }

  /** From now on, until the client has taken what waits, a chunk can take the place of the one before it. */
  startConflation(): void {
    this.#conflation ??= new Conflation(CHUNK_COST);
  }

  /** Lets a chunk wait in place of the one of the same channel before it. False: not even the newest ones have room. */
  conflate(chunk: StreamChunk, subscription: Subscription): boolean {
    const conflation = this.#conflation;
    if (conflation === undefined) return false;
    const { channel } = subscription;
    // Without it, the channel has again what it had before the first of those that it stands for.
    const before = conflation.get(channel);
    const mark = before === undefined ? markFor(subscription) : before.mark;
    this.#superseded += conflation.put(channel, { chunk, mark }, chunk.size);
    return conflation.cost <= this.#maxBytes;
  }

  /** The client takes again what there is: so it gets the newest of each channel. */
  writeConflated(): void {
    for (const { chunk, mark } of this.#takeConflated()) this.stream.write(chunk, mark);
  }

  /** Drops what waits of numbered channels: they have again what they had before. */
  takeBack(): void {
    this.#takenBack++;
    const conflated = this.#takeConflated();
    const marks = this.stream.drop() as Mark[];
    for (const { mark } of conflated) if (mark !== undefined) marks.push(mark);
    // The last one first, since each tells what its channel had before it.
    for (const { subscription, prevId } of marks.reverse()) subscription.prevId = prevId;
    // What has no number cannot be asked for.
    for (const { chunk, mark } of conflated) if (mark === undefined) this.stream.write(chunk);
  }

  get #conflatedBytes(): number {
    return this.#conflation?.bytes ?? 0;
  }

  #takeConflated(): readonly ConflatedChunk[] {
    const kept = this.#conflation?.take() ?? [];
    this.#conflation = undefined;
    return kept;
  }

  /** Only a slow client runs out of room: for others, what has come in this turn goes out first, however much it is. */
  #hasRoomFor(chunk: StreamChunk): boolean {
    if (this.#fits(chunk)) return true;
    this.stream.flush();
    return this.#fits(chunk);
  }

  #fits({ cost }: StreamChunk): boolean {
    const { pendingCost } = this.stream;
    return pendingCost === 0 || pendingCost + cost <= this.#maxBytes;
  }
}

function markFor(subscription: Subscription): Mark | undefined {
  return subscription.prevId === undefined ? undefined : { subscription, prevId: subscription.prevId };
}
