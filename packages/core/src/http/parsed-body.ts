/** What a body parser that is mounted before the proxy has made of a body. */
export interface ParsedBody {
  readonly body?: unknown;
  readonly rawBody?: unknown;
}

/** The body that a parser has read and decoded already, written down again from what it left. */
export function rewriteBody({ body, rawBody }: ParsedBody, contentType: string): Buffer | undefined {
  const raw = bytesOf(rawBody);
  if (raw !== undefined) return raw;
  if (contentType.includes('json')) return body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  const bytes = bytesOf(body);
  if (bytes !== undefined) return bytes;
  if (typeof body !== 'object' || body === null) return undefined;
  if (!contentType.startsWith('application/x-www-form-urlencoded')) return undefined;
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(body)) appendField(form, name, value);
  return Buffer.from(form.toString());
}

function bytesOf(value: unknown): Buffer | undefined {
  if (Buffer.isBuffer(value)) return value;
  return typeof value === 'string' ? Buffer.from(value) : undefined;
}

/** Nested as the parser `qs` reads it; a list of plain values is a repeated name, as all parsers read it. */
function appendField(form: URLSearchParams, name: string, value: unknown): void {
  if (typeof value !== 'object' || value === null) {
    form.append(name, String(value ?? ''));
  } else if (Array.isArray(value) && value.every((one) => typeof one !== 'object')) {
    for (const one of value) form.append(name, String(one));
  } else {
    for (const [key, member] of Object.entries(value)) appendField(form, `${name}[${key}]`, member);
  }
}
