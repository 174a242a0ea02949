import { request } from 'node:http';
import { ProxyServer } from '../../../../test/support/proxy-server.js';

/** What this script is told: routes, and for each of their paths the Host to ask with. */
export interface TlsRelayTask {
  readonly routes: readonly { pathPrefix: string; target: object }[];
  readonly asked: readonly (readonly [path: string, host: string])[];
}

/** Run as a process of its own, since which authorities Node trusts is settled when it starts: prints the answers. */
const task = JSON.parse(process.argv[2] ?? '') as TlsRelayTask;
const proxy = await ProxyServer.listen({ routes: task.routes as never, debug: true });
const answers: string[] = [];
for (const [path, host] of task.asked) {
  answers.push(
    await new Promise((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port: proxy.port, path, headers: { Host: host } }, (res) => {
        let body = '';
        res.on('data', (chunk) => {
          body += chunk;
        });
        res.on('end', () => resolve(`${res.statusCode} ${body}`));
      });
      sent.on('error', reject).end();
    }),
  );
}
process.stdout.write(JSON.stringify(answers));
await proxy.close();
