import assert from 'node:assert/strict';
import { ServeGrip } from '@fanoutio/serve-grip';
import { type GripMiddleware, gripProxy } from '@p-8/express';
import compression from 'compression';
import express, { type RequestHandler, type Response } from 'express';
import { useInteropStage } from '../../../test/interop/support/interop-stage.js';
import { WsParty } from '../../../test/interop/support/ws-party.js';

const answers: Record<string, (res: Response) => unknown> = {
  'res.end()': (res) => res.end(),
  "res.send('')": (res) => res.send(''),
  'res.status(204).end()': (res) => res.status(204).end(),
  'res.writeHead(200, length)': (res) => {
    // serve-grip's own returns nothing.
    res.writeHead(200, { 'Content-Length': 0, ETag: '"x"' });
    res.end();
  },
};

const orders: Record<string, (grip: GripMiddleware, serveGrip: RequestHandler) => RequestHandler[]> = {
  'after the proxy': (grip, serveGrip) => [grip, serveGrip],
  'before the proxy': (grip, serveGrip) => [serveGrip, grip],
  'after the proxy, with compression between': (grip, serveGrip) => [grip, compression(), serveGrip],
};

for (const [order, build] of Object.entries(orders)) {
  describe(`a WebSocket that an Express app serves by serve-grip, mounted ${order}`, () => {
    const stage = useInteropStage();

    for (const [way, answer] of Object.entries(answers)) {
      it(`talks by ${way}`, async () => {
        const grip = stage().grip(gripProxy());
        const serveGrip = new ServeGrip({
          grip: { control_uri: 'http://127.0.0.1:1/', verify_key: 'changeme', verify_iss: 'pushpin' },
        });
        const app = express().use(...build(grip, serveGrip as unknown as RequestHandler));
        app.post('/', (req, res) => {
          const ws = req.grip.wsContext;
          if (ws?.isOpening()) {
            ws.accept();
            ws.subscribe('room');
          }
          while (ws?.canRecv()) {
            const message = ws.recv();
            if (message === null) ws.close(ws.closeCode ?? 1000);
            else ws.send(`got ${message}`);
          }
          answer(res);
        });
        const site = await stage().serve(app);
        grip.attach(site.server);
        const party = await WsParty.open(stage(), `ws://127.0.0.1:${site.port}/`);
        party.send('hello');
        assert.equal(await party.next(), 'text got hello');
        await grip.publish('room', { 'ws-message': 'to all' });
        assert.equal(await party.next(), 'text to all');
        party.socket.close(4001);
        assert.equal(await party.next(), 'close 4001');
      });
    }
  });
}
