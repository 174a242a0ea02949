import type { IncomingMessage } from 'node:http';
import { serverOf } from '../http/node-connection.js';
import { AppOrigin } from '../routing/app-origin.js';
import { WebSocketSession } from '../sessions/web-socket-session.js';
import { SockJsEndpoint } from '../sockjs/sockjs-endpoint.js';
import { InProcessUpstream, type RequestTarget } from '../upstream/in-process.js';
import type { Upstream } from '../upstream/upstream.js';
import type { ProxyContext } from './mount.js';

/** An app as one server serves it. */
export interface ServedApp {
  readonly upstream: Upstream;
  readonly origin: AppOrigin;
  /** Undefined: it has no SockJS clients. */
  readonly sockjs: SockJsEndpoint | undefined;
}

/** The app in this process, by the servers that serve it: usually one. */
export class ServedApps {
  readonly #context: ProxyContext;
  readonly #apps = new Map<RequestTarget | undefined, ServedApp>();
  #attached: RequestTarget | undefined;

  constructor(context: ProxyContext) {
    this.#context = context;
  }

  /** Whatever server a request comes in by, the app answers for this one. */
  attach(server: RequestTarget): void {
    this.#attached = server;
  }

  /** The app that a request is for. */
  of(req: IncomingMessage): ServedApp {
    const server = this.#attached ?? serverOf(req);
    const known = this.#apps.get(server);
    if (known !== undefined) return known;
    const app = this.#create(server);
    this.#apps.set(server, app);
    // Test clients start a server for each request: none must be kept longer than it lives.
    server?.once('close', () => {
      if (this.#apps.delete(server)) void app.upstream.close();
    });
    return app;
  }

  /** The SockJS endpoint that a path is for, if it is for one. */
  sockjsOf(req: IncomingMessage, path: string): SockJsEndpoint | undefined {
    if (this.#context.settings.sockjs === undefined) return undefined;
    const { sockjs } = this.of(req);
    return sockjs?.takes(path) ? sockjs : undefined;
  }

  async close(): Promise<void> {
    const apps = [...this.#apps.values()];
    this.#apps.clear();
    for (const { sockjs } of apps) sockjs?.close();
    await Promise.all(apps.map(({ upstream }) => upstream.close()));
  }

  #create(server: RequestTarget | undefined): ServedApp {
    const { settings, linkHosts, upstreams } = this.#context;
    const { prefix, debug, jsonInstructs = false } = settings;
    const upstream = server === undefined ? noServer : new InProcessUpstream(server, upstreams);
    const limits = { queueBytes: settings.sessionQueueBytes, policy: settings.slowClient };
    const origin = new AppOrigin(upstream, { prefix, debug, jsonInstructs, limits, linkHosts });
    return { upstream, origin, sockjs: this.#createSockJs(origin) };
  }

  #createSockJs(origin: AppOrigin): SockJsEndpoint | undefined {
    const { settings, services } = this.#context;
    const { sockjs: prefix, sockjsAsPath: asPath, sockjsUrl: clientUrl, origins } = settings;
    if (prefix === undefined) return undefined;
    return new SockJsEndpoint(
      { prefix, asPath, clientUrl, origins },
      (client, request) => new WebSocketSession(services, { client, request, origin, trusted: false }).open(),
      services,
    );
  }
}

const noServer: Upstream = {
  send(_request, handler) {
    const detail = 'the server of this app is not known: call attach(server)';
    queueMicrotask(() => handler.onError({ kind: 'no-server', detail }));
    return { abort() {}, resume() {} };
  },
  async close() {},
};
