import { once } from 'node:events';
import http from 'node:http';
import { WebSocket } from 'ws';
import type { Running } from './systems.js';

/** How a connection ended, in words; or that it has not. */
export type End = 'open' | 'ended' | 'cut' | `closed ${number}`;

/** What one client has got: a stream, a long-poll or a WebSocket. */
export interface Client {
  readonly got: string;
  readonly end: End;
  /** Takes nothing any more, until {@link Client.resume}. */
  pause(): void;
  resume(): void;
  leave(): void;
}

/** A client of a stream, or of a long-poll that is held. */
export async function get({ port }: Running, path: string): Promise<Client> {
  const request = http.get({ host: '127.0.0.1', port, path, agent: false });
  const client = {
    got: '',
    end: 'open' as End,
    pause() {},
    resume() {},
    leave: () => void request.destroy(),
  };
  request.on('error', () => {
    client.end = 'cut';
  });
  request.on('response', (response) => {
    client.pause = () => response.pause();
    client.resume = () => response.resume();
    response.on('data', (chunk: Buffer) => {
      client.got += chunk.toString('latin1');
    });
    response.on('end', () => {
      client.end = 'ended';
    });
    response.on('error', () => {
      client.end = 'cut';
    });
  });
  await once(request, 'finish');
  return client;
}

export async function openWebSocket({ port }: Running): Promise<Client> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`);
  const client = {
    got: '',
    end: 'open' as End,
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    leave: () => socket.terminate(),
  };
  socket.on('message', (data) => {
    client.got += String(data);
  });
  socket.on('close', (code) => {
    client.end = `closed ${code}`;
  });
  socket.on('error', () => {});
  await once(socket, 'open');
  return client;
}
