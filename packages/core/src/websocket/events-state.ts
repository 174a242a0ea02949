import { type HeaderList, headerValue, parseInteger } from '@p-8/protocol';

/** The fewest seconds between two questions to an origin that wants to be asked from time to time. Source: Pushpin. */
const MIN_INTERVAL_SECONDS = 20;

/** The most values that an origin can have kept for a connection. */
const MAX_META = 100;

/** The most bytes of their names and values, as they go out with each request. */
const MAX_META_BYTES = 65_536;

const SET_META = 'set-meta-';

/** What an origin has told us to remember of a connection: its meta, which comes back with each request, and its keep-alive. */
export class EventsState {
  /** By name in lower case. */
  #meta: Map<string, readonly [name: string, value: string]> | undefined;
  #intervalSeconds: number | undefined;

  /** Milliseconds after which the origin is asked when nothing else happens; undefined: never. */
  get keepAliveInterval(): number | undefined {
    return this.#intervalSeconds === undefined ? undefined : this.#intervalSeconds * 1000;
  }

  /** `Meta-` fields for a request. */
  metaFields(): string[] {
    if (this.#meta === undefined) return [];
    return [...this.#meta.values()].flatMap(([name, value]) => [`Meta-${name}`, value]);
  }

  /** `Keep-Alive-Interval: SECONDS`: anything but a positive integer turns it off; without the field, all stays. */
  readKeepAlive(headers: HeaderList): void {
    const value = headerValue(headers, 'keep-alive-interval');
    if (value === undefined) return;
    const seconds = parseInteger(value);
    this.#intervalSeconds =
      seconds === undefined || seconds <= 0 ? undefined : Math.max(seconds, MIN_INTERVAL_SECONDS);
  }

  /** `Set-Meta-NAME: VALUE`; an empty value removes it. False: some had no room. */
  readMeta(headers: HeaderList): boolean {
    let allKept = true;
    for (let i = 0; i + 1 < headers.length; i += 2) {
      const field = headers[i] ?? '';
      const name = field.slice(SET_META.length);
      if (name === '' || field.slice(0, SET_META.length).toLowerCase() !== SET_META) continue;
      const value = headers[i + 1] ?? '';
      const key = name.toLowerCase();
      this.#meta?.delete(key);
      if (value !== '' && !this.#set(key, name, value)) allKept = false;
    }
    return allKept;
  }

  #set(key: string, name: string, value: string): boolean {
    this.#meta ??= new Map();
    let bytes = name.length + value.length;
    for (const [one, other] of this.#meta.values()) bytes += one.length + other.length;
    if (this.#meta.size >= MAX_META || bytes > MAX_META_BYTES) return false;
    this.#meta.set(key, [name, value]);
    return true;
  }
}

/** Whether a field of the answer that lets a client in is for us, and not for the client. */
export function isEventsField(lowerName: string): boolean {
  return (
    lowerName === 'content-length' ||
    lowerName === 'content-type' ||
    lowerName === 'keep-alive-interval' ||
    lowerName === 'content-bytes-accepted' ||
    lowerName.startsWith(SET_META)
  );
}
