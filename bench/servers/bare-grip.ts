import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { BareHolds } from './bare-holds.js';
import { BareHub } from './bare-hub.js';
import { BareWebSockets } from './bare-web-sockets.js';
import { listen, ready, settings } from './site.js';

/**
 * What of a GRIP proxy is measured, as fast as we can make it in Node, and nothing else: no signatures, no filters, no
 * ids or order, no bounds for slow clients, no keep-alives, no time-outs. What P-8 is compared with.
 */
const { originPort } = settings<{ readonly originPort: number }>();
const hub = new BareHub();
const holds = new BareHolds(originPort, hub);
const sockets = new BareWebSockets(originPort, hub);

const clients = createServer({ keepAliveTimeout: 0 }, (req, res) => holds.handle(req, res));
clients.on('upgrade', (req, socket) => void sockets.open(req, socket));

const control = createServer((req, res) => {
  void text(req).then((body) => {
    hub.publish(body);
    res.end('Published\n');
  });
});

ready({ port: await listen(clients), controlPort: await listen(control) });
