// An Express app in TypeScript: what its handlers are given has types.
import { createServer } from 'node:http';
import { type GripMiddleware, type GripProxyOptions, gripProxy, type RequestGrip } from '@p-8/express';
import express, { type Request, Router } from 'express';

const options: GripProxyOptions = { target: { url: 'http://127.0.0.1:8000', overHttp: true } };
const grip: GripMiddleware = gripProxy();
const front = gripProxy(options);
const app = express();
app.use(grip);
app.use('/other', front);
app.use('/grip', grip.controlApi({ key: 'secret' }));
app.post('/chat', async (req, res) => {
  const ws = req.grip.wsContext;
  if (ws?.isOpening()) ws.accept();
  const message: string | Uint8Array | null | undefined = ws?.recv();
  // @ts-expect-error `req.grip` is no `any`
  req.grip.wsContxt;
  const receipt = await grip.publish('chat', { 'ws-message': message ?? '' });
  res.json(receipt.delivered);
});
const router = Router();
router.get('/', (req: Request<{ id: string }>, res) => {
  const known: RequestGrip = req.grip;
  res.send(known.isProxied);
});
app.use(router);
grip.attach(createServer(app));
createServer(grip.wrap(app));
