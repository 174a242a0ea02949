import net, { type OnReadOpts, type Socket } from 'node:net';
import tls from 'node:tls';
import { type ClockTimer, systemClock } from '../clock.js';
import { GripError } from '../errors.js';
import { hostName } from '../http/client-request.js';
import { isInternalAddress, refuseInternalAddresses } from './internal-addresses.js';

/** How to reach an origin. */
export interface ConnectorOptions {
  /** `http://host:port` or `https://host:port`. */
  readonly url: string;
  readonly insecure: boolean;
  /** Server name of the TLS handshake; undefined: the request's own host. */
  readonly servername: string | undefined;
  /** Refuse internal addresses after resolving. */
  readonly untrusted: boolean;
  readonly clientCert: string | undefined;
  readonly clientKey: string | undefined;
  /** Milliseconds. */
  readonly connectTimeout: number;
}

/** Hears once how a connection could be made. */
export type Connected = (error: Error | undefined, socket: Socket | undefined) => void;

/** Milliseconds of silence before TCP asks whether the origin is still there. */
const PROBE_DELAY = 60_000;

/** Sessions of TLS that are kept to be taken up again. */
const MAX_SESSIONS = 100;

/** Opens connections to one origin. */
export class Connector {
  readonly isSecure: boolean;
  readonly #options: ConnectorOptions;
  /** A name, or an address as sockets take it. */
  readonly #host: string;
  readonly #port: number;
  readonly #sessions = new Map<string, Buffer>();

  constructor(options: ConnectorOptions) {
    const { protocol, hostname, port } = new URL(options.url);
    this.#options = options;
    this.isSecure = protocol === 'https:';
    this.#host = withoutBrackets(hostname);
    this.#port = Number(port) || (this.isSecure ? 443 : 80);
  }

  /** The name that the handshake of TLS is about, for a request with such a `Host`. Undefined: there is no handshake. */
  serverName(host: string): string | undefined {
    if (!this.isSecure) return undefined;
    if (this.#options.servername !== undefined) return this.#options.servername;
    const name = hostName(host);
    // An address is no name.
    return name === '' || net.isIP(withoutBrackets(name)) !== 0 ? this.#host : name;
  }

  /** Opens a connection. `onread`: where to read into, without TLS. @returns gives it up; after that, nobody is told */
  open(serverName: string | undefined, connected: Connected, onread?: OnReadOpts): () => void {
    const { untrusted } = this.#options;
    // Sockets do not look up what is an address already.
    if (untrusted && isInternalAddress(this.#host)) {
      const error = new GripError('GRIP_ERR_LINK_REFUSED', `${this.#host} is an internal address`);
      queueMicrotask(() => connected(error, undefined));
      return () => {};
    }
    const target = {
      host: this.#host,
      port: this.#port,
      keepAlive: true,
      keepAliveInitialDelay: PROBE_DELAY,
      noDelay: true,
      ...(untrusted && { lookup: refuseInternalAddresses }),
    };
    const socket =
      serverName === undefined
        ? net.connect({ ...target, ...(onread !== undefined && { onread }) })
        : this.#connectTls(serverName, target);
    const attempt = new Attempt(socket, this.isSecure, this.#options.connectTimeout, connected);
    return () => attempt.giveUp();
  }

  #connectTls(serverName: string, target: net.TcpNetConnectOpts): tls.TLSSocket {
    const { insecure, clientCert, clientKey } = this.#options;
    const session = this.#sessions.get(serverName);
    const socket = tls.connect({
      ...target,
      ALPNProtocols: ['http/1.1'],
      rejectUnauthorized: !insecure,
      ...(net.isIP(serverName) === 0 && { servername: serverName }),
      ...(session !== undefined && { session }),
      ...(clientCert !== undefined && { cert: clientCert }),
      ...(clientKey !== undefined && { key: clientKey }),
    });
    socket.on('session', (session) => this.#keepSession(serverName, session));
    return socket;
  }

  #keepSession(serverName: string, session: Buffer): void {
    this.#sessions.delete(serverName);
    this.#sessions.set(serverName, session);
    const [oldest] = this.#sessions.keys();
    if (oldest !== undefined && this.#sessions.size > MAX_SESSIONS) this.#sessions.delete(oldest);
  }
}

/** One connection that is being made. */
class Attempt {
  readonly #socket: Socket;
  readonly #event: 'secureConnect' | 'connect';
  readonly #connected: Connected;
  /** By the machine's time, whatever clock the proxy has been given: it is the machine that connects. */
  readonly #timer: ClockTimer | undefined;

  constructor(socket: Socket, isSecure: boolean, timeout: number, connected: Connected) {
    this.#socket = socket;
    this.#event = isSecure ? 'secureConnect' : 'connect';
    this.#connected = connected;
    socket.once(this.#event, this.#onConnect);
    socket.once('error', this.#onError);
    if (timeout > 0) this.#timer = systemClock.setTimeout(this.#onTimeout, timeout);
  }

  giveUp(): void {
    this.#stop();
    this.#socket.destroy();
  }

  readonly #onTimeout = (): void => {
    this.giveUp();
    this.#connected(Object.assign(new Error('no connection in time'), { code: 'ETIMEDOUT' }), undefined);
  };

  readonly #onConnect = (): void => {
    this.#stop();
    this.#connected(undefined, this.#socket);
  };

  readonly #onError = (error: Error): void => {
    this.#stop();
    this.#connected(error, undefined);
  };

  #stop(): void {
    if (this.#timer !== undefined) systemClock.clearTimeout(this.#timer);
    this.#socket.off(this.#event, this.#onConnect).off('error', this.#onError);
    // Whoever gets it has listeners of its own. One that is given up may still fail.
    this.#socket.on('error', ignore);
  }
}

/** An address of IPv6 as sockets take it. */
function withoutBrackets(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '');
}

function ignore(): void {}
