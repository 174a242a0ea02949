import http from 'node:http';
import { eventually } from '../../../../test/support/eventually.js';
import { hold, Origin, respond } from '../../../../test/support/origin.js';
import { ProxyServer } from '../../../../test/support/proxy-server.js';

/** Run as a process of its own, which has to end by itself: opens all that there is to open, and closes it. */
const origin = await Origin.listen((res, seen) => {
  if (seen.url === '/plain') res.end('plain');
  else if (seen.url === '/failing') res.writeHead(500).end();
  else if (seen.url === '/link') respond(res, { fields: ['Grip-Link: </failing>; rel=next'] });
  else
    hold(res, seen.url === '/poll' ? 'response' : 'stream', 'ch', {
      fields: ['Grip-Keep-Alive: p'],
      body: '[',
    });
});
const server = await ProxyServer.listen({ target: origin.url });
let answers = 0;
for (const path of ['/plain', '/poll', '/stream', '/link']) {
  http
    .get({ port: server.port, path, agent: new http.Agent({ keepAlive: false }) }, (res) => {
      res.resume().on('end', () => answers++);
    })
    .on('error', () => {});
}
await eventually(() => server.proxy.stats().sessions === 3 && answers === 1, 'three holds and an answer');
await server.proxy.publish('ch', { 'http-stream': 'c' }, { id: '3', 'prev-id': '2' });
await server.proxy.close();
server.server.close();
origin.server.close();
process.stdout.write('closed');
