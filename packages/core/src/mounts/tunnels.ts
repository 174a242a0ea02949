import { type Admission, FULL } from '../sessions/admission.js';
import type { SocketClient } from '../websocket/socket-client.js';
import { Tunnel, type TunnelRoute, type TunnelServices } from '../websocket/tunnel.js';
import { refuseHandshake } from './upgrade.js';

/** The tunnels of a proxy: WebSockets on routes that take no part in GRIP. */
export class Tunnels {
  readonly #services: TunnelServices & { readonly admission: Admission };
  readonly #tunnels = new Set<Tunnel>();

  constructor(services: TunnelServices & { readonly admission: Admission }) {
    this.#services = services;
  }

  /** Connects a client to the first target of a route that can be reached. */
  open(client: SocketClient, route: TunnelRoute): void {
    const { admission } = this.#services;
    if (!admission.admits({ path: route.handshake.path })) {
      refuseHandshake(client, { status: 503, message: FULL });
      return;
    }
    admission.addTunnel();
    const tunnel = new Tunnel(this.#services, client, route, this.#forget);
    this.#tunnels.add(tunnel);
    tunnel.open();
  }

  /** Cuts all of them. */
  close(): void {
    for (const tunnel of this.#tunnels) tunnel.cut();
  }

  readonly #forget = (tunnel: Tunnel): void => {
    if (this.#tunnels.delete(tunnel)) this.#services.admission.removeTunnel();
  };
}
