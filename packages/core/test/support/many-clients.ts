import net from 'node:net';

/** Run as a process of its own, by `many-holds.ts`: clients of streams, which do as they are told. */

/** What the clients are told. */
export type Order =
  | { readonly do: 'hold'; readonly round: number; readonly count: number; readonly port: number }
  | { readonly do: 'leave' };

/** What the clients tell: how many hold a stream, have got the item, have seen the end of the stream, are connected. */
export interface Word {
  readonly round: number;
  readonly held: number;
  readonly got: number;
  readonly ended: number;
  readonly open: number;
}

/** Requests that are under way at the same time. */
const AT_ONCE = 50;

const REQUEST = 'GET /stream HTTP/1.1\r\nHost: example.com\r\n\r\n';
const HELD = '\r\n1\r\n[\r\n';
const ITEM = '5\r\nhello\r\n';
const END = '0\r\n\r\n';

const sockets: net.Socket[] = [];
let [held, got, ended, open, asked] = [0, 0, 0, 0, 0];
let [round, wanted] = [0, 0];
let port = 0;

process.on('message', (order: Order) => {
  if (order.do === 'leave') {
    // Without waiting for the other end: or the ports would be used up.
    for (const socket of sockets.splice(0)) socket.resetAndDestroy();
    return;
  }
  held = got = ended = asked = 0;
  ({ round, count: wanted, port } = order);
  for (let i = 0; i < AT_ONCE; i++) ask();
});
process.on('disconnect', () => process.exit());
setInterval(() => process.send?.({ round, held, got, ended, open } satisfies Word), 20);

/** One more client asks, on the connection that it has, or on a new one. */
function ask(): void {
  if (asked >= wanted) return;
  const socket = sockets[asked++] ?? connect();
  socket.write(REQUEST);
}

function connect(): net.Socket {
  const socket = net.connect(port, '127.0.0.1');
  let text = '';
  socket.on('connect', () => open++);
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
    if (text.endsWith(HELD)) {
      held++;
      text = '';
      ask();
    } else if (text.endsWith(ITEM)) {
      got++;
      text = '';
    } else if (text.endsWith(END)) {
      ended++;
      text = '';
    }
  });
  socket.on('error', () => {});
  socket.on('close', () => open--);
  sockets.push(socket);
  return socket;
}
