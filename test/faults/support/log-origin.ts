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

/** Seconds without items after which a stream asks its next link. */
export const LINK_TIMEOUT = 20;

/** What goes wrong with a next link. */
export type LinkFault = 'refused' | 'cut';

/** An origin that has all items: tells a client by links, retries and polls what it lacks. */
export class LogOrigin {
  /** How the next requests of links go wrong. */
  readonly faults: LinkFault[] = [];
  /** How many requests of each kind there have been. */
  readonly asked = { stream: 0, link: 0, poll: 0, ws: 0 };
  readonly #log: TrueLog;

  constructor(log: TrueLog) {
    this.#log = log;
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
    const fault = this.faults.shift();
    if (fault === 'refused') {
      res.writeHead(503).end('not now');
      return;
    }
    if (fault === 'cut') {
      res.destroy();
      return;
    }
    this.#holdStream(res, url, wish, this.#missing(wish, had));
  }

  #holdStream(res: ServerResponse, url: URL, wish: Wish, body: string): void {
    const fields = [
      ['Grip-Hold', 'stream'],
      ...this.#channelFields(wish),
      ...(wish.linked ? [['Grip-Link', `</link${url.search}>; rel=next; timeout=${LINK_TIMEOUT}`]] : []),
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
