import { execFileSync } from 'node:child_process';

let made: { readonly key: string; readonly cert: string } | undefined;

/** A key and a self-signed certificate for `localhost`, made once. */
export function certificate(): { readonly key: string; readonly cert: string } {
  made ??= make();
  return made;
}

function make(): { key: string; cert: string } {
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-days', '2'];
  const pem = execFileSync('openssl', ['req', '-x509', ...curve, ...subject, '-keyout', '-', '-out', '-'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [key = '', cert = ''] = pem.split(/(?<=-----END PRIVATE KEY-----\n)/);
  return { key, cert };
}
