import { once } from 'node:events';
import http, { type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type GripMiddleware, gripProxy } from '@p-8/express';
import { parseWsEvents, type WsEvent } from '@p-8/protocol';
import express from 'express';

/** Rooms that are published to, one after the other. */
const ROOMS = 50;

/** Connections that may wait: with Node's 511 those of a busy moment would come seconds later. */
const BACKLOG = 4096;

/** Milliseconds from one item to the next. */
const PUBLISH_INTERVAL = 20;

/** Has timers set for every client: pings after seconds without anything else. */
const KEEP_ALIVE = 'c:{"type":"keep-alive","message-type":"ping","content":"alive?","timeout":3}';

/**
 * An Express app with the proxy in it. Subscribes its WebSockets to a room and to a channel of their own, and echoes; `bye` has
 * a client closed, `kick me` closed by an item. What is published to the rooms goes on all the time.
 */
export class SoakApp {
  readonly grip: GripMiddleware = gripProxy();
  readonly #server: Server;
  readonly #publishing: NodeJS.Timeout;
  #items = 0;

  private constructor() {
    const app = express().use(this.grip);
    app.post('/ws/:room', async (req, res) => {
      const events = parseWsEvents(Buffer.from(await text(req)));
      const id = req.get('connection-id') ?? '';
      const answers = events.ok ? events.value.map((event) => this.#answer(event, req.params.room, id)) : [];
      res.set({
        'Content-Type': 'application/websocket-events',
        'Sec-WebSocket-Extensions': 'grip',
        'Keep-Alive-Interval': '30',
        'Set-Meta-Room': req.params.room,
      });
      res.send(Buffer.from(answers.join(''), 'latin1'));
    });
    this.#server = http.createServer(app).listen({ port: 0, host: '127.0.0.1', backlog: BACKLOG });
    this.grip.attach(this.#server);
    this.#publishing = setInterval(() => this.#publish(), PUBLISH_INTERVAL);
  }

  static async start(): Promise<SoakApp> {
    const app = new SoakApp();
    await once(app.#server, 'listening');
    return app;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Connections that are open. */
  connections(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
    });
  }

  async close(): Promise<void> {
    clearInterval(this.#publishing);
    await this.grip.close();
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  #publish(): void {
    const number = this.#items++;
    void this.grip.publish(
      `room-${number % ROOMS}`,
      { 'ws-message': `item ${number}` },
      { id: String(number) },
    );
  }

  #answer({ type, content }: WsEvent, room: string, id: string): string {
    switch (type) {
      case 'OPEN':
        return ['OPEN\r\n', ...[`room-${room}`, `client-${id}`].map(subscribe), message(KEEP_ALIVE)].join('');
      case 'TEXT':
        return this.#answerText(Buffer.from(content ?? []).toString(), id);
      case 'CLOSE':
        return 'CLOSE\r\n';
      default:
        return '';
    }
  }

  #answerText(said: string, id: string): string {
    if (said === 'bye') return 'CLOSE 2\r\n\x0f\xa1\r\n';
    if (said !== 'kick me') return message(`m:${said}`);
    void this.grip.publish(`client-${id}`, { 'ws-message': { action: 'close', code: 4002 } });
    return '';
  }
}

function subscribe(channel: string): string {
  return message(`c:${JSON.stringify({ type: 'subscribe', channel })}`);
}

function message(content: string): string {
  return `TEXT ${content.length.toString(16)}\r\n${content}\r\n`;
}
