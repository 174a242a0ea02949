import type { RequestListener } from 'node:http';
import { GripError, GripProxy, type Logger, type RouteOptions, safeLogger, silentLogger } from '@p-8/core';
import { Demo } from './demo/demo.js';
import { errorText } from './error-text.js';
import { checkControlKey, checkRouteKeys, checkWellKnownKeys } from './keys.js';
import { CertificateStore } from './net/certificates.js';
import { createControlServer } from './net/control-server.js';
import { createFrontServer } from './net/front-server.js';
import type { ListenOptions } from './net/listen-address.js';
import { Listener } from './net/listener.js';
import { OpenFiles } from './net/open-files.js';
import { withReadiness } from './net/readiness.js';
import {
  DEFAULT_CONTROL_HOST,
  DEFAULT_CONTROL_PORT,
  DEFAULT_PORT,
  type P8ServerOptions,
  WELL_KNOWN_KEY,
} from './options.js';
import { findOwnTarget } from './routes/own-target.js';
import { RouteSource } from './routes/route-source.js';

/** Milliseconds that requests under way have to finish when the server closes. */
const CLOSE_GRACE = 5000;

/** Milliseconds between two looks whether they have. */
const ANSWERED_INTERVAL = 20;

const OPTION_NAMES: ReadonlySet<string> = new Set<keyof P8ServerOptions>([
  'listen',
  'control',
  'routes',
  'routesFile',
  'demo',
  'proxy',
  'certificates',
  'maxHeaderSize',
  'maxConnections',
  'production',
  'logger',
]);

/**
 * A GRIP proxy with its own ports: what the `p-8` command runs.
 *
 * @example
 * const server = new P8Server({ listen: [{ port: 8000 }], routes: [{ target: 'http://localhost:3000' }] });
 * await server.start();
 * await server.proxy.publish('news', { 'http-stream': 'hello\n' });
 * await server.close();
 */
export class P8Server {
  readonly proxy: GripProxy;
  readonly #options: P8ServerOptions;
  readonly #logger: Logger;
  readonly #demo: Demo | undefined;
  readonly #source: RouteSource;
  #routes: readonly RouteOptions[];
  readonly #fronts: Listener[] = [];
  #control: Listener | undefined;
  #closing: Promise<void> | undefined;

  /** @throws GripError when an option is unknown or wrong, or the routes file cannot be read */
  constructor(options: P8ServerOptions = {}) {
    checkOptions(options);
    this.#options = options;
    this.#logger = safeLogger(options.logger ?? silentLogger);
    if (options.demo) {
      this.#demo = new Demo({
        publish: (channel, formats, item) => this.proxy.publish(channel, formats, item),
        controlUrl: () => this.controlUrl,
        controlNeedsKey: options.control !== false && options.control?.key !== undefined,
        logger: this.#logger,
      });
    }
    const demo = this.#demo && { routes: [{ target: { listener: this.#demo.listener, overHttp: true } }] };
    this.#source = new RouteSource(demo ?? options, this.#logger);
    const complaints = checkWellKnownKeys(options);
    // A demo has no secrets, and should not begin with a warning.
    if (this.#demo === undefined) this.#warn(complaints);
    this.#routes = this.#readRoutes();
    const sigKey = options.proxy?.sigKey ?? WELL_KNOWN_KEY;
    this.proxy = new GripProxy({ ...options.proxy, sigKey, routes: this.#routes, logger: this.#logger });
  }

  /** Where clients connect, with the actual ports: `http://localhost:7999`. Empty before `start`. */
  get urls(): string[] {
    return this.#fronts.map((front) => front.url);
  }

  /** Base of the control API: `http://127.0.0.1:5561`; undefined before `start` and where there is none. */
  get controlUrl(): string | undefined {
    return this.#control?.url;
  }

  /**
   * Opens all ports, and begins to watch the routes file.
   *
   * @throws GripError when a port cannot be had, or a target is one of the own ports; everything is closed again then
   */
  async start(): Promise<void> {
    try {
      await this.#open();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Reads the routes file again. When that fails, the routes stay as they are, and the log says why. */
  reloadRoutes(): void {
    const { file } = this.#source;
    if (file === undefined || this.#closing !== undefined) return;
    try {
      const routes = this.#readRoutes();
      this.#refuseOwnTarget(routes);
      this.proxy.setRoutes(routes);
      this.#routes = routes;
      this.#logger.info({ file }, `routes loaded with ${routes.length} entries`);
    } catch (error) {
      this.#logger.warn({ file }, `the routes stay as they were: ${errorText(error)}`);
    }
  }

  /**
   * Ends all holds properly, evenly over `drainSeconds`, while the ports stay open and `/ready` of the control API says 503;
   * then closes the ports, and lets requests under way finish. A second call waits for the first.
   */
  close({ drainSeconds = 0 }: { drainSeconds?: number } = {}): Promise<void> {
    this.#closing ??= this.#close(drainSeconds);
    return this.#closing;
  }

  async #open(): Promise<void> {
    const { maxHeaderSize, maxConnections, certificates, control, proxy } = this.#options;
    const linger = { timeout: proxy?.lingerTimeout, bytes: proxy?.lingerBytes };
    const store = certificates === undefined ? undefined : new CertificateStore(certificates, this.#logger);
    const openFiles = new OpenFiles(this.#logger);
    for (const address of this.#options.listen ?? [{ port: DEFAULT_PORT }]) {
      const tls = store && isTls(address) ? { certificates: store, port: address.port } : undefined;
      const server = createFrontServer(this.#handle, { maxHeaderSize, maxConnections, linger, tls });
      this.proxy.attach(server);
      this.#fronts.push(await Listener.open(server, address, '--port'));
      openFiles.watch(server);
    }
    if (control !== false) {
      const {
        host = DEFAULT_CONTROL_HOST,
        port = DEFAULT_CONTROL_PORT,
        maxHeaderSize: head,
        ...api
      } = control ?? {};
      const listener = withReadiness(this.proxy, this.proxy.controlApi(api));
      const server = createControlServer(listener, head, linger);
      this.#control = await Listener.open(server, { host, port }, '--control-port');
      openFiles.watch(server);
    }
    this.#refuseOwnTarget(this.#routes);
    this.#demo?.start();
    await this.#source.watch(() => {
      this.#logger.info({ file: this.#source.file }, 'routes file changed, reloading');
      this.reloadRoutes();
    });
  }

  readonly #handle: RequestListener = (request, response) => {
    this.proxy.handle(request, response);
  };

  #readRoutes(): readonly RouteOptions[] {
    const routes = this.#source.read();
    this.#warn(checkRouteKeys(routes, this.#options));
    return routes;
  }

  #warn(warnings: readonly string[]): void {
    for (const warning of warnings) this.#logger.warn({}, warning);
  }

  #refuseOwnTarget(routes: readonly RouteOptions[]): void {
    const ports = [...this.#fronts, ...(this.#control === undefined ? [] : [this.#control])];
    const own = findOwnTarget(routes, ports);
    if (own === undefined) return;
    throw new GripError(
      'GRIP_ERR_OPTION',
      `the target ${own} is this server's own port; choose another port or target`,
    );
  }

  /** Resolves when origins have answered all requests, or at `deadline`. */
  async #untilAnswered(deadline: number): Promise<void> {
    while (this.proxy.stats().upstreamRequests > 0 && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, ANSWERED_INTERVAL));
    }
  }

  async #close(drainSeconds: number): Promise<void> {
    await this.#source.close();
    if (drainSeconds > 0) await this.proxy.drain(drainSeconds);
    this.#demo?.close();
    const listeners = [...this.#fronts, ...(this.#control === undefined ? [] : [this.#control])];
    const closed = Promise.all(listeners.map((listener) => listener.close(CLOSE_GRACE)));
    await this.#untilAnswered(performance.now() + CLOSE_GRACE);
    await this.proxy.close();
    await closed;
  }
}

function isTls(address: ListenOptions): address is ListenOptions & { port: number } {
  return 'tls' in address && address.tls === true;
}

function checkOptions(options: P8ServerOptions): void {
  const unknown = Object.keys(options).find((name) => !OPTION_NAMES.has(name));
  if (unknown !== undefined) {
    throw new GripError(
      'GRIP_ERR_OPTION',
      `unknown option ${unknown}: known are ${[...OPTION_NAMES].join(', ')}`,
    );
  }
  if (options.routes !== undefined && (options.routesFile !== undefined || options.demo)) {
    const other = options.demo ? 'demo' : 'routesFile';
    throw new GripError('GRIP_ERR_OPTION', `routes and ${other} exclude each other: give one of them`);
  }
  if (options.listen?.some(isTls) && options.certificates === undefined) {
    throw new GripError(
      'GRIP_ERR_OPTION',
      'listen: a TLS port needs certificates, the directory they are in',
    );
  }
  checkControlKey(options.control);
}
