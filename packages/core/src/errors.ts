/** The codes of every {@link GripError}; docs/reference/errors.md lists them. */
export type GripErrorCode =
  /** An option is unknown, of the wrong type or out of range. */
  | 'GRIP_ERR_OPTION'
  /** An item to publish is malformed; nothing was published. */
  | 'GRIP_ERR_INVALID_ITEM'
  /** The proxy has been closed. */
  | 'GRIP_ERR_CLOSED'
  /** A link points where the proxy must not go. */
  | 'GRIP_ERR_LINK_REFUSED'
  /** The runtime lacks something that P-8 needs. */
  | 'GRIP_ERR_RUNTIME';

/** What P-8 throws and rejects with. `code` is stable; `message` names the option or value and what to do. */
export class GripError extends Error {
  readonly code: GripErrorCode;

  constructor(code: GripErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'GripError';
    this.code = code;
  }
}
