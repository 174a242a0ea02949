import type { Exchange } from './exchange.js';

/** Requests that wait, in the order in which they came. Any of them may leave at any time, and costs no search. */
export class ExchangeLine {
  #first: Exchange | undefined;
  #last: Exchange | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get first(): Exchange | undefined {
    return this.#first;
  }

  add(exchange: Exchange): void {
    exchange.previous = this.#last;
    if (this.#last === undefined) this.#first = exchange;
    else this.#last.next = exchange;
    this.#last = exchange;
    this.#size++;
  }

  /** Takes one out that is in the line. */
  remove(exchange: Exchange): void {
    if (exchange.previous === undefined) this.#first = exchange.next;
    else exchange.previous.next = exchange.next;
    if (exchange.next === undefined) this.#last = exchange.previous;
    else exchange.next.previous = exchange.previous;
    exchange.previous = exchange.next = undefined;
    this.#size--;
  }
}
