import type { Field } from './field.js';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Fields of WebSocket handshakes that the proxy makes at random, in a form that can be compared: a Connection-Id becomes the number
 * of the connection, in the order in which they came to the origin.
 */
export class HandshakeFields {
  readonly #connections: string[] = [];

  /** `fields` in that form. `direct`: the proxy opens a WebSocket of its own, whose key it has made. */
  normalized(fields: readonly Field[], direct: boolean): Field[] {
    return fields.map(([name, value]): Field => {
      const lower = name.toLowerCase();
      if (lower === 'connection-id') return [name, this.#connection(value)];
      if (direct && lower === 'sec-websocket-key') return [name, keyForm(value)];
      return [name, value];
    });
  }

  #connection(id: string): string {
    if (!UUID.test(id)) return `no UUID: ${id}`;
    if (!this.#connections.includes(id)) this.#connections.push(id);
    return `connection ${this.#connections.indexOf(id) + 1}`;
  }
}

/** RFC 6455, section 4.1: 16 bytes in base64. */
function keyForm(key: string): string {
  return /^[A-Za-z0-9+/]{22}==$/.test(key) ? 'a key' : `no key: ${key}`;
}
