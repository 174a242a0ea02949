import { GripError } from '@p-8/core';

/** How much is logged. */
export type LogLevel = 'error' | 'warn' | 'info' | 'debug' | 'trace';

/** Pushpin's numbers are the indexes. */
const LEVELS: readonly LogLevel[] = ['error', 'warn', 'info', 'debug', 'trace'];

/**
 * Reads a log level: a name, or one of Pushpin's numbers from 0 (errors) to 4 (all). Pushpin's list of levels per service,
 * `2,proxy:3`, is understood; there are no services here, so only the level without a name counts.
 *
 * @param option names the option in the error
 * @throws GripError when the text, or one component of it, is no level
 */
export function parseLogLevel(text: string, option: string): LogLevel {
  let level: LogLevel = 'info';
  for (const component of text.split(',')) {
    const [first = '', second] = component.trim().split(':', 2);
    if (first === '') {
      throw wrong(option, text, `log level component ${second === undefined ? '' : 'name '}cannot be empty`);
    }
    const parsed = parseOne(second ?? first);
    if (parsed === undefined) {
      const of = second === undefined ? '' : ` for service ${first}`;
      throw wrong(option, text, `log level${of} must be 0 to 4, or one of ${LEVELS.join(', ')}`);
    }
    if (second === undefined) level = parsed;
  }
  return level;
}

function parseOne(text: string): LogLevel | undefined {
  if (/^\d{1,9}$/.test(text)) return LEVELS[Math.min(Number(text), LEVELS.length - 1)];
  return LEVELS.find((level) => level === text.toLowerCase());
}

function wrong(option: string, got: string, rule: string): GripError {
  return new GripError('GRIP_ERR_OPTION', `${option}: ${rule}, not ${JSON.stringify(got)}`);
}
