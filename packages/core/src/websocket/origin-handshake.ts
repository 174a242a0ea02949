import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { filterHeaders, type HeaderList } from '@p-8/protocol';
import type { Handshake } from '../routing/origin.js';
import { type RefusalReader, readRefusal } from './refusal.js';

/** Hears the result of a handshake: one of the three is called, once. None may throw. */
export interface HandshakeOwner extends RefusalReader {
  /** The origin has switched to WebSocket; `socket` begins with the first byte after its response. */
  accepted(response: IncomingMessage, socket: Duplex): void;
}

/**
 * Asks an origin for a WebSocket over `socket`, a connection of the handshake's own: closed unless the origin accepts. Only a
 * 101 that switches to WebSocket accepts; interim responses go no further. To give up, destroy the connection.
 */
export function askOrigin(socket: Duplex, { path, headers }: Handshake, owner: HandshakeOwner): void {
  let isOver = false;
  const finish = (tell: () => void): void => {
    if (isOver) return;
    isOver = true;
    tell();
  };
  const fail = (detail: string): void =>
    finish(() => {
      socket.destroy();
      owner.failed(detail);
    });
  const request = createRequest(socket, path, headers, fail);
  if (request === undefined) return;
  request.on('upgrade', (response, upgraded, head) => {
    // Node lets go of the connection here, errors included.
    upgraded.on('error', ignore);
    if (response.statusCode !== 101) fail(`the origin answered ${response.statusCode} in place of 101`);
    else if (response.headers.upgrade?.toLowerCase() !== 'websocket') {
      fail('the origin upgrades to something else');
    } else {
      finish(() => {
        if (head.length > 0) upgraded.unshift(head);
        owner.accepted(response, upgraded);
      });
    }
  });
  request.on('information', ({ statusCode }) => {
    if (statusCode === 101) fail('the origin answered 101, and did not upgrade');
  });
  request.on('response', (response) => {
    readRefusal(response, {
      refused: (...answer) =>
        finish(() => {
          socket.destroy();
          owner.refused(...answer);
        }),
      failed: fail,
    });
  });
  request.on('error', (error) => fail(`the origin's handshake: ${error.message}`));
  request.end();
}

/** Node refuses some characters that its parser takes where it is told to be lenient. */
function createRequest(
  socket: Duplex,
  path: string,
  headers: HeaderList,
  fail: (detail: string) => void,
): ClientRequest | undefined {
  try {
    // It has no body.
    const fields = filterHeaders(headers, (name) => name !== 'content-length');
    return http.request({
      path,
      headers: [...fields, 'Connection', 'Upgrade', 'Upgrade', 'websocket'],
      createConnection: () => socket,
    });
  } catch (error) {
    fail(`the handshake cannot be sent: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

function ignore(): void {}
