import type { RequestListener } from 'node:http';
import type { IGripConfig } from '@fanoutio/grip';
import { type GripMembers, gripMembers } from '@p-8/core';
import { gripProxy as expressGrip } from '@p-8/express';
import { gripProxy as koaGrip } from '@p-8/koa';
import express, { type Express } from 'express';
import Koa from 'koa';
import { P8Server } from 'p-8';
import type { Site } from '../../support/apps/site.js';
import type { InteropStage } from './interop-stage.js';

/** An app that knows nothing of P-8, and a proxy. */
export interface AppHouse {
  /** Where clients go: `http://127.0.0.1:1234`. */
  readonly url: string;
  /** Where and how to publish. */
  readonly grip: IGripConfig;
  /** How many are subscribed to a channel. */
  subscribers(channel: string): number;
}

/** Makes an app. `grip`: where it publishes, and how its proxy signs; `mount`: what it uses before all else. */
export type MakeApp<Framework> = (grip: IGripConfig, mount?: (app: Framework) => void) => RequestListener;

/** Puts an app and a proxy together. */
export type BuildAppHouse<Framework> = (stage: InteropStage, make: MakeApp<Framework>) => Promise<AppHouse>;

const CONTROL_KEY = 'publish-key';

/** All ways for apps of Express. */
export const EXPRESS_HOUSES: Readonly<Record<string, BuildAppHouse<Express>>> = {
  'with the proxy in the same app': async (stage, make) => {
    const { site, use } = await stageLater(stage);
    const grip = stage.grip(expressGrip());
    const config = gripConfig(`${site.url}/grip/`);
    const mount = (app: Express): void => {
      app.use('/grip', grip.controlApi({ key: CONTROL_KEY }));
      app.use(grip);
    };
    use(make(config, mount));
    return attached(grip, site, config);
  },
  'behind a proxy in another Express app': async (stage, make) => {
    const { site: origin, use } = await stageLater(stage);
    const grip = stage.grip(expressGrip({ target: { url: origin.url, overHttp: true } }));
    const app = express();
    app.use('/grip', grip.controlApi({ key: CONTROL_KEY }));
    app.use(grip);
    const front = await stage.serve(app);
    const config = gripConfig(`${front.url}/grip/`);
    use(make(config));
    return attached(grip, front, config);
  },
  'behind the standalone server': behindServer,
};

/** All ways for apps of Koa. */
export const KOA_HOUSES: Readonly<Record<string, BuildAppHouse<Koa>>> = {
  'with the proxy in the same app': async (stage, make) => {
    const { site, use } = await stageLater(stage);
    const grip = stage.grip(koaGrip());
    const config = gripConfig(`${site.url}/grip/`);
    const mount = (app: Koa): void => {
      app.use(grip.controlApi({ key: CONTROL_KEY }));
      app.use(grip);
    };
    use(make(config, mount));
    return attached(grip, site, config);
  },
  'behind a proxy in another Koa app': async (stage, make) => {
    const { site: origin, use } = await stageLater(stage);
    const grip = stage.grip(koaGrip({ target: { url: origin.url, overHttp: true } }));
    const app = new Koa();
    app.use(grip.controlApi({ key: CONTROL_KEY }));
    app.use(grip);
    const front = await stage.serve(app.callback());
    const config = gripConfig(`${front.url}/grip/`);
    use(make(config));
    return attached(grip, front, config);
  },
  'behind the standalone server': behindServer,
};

/** What an app has to know of its proxy: where to publish, and how it signs. Keys are those of a fresh Pushpin, too. */
export function gripConfig(controlUri: string): IGripConfig {
  return { control_uri: controlUri, key: CONTROL_KEY, verify_iss: 'pushpin', verify_key: 'changeme' };
}

/** A server whose app comes when all addresses are known. */
export async function stageLater(
  stage: InteropStage,
): Promise<{ site: Site; use: (listener: RequestListener) => void }> {
  let current: RequestListener | undefined;
  const site = await stage.serve((req, res) => current?.(req, res));
  const use = (listener: RequestListener): void => {
    current = listener;
  };
  return { site, use };
}

async function behindServer<Framework>(stage: InteropStage, make: MakeApp<Framework>): Promise<AppHouse> {
  const { site: origin, use } = await stageLater(stage);
  const server = new P8Server({
    listen: [{ host: '127.0.0.1', port: 0 }],
    control: { port: 0, key: CONTROL_KEY },
    routes: [{ target: { url: origin.url, overHttp: true } }],
  });
  await server.start();
  const { hub } = stage.grip(gripMembers(server.proxy));
  stage.onClose(() => server.close());
  const config = gripConfig(server.controlUrl ?? '');
  use(make(config));
  return { url: server.urls[0] ?? '', grip: config, subscribers: (channel) => hub.subscriberCount(channel) };
}

function attached({ attach, hub }: GripMembers, { server, url }: Site, grip: IGripConfig): AppHouse {
  attach(server);
  return { url, grip, subscribers: (channel) => hub.subscriberCount(channel) };
}
