import { type Item, parseItems, parseJsonText } from '@p-8/protocol';
import { type ItemRoute, sumReceipts } from './item-route.js';

/** What publishing by HTTP is answered. */
export interface ControlAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** Takes what publishers POST to the control API: `{ "items": [ … ] }`. Keys are not looked at. */
export class ControlPort {
  readonly #items: ItemRoute;

  constructor(items: ItemRoute) {
    this.#items = items;
  }

  /** Publishes the items of a body; the receipt is for those who accept JSON. */
  publish(body: string, accept: string): ControlAnswer {
    const refusal = this.#items.refusal();
    if (refusal !== undefined) return text(refusal.status, refusal.body);
    const items = parse(body);
    if (typeof items === 'string') return text(400, items);
    const receipt = sumReceipts(items.map((item) => this.#items.carry(item)));
    if (!accept.includes('application/json')) return text(200, 'Published');
    return {
      status: 200,
      type: 'application/json',
      body: `${JSON.stringify({ message: 'Published', ...receipt })}\n`,
    };
  }
}

function parse(body: string): Item[] | string {
  const items = parseItems(parseJsonText(body));
  return items.ok ? items.value : items.message;
}

function text(status: number, message: string): ControlAnswer {
  return { status, type: 'text/plain', body: `${message}\n` };
}
