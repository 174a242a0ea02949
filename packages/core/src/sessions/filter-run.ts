import type { Destination } from '../routing/origin.js';
import { applyFilter, type PrevIdOf } from './content-filters.js';
import {
  type FilterServices,
  type FilterVerdict,
  failed,
  type HttpFilterName,
  HttpFilterRequest,
} from './http-filter.js';

/** What filters are told of a session. */
export interface FilterSource {
  readonly services: FilterServices;
  /** Absolute: what the URL of a filter is relative to. */
  readonly currentUri: string;
  readonly meta: ReadonlyMap<string, string>;
  readonly prevIdOf: PrevIdOf;
  /** Where a request for `uri` goes; a string says why the proxy must not go there. */
  linkTo(uri: string): Destination | string;
}

/** An item's content, and the filters that it has to pass. */
export interface FilterTask {
  readonly content: Uint8Array;
  /** In their order. Those that look at meta only have been looked at before. */
  readonly filters: readonly string[];
  readonly itemMeta: ReadonlyMap<string, string>;
}

/** Whether any of a subscription's filters asks the origin, which takes time. */
export function asksOrigin(filters: readonly string[]): boolean {
  return filters.length > 0 && filters.some(isHttpFilter);
}

export function isHttpFilter(name: string): name is HttpFilterName {
  return name === 'http-check' || name === 'http-modify';
}

/** One item's way through the filters of a subscription, one after the other, some of which ask the origin. */
export class FilterRun {
  readonly #source: FilterSource;
  readonly #task: FilterTask;
  #content: Uint8Array;
  #next = 0;
  #verdict: FilterVerdict | undefined;
  /** Undefined: nobody waits yet, or any more. */
  #done: ((verdict: FilterVerdict) => void) | undefined;
  #request: HttpFilterRequest | undefined;

  constructor(source: FilterSource, task: FilterTask) {
    this.#source = source;
    this.#task = task;
    this.#content = task.content;
  }

  /** The verdict, if it is known at once; else `done` hears it, unless the run is given up. */
  start(done: (verdict: FilterVerdict) => void): FilterVerdict | undefined {
    this.#go();
    if (this.#verdict === undefined) this.#done = done;
    return this.#verdict;
  }

  /** Nobody wants to know any more. */
  abort(): void {
    this.#done = undefined;
    this.#request?.abort();
  }

  #go(): void {
    const { filters } = this.#task;
    const { meta, prevIdOf } = this.#source;
    while (this.#next < filters.length) {
      const name = filters[this.#next++] ?? '';
      if (isHttpFilter(name)) {
        this.#ask(name);
        return;
      }
      const result = applyFilter(name, this.#content, meta, prevIdOf);
      if (!result.ok) {
        this.#finish(failed(result.message));
        return;
      }
      this.#content = result.value;
    }
    this.#finish({ action: 'send', content: this.#content });
  }

  #finish(verdict: FilterVerdict): void {
    this.#verdict = verdict;
    this.#done?.(verdict);
  }

  #ask(name: HttpFilterName): void {
    const { currentUri, meta, services } = this.#source;
    const uri = filterUri(meta.get('url'), currentUri);
    const destination = uri === undefined ? undefined : this.#source.linkTo(uri);
    if (uri === undefined || destination === undefined) {
      const detail = meta.get('url') ? 'invalid url value' : 'missing url value';
      this.#answered(name, failed(detail));
    } else if (typeof destination === 'string') {
      this.#answered(name, failed(destination));
    } else {
      const { itemMeta } = this.#task;
      const question = { name, uri, destination, content: this.#content, subMeta: meta, itemMeta };
      this.#request = new HttpFilterRequest(question, services, (verdict) => this.#answered(name, verdict));
      this.#request.start();
    }
  }

  #answered(name: HttpFilterName, verdict: FilterVerdict): void {
    this.#request = undefined;
    if (verdict.action === 'send') {
      this.#content = verdict.content;
      this.#go();
    } else if (verdict.action === 'fail') {
      this.#finish(failed(`filter error: ${name}: ${verdict.detail}`));
    } else {
      this.#finish(verdict);
    }
  }
}

/** Undefined: it is none that can be asked. */
function filterUri(url: string | undefined, base: string): string | undefined {
  if (url === undefined || url === '' || !URL.canParse(url, base)) return undefined;
  const { href, protocol } = new URL(url, base);
  return protocol === 'http:' || protocol === 'https:' ? href : undefined;
}
