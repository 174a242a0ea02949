import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { RequestHandler } from 'express';

const require = createRequire(import.meta.url);

/** Where {@link serveSockJsPage} serves the client's script. */
export const CLIENT_SCRIPT = '/sockjs.js';

/** A page with the unmodified client and nothing else; it reports what it hears as `BrowserPage` notes it. */
const PAGE = `<!doctype html>
<title>SockJS</title>
<script src="${CLIENT_SCRIPT}"></script>
<body>
<script>
  function connect(url, transport) {
    const socket = new SockJS(url, null, { transports: transport, timeout: 15000 });
    socket.onopen = () => report('open ' + socket.transport);
    socket.onmessage = ({ data }) => report('text ' + data);
    socket.onclose = ({ code, reason, wasClean }) => report('close ' + JSON.stringify([code, reason, wasClean]));
    window.socket = socket;
  }
</script>
`;

/** Serves the page at `/`, and the client's script. */
export function serveSockJsPage(): RequestHandler {
  const script = readFileSync(require.resolve('sockjs-client/dist/sockjs.js'));
  return (req, res, next) => {
    if (req.path === CLIENT_SCRIPT) res.type('js').send(script);
    else if (req.path === '/') res.type('html').send(PAGE);
    else next();
  };
}
