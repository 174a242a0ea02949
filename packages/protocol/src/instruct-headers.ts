import { type Channel, parseChannels } from './channel.js';
import { filterHeaders, type HeaderList, headerValue } from './header-list.js';
import { endToEndHeaders, isFieldValue, isGripHeader } from './header-rules.js';
import type { HoldMode } from './instruct.js';
import { parseInteger } from './integer.js';
import { type KeepAlive, parseKeepAlive } from './keep-alive.js';
import { type Links, parseLinks } from './link.js';
import { boundedName } from './name.js';
import { parseAllParameters, splitHeader } from './parameters.js';
import { fail, ok, type Result } from './result.js';
import { parseSlowClient, type SlowClientPolicies } from './slow-client.js';
import { isFinalStatus, reasonPhrase, type Status } from './status.js';

/** Seconds until a response hold times out, where the origin does not say. */
export const DEFAULT_HOLD_TIMEOUT_SECONDS = 55;

/** The fewest seconds of a response hold; less is raised to it. */
export const MIN_HOLD_TIMEOUT_SECONDS = 5;

/** What the `Grip-` fields of a response say; JSON may override it. */
export interface InstructHeaders {
  readonly hold: HoldMode;
  readonly channels: readonly Channel[];
  readonly timeoutSeconds: number;
  readonly keepAlive: KeepAlive | undefined;
  readonly meta: ReadonlyMap<string, string>;
  readonly links: Links;
  readonly status: Status | undefined;
  readonly slowClient: SlowClientPolicies | undefined;
}

/**
 * Reads all `Grip-` fields. A bad one is an error even when nothing is to be held. Source: GRIP, Pushpin 1.36.
 *
 * @param prefix what the route puts before names of channels
 */
export function parseInstructHeaders(headers: HeaderList, prefix: string): Result<InstructHeaders> {
  const hold = parseHold(headers);
  if (!hold.ok) return hold;
  const channels = parseChannels(headers, prefix);
  if (!channels.ok) return channels;
  const timeoutSeconds = parseTimeout(headers);
  if (!timeoutSeconds.ok) return timeoutSeconds;
  const keepAlive = parseKeepAlive(headers);
  if (!keepAlive.ok) return keepAlive;
  const meta = parseMeta(headers);
  if (!meta.ok) return meta;
  const status = parseStatus(headers);
  if (!status.ok) return status;
  const links = parseLinks(headers);
  if (!links.ok) return links;
  const slowClient = parseSlowClient(headers);
  if (!slowClient.ok) return slowClient;
  return ok({
    hold: hold.value,
    channels: channels.value,
    timeoutSeconds: timeoutSeconds.value,
    keepAlive: keepAlive.value,
    meta: meta.value,
    links: links.value,
    status: status.value,
    slowClient: slowClient.value,
  });
}

/**
 * The fields of an origin's response that its client may see: no `Grip-` ones, nothing hop-by-hop, no `Content-Length`,
 * and where `Grip-Expose-Headers` names any, only those; not even `Content-Type` is implied. Source: Pushpin 1.36.
 */
export function exposedHeaders(headers: HeaderList): string[] {
  const exposed = new Set(splitHeader(headers, 'grip-expose-headers').map((name) => name.toLowerCase()));
  return filterHeaders(
    endToEndHeaders(headers),
    (name) => !isGripHeader(name) && (exposed.size === 0 || exposed.has(name)),
  );
}

function parseHold(headers: HeaderList): Result<HoldMode> {
  const hold = headerValue(headers, 'grip-hold');
  if (hold === undefined) return ok('none');
  if (hold === 'response' || hold === 'stream') return ok(hold);
  return fail("Grip-Hold must be set to either 'response' or 'stream'");
}

function parseTimeout(headers: HeaderList): Result<number> {
  const header = headerValue(headers, 'grip-timeout');
  if (header === undefined) return ok(DEFAULT_HOLD_TIMEOUT_SECONDS);
  const seconds = parseInteger(header);
  if (seconds === undefined) return fail('failed to parse Grip-Timeout');
  if (seconds < 0) return fail('Grip-Timeout has invalid value');
  return ok(Math.max(seconds, MIN_HOLD_TIMEOUT_SECONDS));
}

function parseMeta(headers: HeaderList): Result<Map<string, string>> {
  const meta = new Map<string, string>();
  for (const element of splitHeader(headers, 'grip-set-meta')) {
    const params = parseAllParameters(element);
    if (params === undefined) continue;
    // Only the first pair of each element counts: `a=1; b=2` sets a.
    const first = params[0];
    if (first === undefined) return fail('Grip-Set-Meta cannot be empty');
    const name = boundedName(ok(first.name), 'Grip-Set-Meta', 'name');
    if (!name.ok) return name;
    meta.set(name.value, first.value ?? '');
  }
  return ok(meta);
}

function parseStatus(headers: HeaderList): Result<Status | undefined> {
  const header = headerValue(headers, 'grip-status') ?? '';
  if (header === '') return ok(undefined);
  const space = header.indexOf(' ');
  const code = parseInteger(space === -1 ? header : header.slice(0, space));
  const reason = space === -1 ? '' : header.slice(space + 1);
  if (code === undefined || code < 0 || code > 999) return fail('Grip-Status contains invalid status code');
  if (!isFinalStatus(code)) {
    return fail('Grip-Status contains invalid status code: must be from 200 to 599');
  }
  if (!isFieldValue(reason)) return fail('Grip-Status contains invalid reason');
  return ok({ code, reason: reason === '' ? reasonPhrase(code) : reason });
}
