/** Says that the session is open: the first frame of each. */
export const OPEN_FRAME = 'o';

/** Says that the connection is alive. */
export const HEARTBEAT_FRAME = 'h';

/** Milliseconds between heartbeats: most load balancers cut what is silent for longer. Source: the SockJS protocol. */
export const HEARTBEAT_DELAY = 25_000;

/**
 * What browsers are known to change on the way, beside what JSON escapes anyway. Source: the SockJS protocol, "JSON Unicode
 * Encoding".
 */
const FRAGILE = /[\u200c-\u200f\u2028-\u202f\u2060-\u206f\ufff0-\uffff]/g;

/** Says that a session has a receiver already. */
export const BUSY_FRAME: string = closeFrame(2010, 'Another connection still open');

/** Says that a client's request broke off: what was on its way is lost. */
export const INTERRUPTED_FRAME: string = closeFrame(1002, 'Connection interrupted');

/** Says that a session is over, and why. An empty reason is named as Pushpin names it. */
export function closeFrame(code: number, reason: string): string {
  return `c[${code},${quote(reason === '' ? 'Connection closed' : reason)}]`;
}

/** Carries messages, which have been quoted. */
export function messagesFrame(quoted: readonly string[]): string {
  return `a[${quoted.join(',')}]`;
}

/** Writes a text as JSON that survives its way to any browser. */
export function quote(text: string): string {
  return JSON.stringify(text).replace(FRAGILE, escapeUnit);
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
