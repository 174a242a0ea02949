import SockJS from 'sockjs-client';
import type { InteropStage } from './interop-stage.js';
import { closeLine, Lines, messageLine } from './lines.js';

/** Milliseconds that a transport has for its first frame, before the client gives it up: a busy machine may need them. */
const PATIENCE = 9000;

/** A SockJS client in Node, with one transport only, and what it hears. */
export class SockJsParty {
  /** `open TRANSPORT`, `text hello`, `close 1000 reason`, with `unclean` where the client takes it for an error. */
  readonly heard: Lines = new Lines();
  readonly url: string;
  readonly socket: WebSocket;

  /** `url`: of the prefix, beginning with `http`; `timeout`: milliseconds until the first frame. */
  constructor(stage: InteropStage, url: string, transport: string, timeout: number = PATIENCE) {
    this.url = url;
    this.socket = new SockJS(url, null, { transports: transport, timeout });
    const { socket, heard } = this;
    stage.onLeave(() => socket.close());
    socket.onopen = () => heard.add(`open ${transportOf(socket)}`);
    socket.onmessage = ({ data }) => heard.add(messageLine('text', Buffer.from(data)));
    socket.onclose = ({ code, reason, wasClean }) =>
      heard.add(`${closeLine(code, reason)}${wasClean ? '' : ' unclean'}`);
  }

  send(text: string): void {
    this.socket.send(text);
  }

  next(): Promise<string> {
    return this.heard.next();
  }
}

/** The client tells which transport it uses, but its types do not. */
function transportOf(socket: WebSocket): unknown {
  return 'transport' in socket ? socket.transport : undefined;
}
