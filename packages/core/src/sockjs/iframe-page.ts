import { createHash } from 'node:crypto';

/**
 * The page that a client loads into an iframe, to reach this server from another one's page: it loads the client's script.
 * The page, word by word as the protocol's own tests compare it.
 */
export class IframePage {
  readonly body: Buffer;
  readonly entityTag: string;

  /** `clientUrl`: where the script of the client is. */
  constructor(clientUrl: string) {
    this.body = Buffer.from(`<!DOCTYPE html>
<html>
<head>
  <meta http-equiv="X-UA-Compatible" content="IE=edge" />
  <meta http-equiv="Content-Type" content="text/html; charset=UTF-8" />
  <script src="${escapeAttribute(clientUrl)}"></script>
  <script>
    document.domain = document.domain;
    SockJS.bootstrap_iframe();
  </script>
</head>
<body>
  <h2>Don't panic!</h2>
  <p>This is a SockJS hidden iframe. It's used for cross domain magic.</p>
</body>
</html>
`);
    this.entityTag = `"${createHash('sha256').update(this.body).digest('hex').slice(0, 32)}"`;
  }

  /** Whether a client has this page already, by its `If-None-Match`: RFC 9110 13.1.2. */
  isKnown(ifNoneMatch: string | undefined): boolean {
    if (ifNoneMatch === undefined) return false;
    return ifNoneMatch
      .split(',')
      .map((tag) => tag.trim().replace(/^W\//, ''))
      .some((tag) => tag === '*' || tag === this.entityTag);
  }
}

function escapeAttribute(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
}
