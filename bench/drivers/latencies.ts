/** Percentiles of how long something took. */
export interface Milliseconds {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Collects how long things took. */
export class Latencies {
  #values: number[] = [];

  add(ms: number): void {
    this.#values.push(ms);
  }

  /** What was collected since the last call. */
  take(): Milliseconds {
    const sorted = Float64Array.from(this.#values).sort();
    this.#values = [];
    const at = (share: number): number =>
      sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    return { p50: at(0.5), p99: at(0.99), max: at(1) };
  }
}
