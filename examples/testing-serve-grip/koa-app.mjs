// The examples of @fanoutio/serve-grip for Koa, in one app. It knows nothing of its tests: they import it, and put a GRIP
// proxy in front of it.

import { HttpResponseFormat, HttpStreamFormat, WebSocketMessageFormat } from '@fanoutio/grip';
import { ServeGrip } from '@fanoutio/serve-grip';
import Router from '@koa/router';
import Koa from 'koa';
import bodyParser from 'koa-bodyparser';

/**
 * A new app.
 * @param {import('@fanoutio/serve-grip').IServeGripConfig} [config] for ServeGrip
 */
export function createApp(config = {}) {
  const { grip = process.env.GRIP_URL ?? 'http://localhost:5561/', prefix = '' } = config;
  const app = new Koa();
  const serveGrip = new ServeGrip({ ...config, grip });
  app.use(serveGrip.koa);
  // ServeGrip goes on to what comes next, even where it has refused the request.
  app.use((ctx, next) => (ctx.res.writableEnded ? undefined : next()));

  const router = new Router();

  router.get('/path', (ctx) => {
    if (!ctx.req.grip.isProxied) {
      ctx.body = '[not proxied]\n';
      return;
    }
    const gripInstruct = ctx.res.grip.startInstruct();
    gripInstruct.addChannel('test');
    gripInstruct.setHoldStream();
    gripInstruct.setKeepAlive('[still here]\n', 20);
    ctx.body = '[stream open]\n';
  });

  router.get('/poll', (ctx) => {
    const gripInstruct = ctx.res.grip.startInstruct();
    gripInstruct.addChannel('test');
    gripInstruct.setHoldLongPoll(30);
    ctx.body = '[nothing new]\n';
  });

  router.post('/publish', bodyParser({ enableTypes: ['text'] }), async (ctx) => {
    const line = `${ctx.request.body}\n`;
    const formats = [new HttpStreamFormat(line), new HttpResponseFormat({ body: line })];
    try {
      await serveGrip.getPublisher().publishFormats('test', formats);
      ctx.body = 'Ok\n';
    } catch {
      ctx.status = 502;
      ctx.body = '[not published]\n';
    }
  });

  router.post('/chat', async (ctx) => {
    const { wsContext } = ctx.req.grip;
    if (wsContext === null) {
      ctx.status = 400;
      ctx.body = '[not a WebSocket request]\n';
      return;
    }
    // Koa answers 404 to what has no body.
    ctx.body = null;
    if (wsContext.isOpening()) {
      wsContext.accept();
      // ServeGrip puts its prefix before the channels of streams and publishers, and not before these.
      wsContext.subscribe(`${prefix}chat`);
      wsContext.send('welcome');
    }
    try {
      while (wsContext.canRecv()) {
        const message = wsContext.recv();
        if (message === null) {
          wsContext.close(wsContext.closeCode);
          break;
        }
        await serveGrip.getPublisher().publishFormats('chat', new WebSocketMessageFormat(message));
      }
    } catch {
      // The client has gone without a word: nobody is there to be answered.
    }
  });

  app.use(router.routes()).use(router.allowedMethods());
  return app;
}
