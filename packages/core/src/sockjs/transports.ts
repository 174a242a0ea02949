import {
  callFormat,
  eventFormat,
  type FrameFormat,
  lineFormat,
  pageFormat,
  streamedLineFormat,
} from './frame-format.js';

/** A transport by which a client gets frames. */
export interface ReceivingTransport {
  readonly kind: 'receive';
  readonly method: 'GET' | 'POST';
  /** Its response brings more than one frame. */
  readonly streams: boolean;
  /** What is called in the client's page; undefined where nothing is. */
  readonly format: FrameFormat | ((callback: string) => FrameFormat);
}

/** A transport by which a client sends messages. */
export interface SendingTransport {
  readonly kind: 'send';
  readonly method: 'POST';
  /** The messages may come in a form. */
  readonly takesForms: boolean;
}

/** The transports over HTTP, by the last segment of their paths. Source: the SockJS protocol. */
export const TRANSPORTS: ReadonlyMap<string, ReceivingTransport | SendingTransport> = new Map<
  string,
  ReceivingTransport | SendingTransport
>([
  ['xhr', { kind: 'receive', method: 'POST', streams: false, format: lineFormat }],
  ['xhr_streaming', { kind: 'receive', method: 'POST', streams: true, format: streamedLineFormat }],
  ['eventsource', { kind: 'receive', method: 'GET', streams: true, format: eventFormat }],
  ['htmlfile', { kind: 'receive', method: 'GET', streams: true, format: pageFormat }],
  ['jsonp', { kind: 'receive', method: 'GET', streams: false, format: callFormat }],
  ['xhr_send', { kind: 'send', method: 'POST', takesForms: false }],
  ['jsonp_send', { kind: 'send', method: 'POST', takesForms: true }],
]);
