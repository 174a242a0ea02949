import type { Logger, RouteOptions } from '@p-8/core';
import { errorText } from '../error-text.js';
import { DEFAULT_ROUTES, type P8ServerOptions } from '../options.js';
import { readRoutesFile } from './routes-file.js';
import { RoutesWatcher } from './routes-watcher.js';

/** Where a server's routes come from: its options, or a file that may change. */
export class RouteSource {
  /** Undefined where the routes are fixed. */
  readonly file: string | undefined;
  readonly #fixed: readonly RouteOptions[];
  readonly #logger: Logger;
  #watcher: RoutesWatcher | undefined;

  constructor(options: Pick<P8ServerOptions, 'routes' | 'routesFile'>, logger: Logger) {
    this.file = options.routesFile;
    this.#fixed = options.routes ?? DEFAULT_ROUTES;
    this.#logger = logger;
  }

  /**
   * The routes as they are now. What is wrong with lines of the file goes to the log.
   *
   * @throws GripError when the file cannot be read
   */
  read(): readonly RouteOptions[] {
    if (this.file === undefined) return this.#fixed;
    const { routes, warnings } = readRoutesFile(this.file);
    for (const warning of warnings) this.#logger.warn({}, warning);
    if (routes.length === 0) {
      this.#logger.warn({}, `${this.file} has no route: every request is answered 502`);
    }
    return routes;
  }

  /** Calls back after each change of the file from now on; resolves when it does. */
  async watch(changed: () => void): Promise<void> {
    const { file } = this;
    if (file === undefined) return;
    this.#watcher = new RoutesWatcher(file, changed, (error) =>
      this.#logger.warn({ file }, `cannot watch the routes file, send SIGHUP instead: ${errorText(error)}`),
    );
    await this.#watcher.ready();
  }

  async close(): Promise<void> {
    await this.#watcher?.close();
  }
}
