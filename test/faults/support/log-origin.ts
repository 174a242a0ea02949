import type { RequestListener, ServerResponse } from 'node:http';
import { answerEvents, events, obliging } from '../../support/events-origin.js';
import { type ChannelName, contentOf, NUMBERED, startOf, type TrueLog } from './true-log.js';

/** How a client asks to be held; stands in its URL. */
export interface Wish {
  readonly transport: 'stream' | 'poll' | 'ws';
  readonly channels: readonly ChannelName[];
  /** The origin names prev-ids, and on streams a next link. */
  readonly linked: boolean;
  /** The origin's `Grip-Slow-Client`; empty: it says nothing of it. */
  readonly policy: '' | 'recover' | 'close' | 'conflate';
  /** Not empty: what this user has sent is not for the client. */
  readonly user: '' | 'me';
}

/**
 * What goes wrong with a next link: a status that says so, a connection that breaks before the answer, an answer that makes no
 * sense, a hold of another kind, content that breaks off.
 */
export type LinkFault = 'refused' | 'cut' | 'garbage' | 'response' | 'broken';

/** An origin that has all items: tells a client by links, retries and polls what it lacks. */
export class LogOrigin {
  /** How the next requests of links go wrong. */
  readonly faults: LinkFault[] = [];
  /** How many requests of each kind there have been. */
  readonly asked = { stream: 0, link: 0, poll: 0, ws: 0 };
  /** How often content has broken off in the middle. */
  brokenOff = 0;
  readonly #log: TrueLog;
  readonly #linkTimeoutSeconds: number;

  /** @param linkTimeoutSeconds how long a stream without items waits before it asks its next link */
  constructor(log: TrueLog, linkTimeoutSeconds: number) {
    this.#log = log;
    this.#linkTimeoutSeconds = linkTimeoutSeconds;
  }

  readonly listener: RequestListener = (req, res) => {
    const url = new URL(req.url ?? '', 'http://origin');
    const wish = readWish(url);
    const kind = url.pathname.slice(1) as keyof LogOrigin['asked'];
    this.asked[kind]++;
    if (kind === 'ws') {
      const chunks: Buffer[] = [];
      req.on('data', (chunk: Buffer) => chunks.push(chunk));
      req.on('end', () => this.#answerEvents(res, wish, Buffer.concat(chunks).toString('latin1')));
      return;
    }
    req.resume();
    const had = lastIds(req.rawHeaders);
    if (kind === 'poll') this.#answerPoll(res, wish, url.searchParams, had);
    else if (kind === 'link') this.#answerLink(res, url, wish, had);
    else this.#holdStream(res, url, wish, startOf(this.#positions(wish)));
  };

  #answerLink(res: ServerResponse, url: URL, wish: Wish, had: ReadonlyMap<string, number>): void {
    const body = this.#missing(wish, had);
    switch (this.faults.shift()) {
      case undefined:
        this.#holdStream(res, url, wish, body);
        break;
      case 'refused':
        res.writeHead(503).end('not now');
        break;
      case 'cut':
        res.destroy();
        break;
      case 'garbage':
        res.writeHead(200, { 'Grip-Hold': 'everything' }).end(body);
        break;
      case 'response':
        res.writeHead(200, { 'Grip-Hold': 'response' }).end(body);
        break;
      case 'broken':
        if (body !== '') this.brokenOff++;
        res.writeHead(200, { 'Grip-Hold': 'stream', 'Content-Length': body.length + 1 });
        res.write(body.slice(0, Math.ceil(body.length / 2)), () => setImmediate(() => res.destroy()));
    }
  }

  #holdStream(res: ServerResponse, url: URL, wish: Wish, body: string): void {
    const link = new URLSearchParams(url.search);
    // What is the same for several clients can be asked once for all.
    link.delete('id');
    const next = `</link?${link}>; rel=next; timeout=${this.#linkTimeoutSeconds}`;
    const fields = [
      ['Grip-Hold', 'stream'],
      ...this.#channelFields(wish),
      ...(wish.linked ? [['Grip-Link', next]] : []),
    ];
    res.writeHead(200, fields.flat()).end(body);
  }

  /** A poll names in its URL what the client has; asked again, the proxy may know better. */
  #answerPoll(
    res: ServerResponse,
    wish: Wish,
    params: URLSearchParams,
    had: ReadonlyMap<string, number>,
  ): void {
    const known = new Map(wish.channels.map((name) => [name, had.get(name) ?? Number(params.get(name))]));
    const body = this.#missing(wish, known);
    if (body !== '') res.writeHead(200).end(body);
    else
      res
        .writeHead(
          200,
          [['Grip-Hold', 'response'], ['Grip-Timeout', '30'], ...this.#channelFields(wish)].flat(),
        )
        .end();
  }

  #answerEvents(res: ServerResponse, wish: Wish, text: string): void {
    if (!text.startsWith('OPEN\r\n')) {
      answerEvents(res, obliging(text));
      return;
    }
    const control = (message: object): [string, string] => ['TEXT', `c:${JSON.stringify(message)}`];
    const meta = wish.user === '' ? [] : [control({ type: 'set-meta', name: 'user', value: wish.user })];
    const filters = wish.user === '' ? [] : ['skip-self'];
    const subscribing = wish.channels.map((channel) => control({ type: 'subscribe', channel, filters }));
    const policy = wish.policy === '' ? [] : [`Grip-Slow-Client: ${wish.policy}`];
    answerEvents(res, {
      fields: ['Sec-WebSocket-Extensions: grip; message-prefix="m:"', ...policy],
      body: events(['OPEN'], ...meta, ...subscribing, ['TEXT', `m:${startOf(this.#positions(wish))}`]),
    });
  }

  #channelFields(wish: Wish): string[][] {
    const fields = wish.channels.map((name) => {
      const isNumbered = wish.linked && NUMBERED.some((one) => one === name);
      const filter = wish.user === '' ? '' : '; filter=skip-self';
      return ['Grip-Channel', `${name}${isNumbered ? `; prev-id=${this.#log.count(name)}` : ''}${filter}`];
    });
    if (wish.user !== '') fields.push(['Grip-Set-Meta', `user="${wish.user}"`]);
    if (wish.policy !== '') fields.push(['Grip-Slow-Client', wish.policy]);
    return fields;
  }

  #positions({ channels }: Wish): Record<string, number> {
    return Object.fromEntries(channels.map((name) => [name, this.#log.count(name)]));
  }

  #missing({ channels, user }: Wish, had: ReadonlyMap<string, number>): string {
    const missing = channels.flatMap((name) =>
      this.#log.after(name, had.get(name) ?? Number.MAX_SAFE_INTEGER, user),
    );
    return missing.map(contentOf).join('');
  }
}

/** The URL by which a client says what it wishes. */
export function pathOf({ transport, channels, linked, policy, user }: Wish, id: number): string {
  const params = new URLSearchParams({ id: String(id), channels: channels.join(), policy, user });
  if (linked) params.set('linked', 'yes');
  return `/${transport}?${params}`;
}

function readWish({ pathname, searchParams }: URL): Wish {
  const get = (name: string): string => searchParams.get(name) ?? '';
  return {
    transport: pathname === '/link' ? 'stream' : (pathname.slice(1) as Wish['transport']),
    channels: get('channels').split(',') as ChannelName[],
    linked: get('linked') === 'yes',
    policy: get('policy') as Wish['policy'],
    user: get('user') as Wish['user'],
  };
}

/** What the proxy says by Grip-Last that a client has. */
function lastIds(rawHeaders: readonly string[]): Map<string, number> {
  const ids = new Map<string, number>();
  rawHeaders.forEach((name, i) => {
    if (i % 2 === 1 || name.toLowerCase() !== 'grip-last') return;
    const [, channel = '', id] = /^(\w+); last-id=(\d+)$/.exec(rawHeaders[i + 1] ?? '') ?? [];
    ids.set(channel, Number(id));
  });
  return ids;
}
