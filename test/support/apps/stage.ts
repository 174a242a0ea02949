import type { RequestListener } from 'node:http';
import type { ServerOptions } from 'node:https';
import type { GripMembers } from '@p-8/core';
import { Site } from './site.js';
import { idle } from './watch.js';

/** What one test of an app has set up. When the test is over its clients leave, and then its proxies must be at rest. */
export class AppStage {
  readonly #sites: Site[] = [];
  readonly #grips: GripMembers[] = [];

  /** Serves `listener` on a free port; over TLS with the key and certificate in `tls`. */
  async serve(listener: RequestListener, tls?: ServerOptions): Promise<Site> {
    const site = await Site.open(listener, tls);
    this.#sites.push(site);
    return site;
  }

  /** Looks after a proxy. */
  grip<T extends GripMembers>(grip: T): T {
    this.#grips.push(grip);
    return grip;
  }

  async close(): Promise<void> {
    for (const site of this.#sites) site.leave();
    try {
      for (const grip of this.#grips) await idle(grip);
    } finally {
      for (const grip of this.#grips) await grip.close();
      for (const site of this.#sites) await site.close();
    }
  }
}

/** Gives each test of the surrounding `describe` a stage of its own, by a function that returns it. */
export function useStage(): () => AppStage {
  let stage = new AppStage();
  beforeEach(() => {
    stage = new AppStage();
  });
  afterEach(() => stage.close());
  return () => stage;
}
