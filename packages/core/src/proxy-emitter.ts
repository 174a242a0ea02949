import { EventEmitter } from 'eventemitter3';
import type { GripProxyEvents } from './events.js';
import { noteRejection } from './note-rejection.js';

type Event = keyof GripProxyEvents;
type Listener<E extends Event> = EventEmitter.EventListener<GripProxyEvents, E>;

/** The events of a proxy. Listeners disturb neither the proxy nor each other, whatever they throw, or reject with where they are `async`. */
export abstract class ProxyEmitter extends EventEmitter<GripProxyEvents> {
  /** By the listener as it was added, and by itself: whatever is removed is found. */
  readonly #guards = new WeakMap<object, unknown>();

  /** Gets what a listener has thrown. */
  protected abstract onListenerError(error: unknown): void;

  override on<E extends Event>(event: E, listener: Listener<E>, context?: unknown): this {
    return super.on(event, this.#guard(listener), context);
  }

  override addListener<E extends Event>(event: E, listener: Listener<E>, context?: unknown): this {
    return this.on(event, listener, context);
  }

  override once<E extends Event>(event: E, listener: Listener<E>, context?: unknown): this {
    return super.once(event, this.#guard(listener), context);
  }

  override off<E extends Event>(event: E, listener?: Listener<E>, context?: unknown, once?: boolean): this {
    return super.off(event, listener && this.#guard(listener), context, once);
  }

  override removeListener<E extends Event>(
    event: E,
    listener?: Listener<E>,
    context?: unknown,
    once?: boolean,
  ): this {
    return this.off(event, listener, context, once);
  }

  #guard<E extends Event>(listener: Listener<E>): Listener<E> {
    // What is no function is for the emitter to complain about.
    if (typeof listener !== 'function') return listener;
    const known = this.#guards.get(listener);
    if (known !== undefined) return known as Listener<E>;
    const emitter = this;
    const guard = function (this: unknown, ...args: EventEmitter.EventArgs<GripProxyEvents, E>): void {
      try {
        const result: unknown = listener.apply(this, args);
        noteRejection(result, (error) => emitter.onListenerError(error));
      } catch (error) {
        emitter.onListenerError(error);
      }
    } as Listener<E>;
    this.#guards.set(listener, guard);
    this.#guards.set(guard, guard);
    return guard;
  }
}
