import { formatEvent, type Publish } from './http.js';

/** The channel that messages are published on. */
export const CHAT_CHANNEL = 'chat';

/** How many messages newcomers see. */
const RECENT = 20;

const MAX_NAME = 24;
const MAX_TEXT = 400;

/** One message of the chat. */
export interface ChatMessage {
  readonly id: number;
  readonly name: string;
  readonly text: string;
}

/** The last messages of a chat; each new one is published to all who listen. */
export class ChatRoom {
  readonly #publish: Publish;
  readonly #recent: ChatMessage[] = [];
  /** Ids grow over restarts too, or a page that is open would take new messages for old ones. */
  #lastId: number = Date.now();

  constructor(publish: Publish) {
    this.#publish = publish;
  }

  /** What newcomers see, the oldest first. */
  get recent(): readonly ChatMessage[] {
    return this.#recent;
  }

  /** The recent messages after `lastEventId` as events: what a client that comes back has missed. */
  eventsAfter(lastEventId: string | undefined): string {
    const seen = Number(lastEventId ?? 0);
    return this.#recent
      .filter(({ id }) => !(id <= seen))
      .map(toEvent)
      .join('');
  }

  /** Publishes what was posted, `{"name": …, "text": …}` or bare text; returns false when there is no text in it. */
  async post(body: string): Promise<boolean> {
    const { name, text } = parsePost(body);
    if (text === '') return false;
    this.#lastId += 1;
    const message = { id: this.#lastId, name: name === '' ? 'somebody' : name, text };
    this.#recent.push(message);
    if (this.#recent.length > RECENT) this.#recent.shift();
    // Whoever listens gets the format of the own connection.
    await this.#publish(CHAT_CHANNEL, { 'http-stream': toEvent(message), 'ws-message': toText(message) });
    return true;
  }
}

/** A message as WebSockets get it. */
export function toText(message: ChatMessage): string {
  return JSON.stringify(message);
}

function toEvent(message: ChatMessage): string {
  return formatEvent('chat', toText(message), String(message.id));
}

function parsePost(body: string): { name: string; text: string } {
  let value: unknown = body;
  try {
    value = JSON.parse(body);
  } catch {
    // Bare text, as `curl -d hello` sends it.
  }
  const field = (name: string): unknown =>
    typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
  const text = typeof value === 'object' ? field('text') : body;
  return { name: clean(field('name'), MAX_NAME), text: clean(text, MAX_TEXT) };
}

function clean(value: unknown, length: number): string {
  return typeof value === 'string' ? value.trim().slice(0, length) : '';
}
