import type { ClientTranscript, ReplyTranscript, RequestTranscript } from './transcript.js';

/** Parts of expectations, in the form of the transcripts. */

const ACCEPTED = [
  'connection: Upgrade',
  'sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
  'upgrade: websocket',
];

/** What a client got whose WebSocket was opened. `headers`: more fields of the 101. */
export function gotMessages(
  messages: readonly string[],
  more: { readonly headers?: readonly string[]; readonly connection?: 'closed' } = {},
): ClientTranscript {
  const { headers = [], connection } = more;
  const reply: ReplyTranscript = {
    status: '101 Switching Protocols',
    headers: [...ACCEPTED, ...headers].sort(),
    body: '',
    end: 'complete',
  };
  return { replies: [reply], messages, ...(connection && { connection }) };
}

/** The same for one whose connection is gone. */
export function gotLast(...messages: readonly string[]): ClientTranscript {
  return gotMessages(messages, { connection: 'closed' });
}

/** What a client got whose request was answered with an ordinary response. */
export function gotReply(
  status: string,
  body: string,
  headers: readonly string[] = ['content-type: text/plain'],
): ClientTranscript {
  return { replies: [{ status, headers, body, end: 'complete' }] };
}

/** Requests of events, with the fields of a plain handshake to /ws and `more`. */
export function askedFor(
  bodies: readonly string[],
  more: { readonly path?: string; readonly headers?: readonly string[] } = {},
): RequestTranscript[] {
  const { path = '/ws', headers = [] } = more;
  return bodies.map((body) => ({
    line: `POST ${path}`,
    headers: [...HANDSHAKE, ...headers].sort(),
    body,
  }));
}

const HANDSHAKE = [
  'accept: application/websocket-events',
  'connection-id: connection 1',
  'content-type: application/websocket-events',
  'grip-sig: valid',
  'host: example.com',
  'sec-websocket-extensions: grip',
  'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
  'sec-websocket-version: 13',
];

/** The handshake that an origin got which speaks WebSocket itself, and what came after it. */
export function askedDirectly(
  messages: readonly string[] | undefined,
  more: { readonly target?: string; readonly connection?: 'closed' } = {},
): RequestTranscript[] {
  const { target = '/ws?x=1', connection } = more;
  const headers = [
    'grip-sig: valid',
    'host: example.com',
    'sec-websocket-extensions: grip',
    'sec-websocket-key: a key',
    'sec-websocket-version: 13',
    'upgrade: websocket',
  ];
  return [
    {
      line: `GET ${target}`,
      headers,
      body: '',
      ...(messages && { messages }),
      ...(connection && { connection }),
    },
  ];
}
