import type { GripProxyOptions } from '@p-8/core';
import type { ConfigReader } from './config-reader.js';

/** Options of the proxy that are whole numbers. */
type NumberOption = {
  [Option in keyof GripProxyOptions]-?: Exclude<GripProxyOptions[Option], undefined> extends number
    ? Option
    : never;
}[keyof GripProxyOptions];

/** Keys whose values are options of the proxy as they stand: bytes, milliseconds, counts. Names of Pushpin first. */
const NUMBER_KEYS: readonly (readonly [section: string, key: string, option: NumberOption, min: number])[] = [
  ['handler', 'message_wait', 'messageWait', 0],
  ['handler', 'connection_subscription_max', 'subscriptionsPerConnection', 1],
  ['handler', 'session_queue_bytes', 'sessionQueueBytes', 0],
  ['handler', 'total_queue_bytes', 'totalQueueBytes', 0],
  ['handler', 'stall_timeout', 'stallTimeout', 0],
  ['handler', 'ping_interval', 'pingInterval', 0],
  ['proxy', 'linger_timeout', 'lingerTimeout', 1],
  ['proxy', 'linger_bytes', 'lingerBytes', 0],
  ['handler', 'total_table_bytes', 'totalTableBytes', 0],
  ['handler', 'last_ids_max', 'lastIdsMax', 0],
  ['handler', 'recoveries_per_origin', 'recoveriesPerOrigin', 1],
  ['handler', 'max_patch_bytes', 'maxPatchBytes', 0],
  ['handler', 'max_patch_operations', 'maxPatchOperations', 0],
  ['handler', 'max_patch_depth', 'maxPatchDepth', 0],
  ['proxy', 'requests_per_connection', 'requestsPerConnection', 1],
  ['proxy', 'connections_per_origin', 'connectionsPerOrigin', 1],
  ['proxy', 'connection_max_age', 'connectionMaxAge', 0],
  ['proxy', 'queued_per_origin', 'queuedPerOrigin', 0],
  ['proxy', 'max_sessions', 'maxSessions', 1],
  ['proxy', 'total_input_bytes', 'totalInputBytes', 0],
  ['proxy', 'max_message_bytes', 'maxMessageBytes', 1],
  ['proxy', 'connect_timeout', 'connectTimeout', 0],
  ['proxy', 'response_timeout', 'responseTimeout', 0],
  ['proxy', 'follow_up_timeout', 'followUpTimeout', 0],
  ['proxy', 'events_timeout', 'eventsTimeout', 0],
];

/** @throws GripError when a value is no whole number, or below the least that makes sense. */
export function loadNumbers(reader: ConfigReader): Partial<Record<NumberOption, number>> {
  const numbers: Partial<Record<NumberOption, number>> = {};
  for (const [section, key, option, min] of NUMBER_KEYS) {
    const value = reader.integer(section, key, min);
    if (value !== undefined) numbers[option] = value;
  }
  return numbers;
}
