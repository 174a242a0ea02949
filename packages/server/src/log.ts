import { type DestinationStream, type Logger as PinoLogger, pino } from 'pino';
import type { LogLevel } from './config/log-level.js';

/** Fields that are secrets wherever they turn up, one level deep included. */
const SECRETS = [
  'key',
  'sigKey',
  'upstreamKey',
  'controlKey',
  'token',
  'authorization',
  'cookie',
  '["grip-sig"]',
  'headers.authorization',
  'headers.cookie',
  'headers["grip-sig"]',
  '*.key',
  '*.sigKey',
  '*.upstreamKey',
  '*.authorization',
  '*["grip-sig"]',
];

/**
 * The server's log: one JSON object a line, with `level` in words. Values are escaped by JSON, so that nothing from the
 * wire can forge a line.
 *
 * @param destination where lines go. Default: standard output
 */
export function createLog(level: LogLevel, destination?: DestinationStream): PinoLogger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: SECRETS, censor: '[redacted]' },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}
