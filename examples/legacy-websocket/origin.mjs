// A server that speaks WebSocket itself, with the package ws. It could be written in any language. Behind P-8 it can have
// its clients subscribed to channels: by the extension `grip`, and with control messages.
import { WebSocketServer } from 'ws';

/** For P-8, not for the client. */
const SUBSCRIBE = 'c:{"type":"subscribe","channel":"news"}';

const server = new WebSocketServer({ port: process.env.ORIGIN_PORT ?? 8000, host: '127.0.0.1' });

server.on('headers', (headers, request) => {
  if (offersGrip(request)) headers.push('Sec-WebSocket-Extensions: grip');
});

server.on('connection', (socket, request) => {
  // From here on, messages for the client begin with m:.
  const prefix = offersGrip(request) ? 'm:' : '';
  if (prefix !== '') socket.send(SUBSCRIBE);
  socket.on('message', (data) => socket.send(`${prefix}You said: ${data}`));
});

server.on('listening', () => console.log(`http://127.0.0.1:${server.address().port}`));

/** Whether a GRIP proxy asks; without one the server works as ever. */
function offersGrip(request) {
  return request.headers['sec-websocket-extensions']?.split(/, */).includes('grip') === true;
}
