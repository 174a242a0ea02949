import type { IncomingMessage, Server } from 'node:http';
import { type WebSocket, WebSocketServer } from 'ws';
import { chooseProtocol, type EventsApp, FORBIDDEN, ROOM, WELCOME, who } from './events-app.js';
import { closeLine, messageLine } from './lines.js';

/** Lets `server` speak WebSocket itself, by ws, and do the same as {@link EventsApp}. */
export function serveWs(server: Server, { seen }: Pick<EventsApp, 'seen'>): void {
  const sockets = new WebSocketServer({
    server,
    perMessageDeflate: false,
    maxPayload: 16_000_000,
    handleProtocols: (offered) => chooseProtocol([...offered].join(', ')) ?? false,
    verifyClient: ({ req }, decide) => {
      const { path, status, body, reason } = FORBIDDEN;
      const isForbidden = req.url?.startsWith(path) === true;
      // ws writes the body with a length of its own.
      decide(!isForbidden, status, body, { 'Content-Type': 'text/plain', 'X-Reason': reason });
    },
  });
  sockets.on('headers', (headers, req) => {
    if (req.headers['sec-websocket-extensions']?.includes('grip'))
      headers.push('Sec-WebSocket-Extensions: grip');
    headers.push(`Set-Cookie: ${WELCOME.cookie}`);
  });
  sockets.on('connection', (socket, req) => {
    seen.add('OPEN');
    socket.send(`c:${JSON.stringify({ type: 'subscribe', channel: ROOM })}`);
    socket.on('message', (data: Buffer, isBinary) => {
      seen.add(messageLine(isBinary ? 'binary' : 'text', data));
      if (isBinary) socket.send(Buffer.concat([Buffer.from('m:'), data]));
      else answerText(socket, data.toString(), req);
    });
    socket.on('ping', (data) => seen.add(messageLine('ping', data)));
    socket.on('pong', (data) => {
      seen.add(messageLine('pong', data));
      socket.send(`m:you said pong ${data}`);
    });
    socket.on('error', () => {});
    socket.on('close', (code, reason) => {
      if (code === 1006) seen.add('DISCONNECT');
      else seen.add(code === 1005 ? 'close' : closeLine(code, reason.toString()));
    });
  });
}

function answerText(socket: WebSocket, text: string, req: IncomingMessage): void {
  if (text === 'bye') socket.close(4001, 'bye then');
  else if (text === 'ping me') socket.ping('are you there');
  else socket.send(`m:${text === 'who' ? who(req.headers) : text}`);
}
