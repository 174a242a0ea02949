import { Receiver } from './receiver.js';

/** A request that is answered with the next frame. */
export class PollReceiver extends Receiver {
  readonly blocked = false;
  #ended = false;

  get ended(): boolean {
    return this.#ended;
  }

  begin(): void {}

  write(frame: string): void {
    this.#ended = true;
    this.request.answer(200, this.format.contentType, this.format.write(frame));
  }

  end(): void {}

  abort(): void {
    this.#ended = true;
    this.refuseLost();
  }

  onClientDrained(): void {}
}
