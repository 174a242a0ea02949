/** A request with WebSocket events is not what it should be. */
export class WebSocketException extends Error {
  override name = 'WebSocketException';
}

/** The events of a request cannot be read. */
export class WebSocketDecodeEventException extends WebSocketException {
  override name = 'WebSocketDecodeEventException';
}

/** A request does not say whose events it has. */
export class ConnectionIdMissingException extends WebSocketException {
  override name = 'ConnectionIdMissingException';
}
