import type { ClientOwner } from './client-response.js';

/** Where the body of a stream goes: a response, or the connection that is left of it. */
export interface StreamClient {
  /** Who hears of the client from now on. */
  set owner(owner: ClientOwner | undefined);
  /** The client has left, or has its whole response. */
  readonly gone: boolean;
  /** Whether bytes may be written as they are: {@link StreamClient.writeRaw}. */
  readonly isDirect: boolean;
  /** Bytes that have been written and wait in this process. */
  readonly unsentBytes: number;
  /** Changes whenever the client takes something. */
  readonly progress: number;
  /** Writes a part of the body; false: wait for `onClientDrained`. */
  write(chunk: Uint8Array): boolean;
  /** Writes bytes to the connection as they are; false: wait for `onClientDrained`. */
  writeRaw(bytes: Uint8Array): boolean;
  /** Lets go of what is held back on the way. */
  flush(): void;
  /** Ends the body properly. */
  end(): void;
  /** Cuts the connection: the client sees that the body is not complete. */
  abort(): void;
}
