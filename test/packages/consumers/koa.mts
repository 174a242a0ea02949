// A Koa app in TypeScript: what its handlers are given has types.
import { createServer } from 'node:http';
import Router from '@koa/router';
import { type GripMiddleware, gripProxy, type RequestGrip } from '@p-8/koa';
import Koa from 'koa';

const grip: GripMiddleware = gripProxy();
const app = new Koa();
app.use(grip);
app.use(grip.controlApi({ key: 'secret' }));
app.use(async (ctx, next) => {
  const ws = ctx.grip.wsContext;
  if (ws?.isOpening()) ws.accept();
  // @ts-expect-error `ctx.grip` is no `any`
  ctx.grip.wsContxt;
  await next();
});
interface State {
  user: string;
}
const typed = new Koa<State, { db: string }>();
typed.use(grip);
typed.use((ctx) => {
  const known: RequestGrip = ctx.grip;
  // @ts-expect-error `ctx.grip` is no `any`
  ctx.grip.wsContxt;
  ctx.body = known;
});
const router = new Router();
router.get('/', (ctx) => {
  // @ts-expect-error `ctx.grip` is no `any`
  ctx.grip.wsContxt;
});
app.use(router.routes());
grip.attach(createServer(app.callback()));
createServer(grip.wrap(app));
