import { WebSocketMessageFormat } from '@fanoutio/grip';
import { ServeGrip } from '@fanoutio/serve-grip';
import Koa from 'koa';
import bodyParser from 'koa-bodyparser';
import type { MakeApp } from './app-houses.js';
import { CHANNEL_NAME, count } from './serve-grip-counter.js';

/**
 * The examples koa-http and koa-ws of @fanoutio/serve-grip, in one app: (c) Fanout, Inc. and Fastly, Inc., MIT. Theirs is all
 * below `/api`, but for the keys in `grip` and the router. `mount`: what the app uses before.
 */
export const koaServeGrip: MakeApp<Koa> = (grip, mount = () => {}) => {
  const app = new Koa();
  // It takes a client that is lost for an error, which Koa would print.
  app.silent = true;
  mount(app);

  const serveGripMiddleware = new ServeGrip({ grip });

  app.use(serveGripMiddleware.koa);

  const router = new Router();

  router.get('/api/stream', (ctx) => {
    if (ctx.req.grip?.isProxied) {
      const gripInstruct = ctx.res.grip?.startInstruct();
      gripInstruct?.addChannel(CHANNEL_NAME);
      gripInstruct?.setHoldStream();

      ctx.set('Content-Type', 'text/plain');
      ctx.body = '[stream open]\n';
    } else {
      ctx.set('Content-Type', 'text/plain');
      ctx.body = '[not proxied]\n';
    }
  });

  router.post('/api/publish', async (ctx) => {
    const data = ctx.request.body;

    const publisher = serveGripMiddleware.getPublisher();
    await publisher.publishHttpStream(CHANNEL_NAME, `${data}\n`);

    ctx.set('Content-Type', 'text/plain');
    ctx.body = 'Ok\n';
  });

  // Websocket-over-HTTP is translated to HTTP POST
  router.post('/api/websocket', (ctx) => {
    const wsContext = ctx.req.grip?.wsContext;
    if (wsContext == null) {
      ctx.status = 400;
      ctx.body = '[not a websocket request]\n';
      return;
    }

    // If this is a new connection, accept it and subscribe it to a channel
    if (wsContext.isOpening()) {
      wsContext.accept();
      wsContext.subscribe(CHANNEL_NAME);
    }

    while (wsContext.canRecv()) {
      const message = wsContext.recv();

      if (message == null) {
        // If return value is undefined then connection is closed
        wsContext.close();
        break;
      }

      // Echo the message
      wsContext.send(message);
    }

    // In Koa, specifically set the response body to null so that
    // it doesn't return 404
    ctx.body = null;
  });

  router.post('/api/broadcast', async (ctx) => {
    const publisher = serveGripMiddleware.getPublisher();
    await publisher.publishFormats(CHANNEL_NAME, new WebSocketMessageFormat(String(ctx.request.body)));

    ctx.set('Content-Type', 'text/plain');
    ctx.body = 'Ok\n';
  });

  router.get('/more/poll', (ctx) => {
    const gripInstruct = ctx.res.grip?.startInstruct();
    gripInstruct?.addChannel(CHANNEL_NAME);
    gripInstruct?.setHoldLongPoll(30);
    ctx.body = '[nothing yet]\n';
  });

  router.post('/more/answer', async (ctx) => {
    await serveGripMiddleware.getPublisher().publishHttpResponse(CHANNEL_NAME, String(ctx.request.body));
    ctx.body = 'Ok\n';
  });

  router.post('/more/counter', (ctx) => {
    const status = count(ctx.req.grip?.wsContext, ctx.get('authorization'));
    ctx.body = null;
    ctx.status = status === 200 ? 204 : status;
  });

  router.post('/more/sends-nothing', (ctx) => {
    ctx.status = count(ctx.req.grip?.wsContext, 'secret');
    ctx.body = '';
  });

  app.use(router.routes());
  return app.callback();
};

/** As much of a router as the examples need. */
class Router {
  readonly #routes = new Map<string, Koa.Middleware>();
  readonly #parse = bodyParser({ enableTypes: ['text'] });

  get(path: string, handler: Koa.Middleware): void {
    this.#routes.set(`GET ${path}`, handler);
  }

  post(path: string, handler: Koa.Middleware): void {
    this.#routes.set(`POST ${path}`, handler);
  }

  routes(): Koa.Middleware {
    return (ctx, next) => {
      const handler = this.#routes.get(`${ctx.method} ${ctx.path}`);
      if (handler === undefined) return next();
      return ctx.is('text') ? this.#parse(ctx, async () => handler(ctx, next)) : handler(ctx, next);
    };
  }
}
