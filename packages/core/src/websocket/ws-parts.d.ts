import type { Duplex, Writable } from 'node:stream';

// What ws exports beside its classes for whole connections, as far as it is used here.
declare module 'ws' {
  export interface ReceiverOptions {
    readonly isServer: boolean;
    readonly maxPayload: number;
    readonly maxFragments: number;
    readonly maxBufferedChunks: number;
    readonly extensions: Readonly<Record<string, PerMessageDeflate>>;
  }

  /** Reads frames. Emits `message`, `ping`, `pong`, `conclude` and `error`. */
  export class Receiver extends Writable {
    constructor(options: ReceiverOptions);
  }

  export class Sender {
    constructor(socket: Duplex);
    static frame(
      data: Uint8Array,
      options: {
        readonly fin: boolean;
        readonly mask: boolean;
        readonly opcode: number;
        readonly readOnly: boolean;
        readonly rsv1: boolean;
      },
    ): Buffer[];
  }

  /** Parameters of one extension that was offered or agreed on. */
  export type ExtensionParams = Readonly<Record<string, unknown>>;

  export class PerMessageDeflate {
    static readonly extensionName: string;
    constructor(options: Readonly<Record<string, unknown>>);
    /** @throws when no offer can be accepted */
    accept(offers: readonly ExtensionParams[]): ExtensionParams;
    cleanup(): void;
  }

  export const extension: {
    /** @throws SyntaxError */
    parse(header: string): Readonly<Record<string, readonly ExtensionParams[]>>;
    format(extensions: Readonly<Record<string, readonly ExtensionParams[]>>): string;
  };
}
