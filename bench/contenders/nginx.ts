import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../../test/conformance/systems/free-ports.js';
import { launch, terminate } from '../machine/launch.js';
import type { Contender } from './contender.js';
import { waitUntilHolding } from './wait-for-port.js';

const MODULE = '/usr/lib/nginx/modules/ngx_nchan_module.so';

/** nginx with one worker: a relay, and with nchan a server of channels, which asks no origin and takes one item a request. */
export const nginx: Contender = {
  missing: () =>
    existsSync(MODULE)
      ? undefined
      : 'nginx with nchan is not installed (apt-get install nginx libnginx-mod-nchan)',
  async start({ originPort, cores }) {
    const directory = await mkdtemp(join(tmpdir(), 'p-8-bench-'));
    const [port = 0, controlPort = 0] = await freePorts(2);
    await writeFile(join(directory, 'nginx.conf'), configuration(directory, originPort, port, controlPort));
    const argv = ['-p', directory, '-c', join(directory, 'nginx.conf'), '-g', 'daemon off;'];
    const child = launch('nginx', argv, { cores, ipc: false });
    child.stderr?.resume();
    const stop = async (): Promise<void> => {
      await terminate(child);
      await rm(directory, { recursive: true, force: true });
    };
    try {
      await waitUntilHolding(port, ['stream', 'websocket']);
    } catch (cause) {
      await stop();
      throw new Error('nginx does not start', { cause });
    }
    return { pid: child.pid ?? 0, port, publish: { port: controlPort, form: 'raw' }, isNode: false, stop };
  },
};

/** What a report says it was. */
export function nginxVersion(): string {
  return (
    spawnSync('nginx', ['-v'], { encoding: 'utf8' }).stderr?.replace('nginx version: ', '').trim() ?? 'none'
  );
}

function configuration(directory: string, originPort: number, port: number, controlPort: number): string {
  const subscribers = 'nchan_channel_id $1; nchan_subscriber_first_message newest;';
  return `
load_module ${MODULE};
${userInfo().uid === 0 ? 'user root;' : ''}
worker_processes 1;
pid ${directory}/nginx.pid;
error_log stderr crit;
events { worker_connections 40000; }
http {
  access_log off;
  keepalive_requests 1000000000;
  keepalive_timeout 1h;
  nchan_max_reserved_memory 256M;
  client_body_temp_path ${directory}/body;
  proxy_temp_path ${directory}/proxy;
  fastcgi_temp_path ${directory}/fastcgi;
  uwsgi_temp_path ${directory}/uwsgi;
  scgi_temp_path ${directory}/scgi;
  upstream origin { server 127.0.0.1:${originPort}; keepalive 128; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / { proxy_pass http://origin; proxy_http_version 1.1; proxy_set_header Connection ""; }
    location ~ ^/stream/(.+)$ { nchan_subscriber eventsource; ${subscribers} }
    location ~ ^/poll/(.+)$ { nchan_subscriber longpoll; ${subscribers} }
    location ~ ^/ws/(.+)$ { nchan_subscriber websocket; ${subscribers} }
  }
  server {
    listen 127.0.0.1:${controlPort} backlog=4096;
    location ~ ^/publish/(.+)$ { nchan_publisher http; nchan_channel_id $1; nchan_message_buffer_length 0; }
  }
}
`;
}
