import type { HeaderList } from './header-list.js';
import { parseParameters, splitHeader } from './parameters.js';
import { trimAscii } from './text.js';

/** What an origin that speaks GRIP over a WebSocket has said about it. */
export interface GripExtension {
  /** What its messages for the client begin with; empty where they begin with nothing. */
  readonly messagePrefix: string;
}

const DEFAULT_MESSAGE_PREFIX = 'm:';

/**
 * Reads the extension `grip` in `Sec-WebSocket-Extensions` of the response that accepts a WebSocket:
 * `grip[; message-prefix=PREFIX]`. Without it the proxy passes everything as it is. The first `grip` counts, and one that
 * cannot be read is as none. Source: GRIP, Pushpin 1.36.
 *
 * @example
 * ```ts
 * parseGripExtension(['Sec-WebSocket-Extensions', 'grip; message-prefix=""'])?.messagePrefix; // ''
 * ```
 */
export function parseGripExtension(headers: HeaderList): GripExtension | undefined {
  const element = splitHeader(headers, 'sec-websocket-extensions').find(
    (text) => trimAscii(text.split(';', 1)[0] ?? '') === 'grip',
  );
  const extension = element === undefined ? undefined : parseParameters(element);
  if (element === undefined || extension === undefined) return undefined;
  // In Pushpin `name=` at the very end is no empty value, but a mistake.
  if (extension.params.at(-1)?.value === '' && element.endsWith('=')) return undefined;
  // Names have their letter case, and of two alike the last counts.
  const prefix = extension.params.findLast(({ name }) => name === 'message-prefix');
  return { messagePrefix: prefix === undefined ? DEFAULT_MESSAGE_PREFIX : (prefix.value ?? '') };
}
