import { closePayload, type FrameShape, OPCODES, writeFrame } from '../support/ws-frames.js';
import type { Field } from './field.js';
import type { SeenRequest } from './origin.js';
import { messageText } from './shown-bytes.js';
import { signedToken } from './signature.js';
import type { Stage } from './stage.js';
import type { Step } from './steps.js';
import { handshake } from './ws-client.js';

/** Details of a WebSocket; a plain client leaves them all out. */
export interface WebSocketOptions {
  /** Which client opens it. @default 'client' */
  readonly client?: string;
  readonly headers?: readonly Field[];
  /** @default 'example.com' */
  readonly host?: string;
  /** Whether a Close is answered by itself. @default true */
  readonly answersClose?: boolean;
}

const CLIENT = 'client';

/** A client asks for a WebSocket. The answer is waited for with {@link opened}, or `responded` where it is refused. */
export function connect(target: string, options: WebSocketOptions = {}): Step {
  const { client = CLIENT, headers, host, answersClose = true } = options;
  return {
    title: `${client} opens a WebSocket ${target}`,
    run: (stage) => stage.openWebSocket(client, handshake(target, headers, host), answersClose),
  };
}

/** A handshake as another GRIP proxy sends it: signed with `key`, and alive for an hour. */
export function connectSigned(target: string, key: string, options: WebSocketOptions = {}): Step {
  return {
    title: `client opens a signed WebSocket ${target}`,
    run(stage) {
      const token = signedToken({ iss: 'pushpin', exp: Math.floor(Date.now() / 1000) + 3600 }, key);
      const headers: Field[] = [['Grip-Sig', token], ...(options.headers ?? [])];
      return connect(target, { ...options, headers }).run(stage);
    },
  };
}

/** The WebSocket of a client is open. */
export function opened(name = CLIENT): Step {
  return {
    title: `${name}'s WebSocket is open`,
    async run(stage) {
      const client = await stage.client(name);
      await stage.until(
        () => stage.webSocket(name).opened,
        () => `a 101; ${name} got ${JSON.stringify(client.text)}${client.closed ? ' and the end' : ''}`,
      );
    },
  };
}

export function sendText(content: string | Uint8Array, client?: string): Step {
  return sendFrame(OPCODES.text, content, {}, client);
}

export function sendBinary(content: Uint8Array, client?: string): Step {
  return sendFrame(OPCODES.binary, content, {}, client);
}

export function sendPing(content = '', client?: string): Step {
  return sendFrame(OPCODES.ping, content, {}, client);
}

export function sendPong(content = '', client?: string): Step {
  return sendFrame(OPCODES.pong, content, {}, client);
}

/** A client sends a Close, without a code when none is given. Another one is not answered then. */
export function sendClose(code?: number, reason?: string | Uint8Array, client = CLIENT): Step {
  return sendCloseWith(closePayload(code, reason), client);
}

/** A client sends a Close with any payload. */
export function sendCloseWith(payload: Uint8Array, client = CLIENT): Step {
  return {
    title: `${client} sends a Close ${payload}`,
    run: (stage) => paced(stage, () => stage.webSocket(client).close(payload)),
  };
}

/** A client sends one frame of any form, masked unless `shape` says otherwise. */
export function sendFrame(
  opcode: number,
  content: string | Uint8Array,
  shape: FrameShape = {},
  client = CLIENT,
): Step {
  return sendBytes(writeFrame(opcode, content, { mask: true, ...shape }), client);
}

/** A client sends bytes on its WebSocket, whole frames or not. */
export function sendBytes(bytes: Uint8Array, client = CLIENT): Step {
  return {
    title: `${client} sends ${Buffer.from(bytes.subarray(0, 20)).toString('hex')}`,
    run: (stage) => paced(stage, () => stage.webSocket(client).send(bytes)),
  };
}

/** A client has got the message, `times` times; as the transcript has it, such as `text hello` or `close 1000 bye`. */
export function got(
  message: string,
  options: { readonly times?: number; readonly client?: string } = {},
): Step {
  const { times = 1, client = CLIENT } = options;
  return {
    title: `${client} got ${message}`,
    run: (stage) => {
      const messages = (): string[] => stage.webSocket(client).messages.map(messageText);
      return stage.until(
        () => messages().filter((other) => other === message).length >= times,
        () => `'${message}'; ${client} got ${JSON.stringify(messages()).slice(0, 2000)}`,
      );
    },
  };
}

/** A client has got `count` messages, whichever. */
export function gotCount(count: number, client = CLIENT): Step {
  return {
    title: `${client} got ${count} messages`,
    run: (stage) =>
      stage.until(
        () => stage.webSocket(client).messages.length >= count,
        () => `${count} messages; ${client} got ${stage.webSocket(client).messages.length}`,
      ),
  };
}

/** The origin got the message by the latest WebSocket that it accepted itself. */
export function originGot(message: string): Step {
  return {
    title: `the origin got ${message}`,
    run: (stage) => {
      const messages = (): string[] => latestWebSocket(stage)?.webSocket?.messages.map(messageText) ?? [];
      return stage.until(
        () => messages().includes(message),
        () => `'${message}'; the origin got ${JSON.stringify(messages())}`,
      );
    },
  };
}

/** The connection of the latest WebSocket that the origin accepted itself is gone. */
export function originClosed(): Step {
  return {
    title: "the origin's WebSocket is closed",
    async run(stage) {
      await stage.until(
        () => latestWebSocket(stage)?.webSocket?.closed === true,
        () => "the end of the origin's WebSocket",
      );
      const request = latestWebSocket(stage);
      if (request !== undefined) stage.noteEnd(request);
    },
  };
}

/** The origin's server goes away with its connections. */
export function originDown(): Step {
  return { title: 'the origin goes down', run: async (stage) => stage.running.origin?.close() };
}

function latestWebSocket(stage: Stage): SeenRequest | undefined {
  return stage.origin.requests.filter(({ webSocket }) => webSocket !== undefined).at(-1);
}

async function paced(stage: Stage, act: () => void): Promise<void> {
  act();
  await stage.pause();
}
