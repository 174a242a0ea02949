import type http from 'node:http';
import { text } from 'node:stream/consumers';
import { HANDSHAKE } from '../../support/ws-client.js';

/** A request that the app has held, and what its client gets first. */
export interface Visit {
  readonly request: (channel: string) => string;
  readonly welcome: string;
}

/** What the app holds, by its name. All have timers set for their keep-alives. */
export const VISITS: Readonly<Record<'stream' | 'websocket', Visit>> = {
  stream: {
    request: (channel) => `GET /${channel} HTTP/1.1\r\nHost: a.test\r\n\r\n`,
    welcome: 'welcome',
  },
  websocket: {
    request: (channel) => [`GET /${channel} HTTP/1.1`, 'Host: a.test', ...HANDSHAKE, '', ''].join('\r\n'),
    welcome: 'welcome',
  },
};

/** An app that has each client held, on the channel that its path names. */
export const pushingApp: http.RequestListener = (req, res) => {
  const channel = req.url?.slice(1) ?? '';
  if (req.method === 'POST') {
    void text(req).then((events) => answerEvents(res, channel, events));
    return;
  }
  res.writeHead(200, {
    'Content-Type': 'text/plain',
    'Grip-Hold': 'stream',
    'Grip-Channel': channel,
    'Grip-Keep-Alive': 'alive; timeout=30',
  });
  res.end('welcome');
};

function answerEvents(res: http.ServerResponse, channel: string, events: string): void {
  res.writeHead(200, {
    'Content-Type': 'application/websocket-events',
    'Sec-WebSocket-Extensions': 'grip; message-prefix=""',
  });
  if (!events.startsWith('OPEN')) {
    res.end(events);
    return;
  }
  const said = [
    `c:${JSON.stringify({ type: 'subscribe', channel })}`,
    'c:{"type":"keep-alive","content":"alive","timeout":30}',
    'welcome',
  ];
  res.end(`OPEN\r\n${said.map((line) => `TEXT ${line.length.toString(16)}\r\n${line}\r\n`).join('')}`);
}
