import { decodeBase64 } from './base64.js';
import { decodeCString } from './cstring.js';
import { type HeaderList, headerValue } from './header-list.js';
import { parseInteger } from './integer.js';
import { findParameter, type Parameter, parseParameters } from './parameters.js';
import { fail, ok, type Result } from './result.js';
import { decodeHeaderText, encodeUtf8 } from './text.js';

/** What keeps an idle stream alive. */
export interface KeepAlive {
  /** Never empty. */
  readonly data: Uint8Array;
  /** Seconds between two of them; at least 1. */
  readonly timeoutSeconds: number;
  /** `idle`: counted from the last item; `interval`: whatever is sent. */
  readonly mode: 'idle' | 'interval';
}

/** Seconds between keep-alives where none are given. */
export const DEFAULT_KEEP_ALIVE_TIMEOUT_SECONDS = 55;

/** The fewest seconds between keep-alives; less is raised to it. */
export const MIN_KEEP_ALIVE_TIMEOUT_SECONDS = 1;

/**
 * Reads `Grip-Keep-Alive`: `DATA[; format=raw|cstring|base64][; timeout=SECONDS][; mode=idle|interval]`. Only the first
 * such field counts, and commas belong to the data. An empty value, or one with a quote that does not end, is as none.
 * Source: GRIP, Pushpin 1.36.
 *
 * @example
 * ```ts
 * parseKeepAlive(['Grip-Keep-Alive', ':\\n\\n; format=cstring; timeout=20']);
 * ```
 */
export function parseKeepAlive(headers: HeaderList): Result<KeepAlive | undefined> {
  const header = headerValue(headers, 'grip-keep-alive') ?? '';
  const parsed = header === '' ? undefined : parseParameters(decodeHeaderText(header));
  if (parsed === undefined) return ok(undefined);
  if (parsed.value === '') return fail('Grip-Keep-Alive cannot be empty');

  const mode = textOf(parsed.params, 'mode') ?? 'idle';
  if (mode !== 'idle' && mode !== 'interval') return fail(`no such Grip-Keep-Alive mode '${mode}'`);
  const timeout = parseTimeout(textOf(parsed.params, 'timeout'));
  if (!timeout.ok) return timeout;
  const data = decodeData(parsed.value, textOf(parsed.params, 'format') ?? 'raw');
  if (!data.ok) return data;
  return ok(makeKeepAlive(data.value, timeout.value, mode));
}

/** A keep-alive with its timeout raised to the minimum; none when there are no bytes to send. */
export function makeKeepAlive(
  data: Uint8Array,
  timeoutSeconds: number,
  mode: KeepAlive['mode'],
): KeepAlive | undefined {
  if (data.length === 0) return undefined;
  return { data, timeoutSeconds: Math.max(timeoutSeconds, MIN_KEEP_ALIVE_TIMEOUT_SECONDS), mode };
}

function parseTimeout(text: string | undefined): Result<number> {
  if (text === undefined) return ok(DEFAULT_KEEP_ALIVE_TIMEOUT_SECONDS);
  const seconds = parseInteger(text);
  if (seconds === undefined) return fail('failed to parse Grip-Keep-Alive timeout value');
  return seconds < 0 ? fail('Grip-Keep-Alive timeout has invalid value') : ok(seconds);
}

function decodeData(text: string, format: string): Result<Uint8Array> {
  if (format === 'raw') return ok(encodeUtf8(text));
  if (format === 'base64') return ok(decodeBase64(text));
  if (format !== 'cstring') return fail(`no such Grip-Keep-Alive format '${format}'`);
  const data = decodeCString(text);
  return data === undefined ? fail('failed to parse Grip-Keep-Alive cstring format') : ok(data);
}

/** A parameter's text; one without `=` is there, and empty. */
function textOf(params: readonly Parameter[], name: string): string | undefined {
  const param = findParameter(params, name);
  return param && (param.value ?? '');
}
