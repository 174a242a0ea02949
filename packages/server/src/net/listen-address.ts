import { GripError } from '@p-8/core';

/** A TCP port to listen on. */
export interface TcpListen {
  /** Address or host name. @default all interfaces */
  readonly host?: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Speak TLS; needs a directory of certificates. @default false */
  readonly tls?: boolean;
}

/** A Unix socket to listen on. */
export interface UnixListen {
  readonly path: string;
  /** Permission bits of the socket. @default what the umask leaves */
  readonly mode?: number;
}

export type ListenOptions = TcpListen | UnixListen;

/**
 * Reads `[ADDR:]PORT`; an IPv6 address stands in brackets.
 *
 * @param option names the option in the error
 * @throws GripError when it is something else
 */
export function parseListen(text: string, option: string): TcpListen {
  const match = /^(?:(\[[0-9a-fA-F:.%]+\]|[^\s:/[\]]+):)?(\d{1,5})$/.exec(text.trim());
  const port = Number(match?.[2]);
  if (match === null || port > 65_535) {
    throw new GripError(
      'GRIP_ERR_OPTION',
      `${option}: ${JSON.stringify(text)} is not [ADDR:]PORT with a port from 0 to 65535; write for example 7999, ` +
        '127.0.0.1:7999 or [::1]:7999',
    );
  }
  const host = match[1]?.replace(/^\[|\]$/g, '');
  return host === undefined ? { port } : { host, port };
}

/**
 * Reads `PATH[?mode=OCTAL]`.
 *
 * @throws GripError when the mode is not octal
 */
export function parseUnixListen(text: string, option: string): UnixListen {
  const [path = '', query = ''] = text.split('?', 2);
  const mode = new URLSearchParams(query).get('mode');
  if (path === '' || (mode !== null && !/^[0-7]{3,4}$/.test(mode))) {
    throw new GripError(
      'GRIP_ERR_OPTION',
      `${option}: ${JSON.stringify(text)} is not PATH[?mode=OCTAL]; write for example /run/p-8.sock?mode=660`,
    );
  }
  return mode === null ? { path } : { path, mode: Number.parseInt(mode, 8) };
}

/** Whether only this machine can connect to `host`. Names other than `localhost` are not looked up: they count as remote. */
export function isLoopback(host: string | undefined): boolean {
  if (host === undefined) return false;
  return host === 'localhost' || host === '::1' || /^(::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/i.test(host);
}

/** Whether `host` stands for all interfaces. */
export function isAnyAddress(host: string | undefined): boolean {
  return host === undefined || host === '0.0.0.0' || host === '::';
}

/** `http://HOST:PORT`, fit for a client on this machine: `localhost` stands for all interfaces. */
export function listenUrl(host: string | undefined, port: number, scheme: 'http' | 'https' = 'http'): string {
  const name = host === undefined || isAnyAddress(host) ? 'localhost' : host;
  return `${scheme}://${name.includes(':') ? `[${name}]` : name}:${port}`;
}
