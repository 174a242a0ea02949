import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Signer } from '../http/signature.js';
import type { LinkHosts } from '../routing/link-hosts.js';
import type { SessionServices } from '../sessions/held-request.js';
import type { Settings } from '../settings.js';
import type { RequestTarget } from '../upstream/in-process.js';
import type { UpstreamServices } from '../upstream/upstream-services.js';
import type { FrameworkRequest } from './framework-request.js';

/** Hands a request on to whatever comes after the proxy. */
export type Next = (error?: unknown) => void;

/** A way to be the proxy: of the app in this process, or of remote origins. */
export interface Mount {
  handle(
    req: IncomingMessage,
    res: ServerResponse,
    next: Next | undefined,
    framework: FrameworkRequest | undefined,
  ): void;
  /** Takes a request for a WebSocket. */
  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** The server whose requests the app answers, as far as it is known. */
  attach(server: RequestTarget): void;
  close(): Promise<void>;
}

/** What mounts share with the rest of the proxy. */
export interface ProxyContext {
  readonly settings: Settings;
  readonly services: SessionServices;
  readonly linkHosts: LinkHosts;
  readonly upstreams: UpstreamServices;
  /** Another proxy of this process stands in front, and does the holding: {@link GripProxy.standBehind}. */
  isBehind: boolean;
  /** The signer for an issuer and key; undefined where the key is empty. */
  signer(iss: string, key: string | Uint8Array): Signer | undefined;
}
