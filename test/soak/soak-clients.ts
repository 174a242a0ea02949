import { type Crowd, SoakClient, type Tally } from './soak-client.js';

/** A process of clients, for `SoakCrowd`: comes and goes as it is told, and tells what it has seen. */

/** Clients that connect at once. */
const ARRIVALS = 50;

const tally: Tally = { opened: 0, echoes: 0, pushes: 0, failures: [] };
let crowd: Crowd | undefined;

process.on(
  'message',
  (order: { arrive: { count: number; port: number; pause: number } } | 'leave' | 'tell') => {
    if (order === 'leave') {
      if (crowd !== undefined) crowd.leaving = true;
    } else if (order === 'tell') {
      process.send?.(tally);
    } else {
      arrive(order.arrive);
    }
  },
);
process.on('disconnect', () => process.exit());

function arrive({ count, port, pause }: { count: number; port: number; pause: number }): void {
  let present = count;
  const arriving: Crowd = {
    port,
    pause,
    tally,
    leaving: false,
    onGone: () => {
      present--;
      if (present === 0) process.send?.('gone');
    },
  };
  crowd = arriving;
  const clients = Array.from({ length: count }, (_, index) => new SoakClient(arriving, index));
  const next = (): void => {
    for (const client of clients.splice(0, ARRIVALS)) client.connect();
    if (clients.length > 0) setTimeout(next, 20);
  };
  next();
}
