import type { Answer } from './answer.js';
import type { Field } from './field.js';
import type { RequestLine } from './reply.js';
import { signedToken } from './signature.js';
import type { Stage } from './stage.js';

/** One thing that is done or waited for. */
export interface Step {
  /** For messages, when it fails. */
  readonly title: string;
  /** Whether more than an instant has to pass. @default false */
  readonly takesTime?: boolean;
  run(stage: Stage): Promise<void>;
}

/** Details of a request; a plain client leaves them all out. */
export interface RequestOptions {
  /** Which client sends it. @default 'client' */
  readonly client?: string;
  readonly headers?: readonly Field[];
  /** @default '1.1' */
  readonly version?: '1.0' | '1.1';
  /** @default 'example.com' */
  readonly host?: string;
}

const CLIENT = 'client';

/** A client sends a request. A body gets a Content-Length. */
export function request(method: string, target: string, options: RequestOptions = {}, body?: string): Step {
  const { version = '1.1', host = 'example.com', headers = [] } = options;
  const lines = [`${method} ${target} HTTP/${version}`, `Host: ${host}`];
  for (const [name, value] of headers) lines.push(`${name}: ${value}`);
  if (body !== undefined) lines.push(`Content-Length: ${Buffer.byteLength(body)}`);
  const bytes = `${lines.join('\r\n')}\r\n\r\n${body ?? ''}`;
  return send(bytes, [{ method, version }], options.client);
}

export function get(target: string, options?: RequestOptions): Step {
  return request('GET', target, options);
}

/** A request as another GRIP proxy sends it: signed with `key`, and alive for an hour. */
export function getSigned(target: string, key: string): Step {
  return {
    title: `client sends a signed GET ${target}`,
    run(stage) {
      const token = signedToken({ iss: 'pushpin', exp: Math.floor(Date.now() / 1000) + 3600 }, key);
      return get(target, { headers: [['Grip-Sig', token]] }).run(stage);
    },
  };
}

export function post(target: string, body: string, options?: RequestOptions): Step {
  return request('POST', target, options, body);
}

/** A client sends bytes as they are. `requests` are those that begin with them. */
export function send(
  bytes: string | Uint8Array,
  requests: readonly RequestLine[] = [],
  client = CLIENT,
): Step {
  return {
    title: `${client} sends ${JSON.stringify(String(bytes).slice(0, 40))}`,
    run: async (stage) => (await stage.client(client)).send(bytes, requests),
  };
}

/** A client has got `text` in the bodies of its responses, `times` times. */
export function received(
  text: string,
  options: { readonly times?: number; readonly client?: string } = {},
): Step {
  const { times = 1, client: name = CLIENT } = options;
  return {
    title: `${name} received ${JSON.stringify(text)}`,
    async run(stage) {
      const client = await stage.client(name);
      const bodies = (): string => client.replies.map(({ body }) => body.toString()).join('');
      await stage.until(
        () => bodies().split(text).length > times,
        () => `${JSON.stringify(text)}; ${name} got ${shown(client.text)}`,
      );
    },
  };
}

/** A client has got the head of its first response. */
export function begun(name = CLIENT): Step {
  return {
    title: `${name} got a head`,
    async run(stage) {
      const client = await stage.client(name);
      await stage.until(
        () => (client.replies[0]?.status ?? 0) > 0,
        () => `a head; ${name} got ${shown(client.text)}`,
      );
    },
  };
}

/** A client has got `count` complete responses, interim ones not counted. */
export function responded(count = 1, name = CLIENT): Step {
  return {
    title: `${name} got ${count} responses`,
    async run(stage) {
      const client = await stage.client(name);
      const finished = (): number =>
        client.replies.filter(({ status, end }) => end === 'broken' || (status >= 200 && end !== 'open'))
          .length;
      await stage.until(
        () => finished() >= count,
        () => `${count} responses; ${name} got ${shown(client.text)}`,
      );
    },
  };
}

/** The proxy has closed a client's connection. */
export function closed(name = CLIENT): Step {
  return {
    title: `${name}'s connection is closed`,
    async run(stage) {
      const client = await stage.client(name);
      await stage.until(
        () => client.closed,
        () => `the connection's end; ${name} got ${shown(client.text)}`,
      );
      stage.noteClosed(name);
    },
  };
}

/** The part of a script that {@link settled} needs. */
export const OTHER: Readonly<Record<string, readonly Answer[]>> = { '/other': [{ body: 'other' }] };

/** The proxy has read all that was sent before: it has served someone who came later. */
export function settled(): Step[] {
  return [get('/other', { client: 'other' }), responded(1, 'other')];
}

/** A client drops its connection. */
export function hangUp(name = CLIENT): Step {
  return {
    title: `${name} hangs up`,
    run: async (stage) => (await stage.client(name)).hangUp(),
  };
}

/** The origin has got `count` requests, each with its body. */
export function asked(count: number): Step {
  return {
    title: `the origin got ${count} requests`,
    run: (stage) =>
      stage.until(
        () => stage.origin.requests.filter(({ state }) => state !== 'arriving').length >= count,
        () =>
          `request ${count} at the origin, which got ${stage.origin.requests.map(({ target }) => target)}`,
      ),
  };
}

/** The origin has got the head of `count` requests. */
export function reached(count: number): Step {
  return {
    title: `${count} requests reached the origin`,
    run: (stage) =>
      stage.until(
        () => stage.origin.requests.length >= count,
        () => `request ${count} at the origin`,
      ),
  };
}

/** The origin has got `text` of the latest request's body. */
export function askedWith(text: string): Step {
  return {
    title: `the origin got ${JSON.stringify(text)}`,
    run: (stage) =>
      stage.until(
        () => stage.origin.requests.at(-1)?.body.includes(text) === true,
        () => `${JSON.stringify(text)}; the origin got ${stage.origin.requests.at(-1)?.body}`,
      ),
  };
}

/** The latest request's answer can no longer reach anyone, and the origin has noticed. */
export function abandoned(): Step {
  return {
    title: 'the origin sees its answer abandoned',
    async run(stage) {
      const latest = stage.origin.requests.at(-1);
      await stage.until(
        () => latest?.abandoned === true,
        () => "the end of the origin's connection",
      );
      if (latest !== undefined) stage.noteOutcome(latest);
    },
  };
}

/** The origin's answer goes on past `until: signal`. */
export function release(signal: string): Step {
  return {
    title: `release ${signal}`,
    run: async (stage) => stage.origin.release(signal),
  };
}

/** Sessions have subscribed to `channel`, prefix included, `times` times since the start. */
export function subscribed(channel: string, times = 1): Step {
  return {
    title: `subscribed to ${channel}`,
    run: (stage) =>
      stage.until(
        () => stage.running.subscriptions(channel) >= times,
        () => `subscription ${times} to '${channel}'; seen: ${stage.running.subscriptions(channel)}`,
      ),
  };
}

/** What a format of an item may be: the content as text stands for the format with only that. */
export type Formats = Readonly<Record<string, unknown>>;

/** Fields of an item besides channel and formats, in their wire names. */
export type ItemFields = Readonly<Record<string, unknown>>;

/** An item as the control API takes it. */
export function item(channel: string, formats: Formats, fields: ItemFields = {}): Record<string, unknown> {
  const entries = Object.entries(formats).map(([name, value]) => [name, formatOf(name, value)]);
  return { channel, ...fields, formats: Object.fromEntries(entries) };
}

function formatOf(name: string, value: unknown): unknown {
  if (typeof value !== 'string') return value;
  return name === 'http-response' ? { body: value } : { content: value };
}

/** Publishes one item, and fails unless the control API takes it. */
export function publish(channel: string, formats: Formats, fields?: ItemFields): Step {
  return publishAll([item(channel, formats, fields)]);
}

/** Publishes items in one request. */
export function publishAll(items: readonly unknown[]): Step {
  return {
    title: `publish ${JSON.stringify(items)}`,
    async run(stage) {
      const reply = await stage.control(controlPost('/publish/', JSON.stringify({ items })), 'POST');
      if (reply.status !== 200) throw new Error(`publish: ${reply.status} ${reply.body}`);
      await stage.pause();
    },
  };
}

/** Asks the control API, and puts its answer into the transcript. */
export function control(method: string, target: string, headers: readonly Field[] = [], body?: string): Step {
  const bytes =
    body === undefined ? controlHead(method, target, headers) : controlPost(target, body, headers, method);
  return controlBytes(bytes, method);
}

/** The same with the request's bytes as they are. */
export function controlBytes(bytes: string, method: string): Step {
  return {
    title: `control ${JSON.stringify(bytes.slice(0, 60))}`,
    run: async (stage) => stage.noteControl(await stage.control(bytes, method)),
  };
}

function controlHead(method: string, target: string, headers: readonly Field[]): string {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return `${method} ${target} HTTP/1.1\r\nHost: localhost\r\n${lines}\r\n`;
}

function controlPost(target: string, body: string, headers: readonly Field[] = [], method = 'POST'): string {
  const length: Field = ['Content-Length', String(Buffer.byteLength(body))];
  return controlHead(method, target, [...headers, length]) + body;
}

/** Up to `ms` milliseconds pass until `step` is done. P-8 gets them from a clock of its own. */
export function within(ms: number, step: Step): Step {
  return {
    title: `within ${ms} ms: ${step.title}`,
    takesTime: true,
    run: (stage) => stage.within(ms, () => step.run(stage)),
  };
}

/** A step that makes sense with the reference only. */
export function onReference(step: Step): Step {
  return { title: step.title, run: async (stage) => (stage.isReference ? step.run(stage) : undefined) };
}

/** A step that makes sense with P-8 only. */
export function onOurs(step: Step): Step {
  return { ...step, run: async (stage) => (stage.isReference ? undefined : step.run(stage)) };
}

/** Enough of `bytes` to see what went wrong. */
function shown(bytes: string): string {
  return JSON.stringify(bytes.length > 2000 ? `${bytes.slice(0, 2000)}...` : bytes);
}
