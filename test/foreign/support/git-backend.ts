import { execFileSync, spawn } from 'node:child_process';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { join } from 'node:path';

const BACKEND = join(execFileSync('git', ['--exec-path'], { encoding: 'utf8' }).trim(), 'git-http-backend');

/** Serves the git repositories in a directory, by git's own CGI program. */
export function gitBackend(root: string): RequestListener {
  return (req, res) => {
    const backend = spawn(BACKEND, { env: { ...process.env, ...environmentOf(req, root) } });
    let head = Buffer.alloc(0);
    let isBody = false;
    backend.stdout.on('data', (chunk: Buffer) => {
      if (isBody) {
        res.write(chunk);
        return;
      }
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf('\r\n\r\n');
      if (end === -1) return;
      isBody = true;
      writeHead(res, head.toString('latin1', 0, end));
      res.write(head.subarray(end + 4));
    });
    backend.stdout.on('end', () => res.end());
    backend.stdin.on('error', () => {});
    req.pipe(backend.stdin);
  };
}

/** RFC 3875 4.1. */
function environmentOf({ url = '', method, headers }: IncomingMessage, root: string): NodeJS.ProcessEnv {
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  return {
    GIT_PROJECT_ROOT: root,
    GIT_HTTP_EXPORT_ALL: '1',
    PATH_INFO: pathname,
    QUERY_STRING: String(searchParams),
    REQUEST_METHOD: method,
    REMOTE_USER: 'tester',
    CONTENT_TYPE: headers['content-type'],
    CONTENT_LENGTH: headers['content-length'],
    HTTP_CONTENT_ENCODING: headers['content-encoding'],
    GIT_PROTOCOL: headers['git-protocol'] as string | undefined,
  };
}

function writeHead(res: ServerResponse, head: string): void {
  for (const line of head.split('\r\n')) {
    const colon = line.indexOf(':');
    const [name, value] = [line.slice(0, colon), line.slice(colon + 1).trim()];
    if (name === 'Status') res.statusCode = Number.parseInt(value, 10);
    else res.setHeader(name, value);
  }
}
