import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePorts } from '../conformance/systems/free-ports.js';

/** A program that stands in front of P-8 in the field. It marks each request that it passes on. */
export interface FrontKind {
  readonly name: string;
  readonly program: string;
  args(directory: string, port: number): readonly string[];
  /** The name of the configuration's file, and what is in it: the program listens on `port`, and passes requests on to `target`. */
  readonly file: string;
  config(port: number, target: number): string;
}

/** The field that a front adds to each of its requests. */
export const MARK = 'x-passed-by-front';

export const FRONTS: readonly FrontKind[] = [
  {
    name: 'nginx',
    program: '/usr/sbin/nginx',
    file: 'nginx.conf',
    args: (directory) => ['-p', directory, '-c', 'nginx.conf', '-e', 'stderr'],
    config: (port, target) => `
      daemon off;
      master_process off;
      pid nginx.pid;
      error_log stderr crit;
      events {}
      http {
        access_log off;
        client_body_temp_path body;
        proxy_temp_path proxy;
        fastcgi_temp_path fastcgi;
        uwsgi_temp_path uwsgi;
        scgi_temp_path scgi;
        map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
        upstream p8 { server 127.0.0.1:${target}; keepalive 4; }
        server {
          listen 127.0.0.1:${port};
          location / {
            proxy_pass http://p8;
            proxy_http_version 1.1;
            proxy_request_buffering off;
            proxy_buffering off;
            proxy_set_header ${MARK} yes;
            proxy_set_header Host $http_host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
          }
        }
      }`,
  },
  {
    name: 'haproxy',
    program: '/usr/sbin/haproxy',
    file: 'haproxy.cfg',
    args: (directory) => ['-db', '-f', join(directory, 'haproxy.cfg')],
    config: (port, target) => `defaults
  mode http
  timeout connect 5s
  timeout client 10s
  timeout server 10s
  http-reuse always
frontend clients
  bind 127.0.0.1:${port}
  http-request set-header ${MARK} yes
  default_backend p8
backend p8
  server p8 127.0.0.1:${target}
`,
  },
  {
    name: 'varnish',
    program: '/usr/sbin/varnishd',
    file: 'varnish.vcl',
    args: (directory, port) => [
      ...['-F', '-j', 'none', '-n', join(directory, 'run'), '-s', 'malloc,32m'],
      ...['-a', `127.0.0.1:${port}`, '-f', join(directory, 'varnish.vcl')],
    ],
    config: (_port, target) => `vcl 4.1;
backend p8 { .host = "127.0.0.1"; .port = "${target}"; }
sub vcl_recv {
  set req.http.${MARK} = "yes";
  if (req.http.upgrade ~ "(?i)websocket") { return (pipe); }
  return (pass);
}
sub vcl_pipe {
  set bereq.http.upgrade = req.http.upgrade;
  set bereq.http.connection = req.http.connection;
}
`,
  },
];

/** Whether the program is installed. */
export function isHere({ program }: FrontKind): boolean {
  return existsSync(program);
}

/** A front that runs, in a directory of its own. */
export class FrontProxy {
  readonly port: number;
  readonly #process: ChildProcess;
  readonly #directory: string;
  #log = '';

  private constructor(port: number, process: ChildProcess, directory: string) {
    this.port = port;
    this.#process = process;
    this.#directory = directory;
    for (const stream of [process.stdout, process.stderr])
      stream?.on('data', (chunk) => {
        this.#log += chunk;
      });
  }

  /** Starts one that passes requests on to a port of the loopback address. */
  static async start(kind: FrontKind, target: number): Promise<FrontProxy> {
    // Another process may take the port that was free a moment ago.
    for (let attempt = 1; ; attempt++) {
      const directory = await mkdtemp(join(tmpdir(), 'p-8-front-'));
      const [port = 0] = await freePorts(1);
      await writeFile(join(directory, kind.file), kind.config(port, target));
      const child = spawn(kind.program, kind.args(directory, port), { stdio: ['ignore', 'pipe', 'pipe'] });
      const front = new FrontProxy(port, child, directory);
      if (await front.#listens()) return front;
      await front.close();
      if (attempt === 3) throw new Error(`${kind.name} does not start: ${front.#log}`);
    }
  }

  async close(): Promise<void> {
    if (this.#isRunning) {
      const exit = once(this.#process, 'exit');
      this.#process.kill('SIGTERM');
      await exit;
    }
    await rm(this.#directory, { recursive: true, force: true });
  }

  get #isRunning(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  async #listens(): Promise<boolean> {
    const deadline = Date.now() + 8000;
    while (this.#isRunning && Date.now() < deadline) {
      if (await canConnect(this.port)) return this.#isRunning;
      await delay(10);
    }
    return false;
  }
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}
