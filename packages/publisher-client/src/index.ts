export type { FormatsInput, ItemInput, ItemOptions } from '@p-8/protocol';
export { WebSocketContext, WebSocketEvent } from '@p-8/protocol';
export * as Auth from './auth/index.js';
export { decodeBytesFromBase64String, encodeBytesToBase64String } from './base64.js';
export { Channel, type ChannelInput, type IExportedChannel, parseChannels } from './channel.js';
export { createGripChannelHeader } from './channel-header.js';
export { concatUint8Arrays } from './concat-uint8-arrays.js';
export { EmbeddedClient, type EmbeddedGrip } from './embedded-client.js';
export { encodeCString, escapeQuotes } from './escapes.js';
export { PUBLIC_KEY_FASTLY_FANOUT_JWK, PUBLIC_KEY_FASTLY_FANOUT_PEM } from './fanout-keys.js';
export { Format, type IFormat, type IFormatExport, type JsonValue } from './format.js';
export type { IGripConfig } from './grip-config.js';
export { GripInstruct } from './grip-instruct.js';
export { parseGripUri } from './grip-uri.js';
export { HttpResponseFormat, type ResponseParams } from './http-response-format.js';
export { HttpStreamFormat } from './http-stream-format.js';
export type { IPublisherClient } from './i-publisher-client.js';
export { createKeepAliveHeader, createMetaHeader, createNextLinkHeader } from './instruct-headers.js';
export { type IItem, type IItemExport, Item } from './item.js';
export {
  isSymmetricSecret,
  type Jwk,
  JwkKey,
  type KeyInput,
  type KeyLike,
  type LoadedKey,
  loadKey,
  PemKey,
} from './keys.js';
export { getWebSocketContextFromNodeReq, isNodeReqWsOverHttp, type NodeRequest } from './node-request.js';
export { OrderedChannel, type OrderedOptions } from './ordered-channel.js';
export {
  type PublishContext,
  type PublishErrorCode,
  PublishException,
  type PublishFailure,
} from './publish-exception.js';
export type {
  PublisherClientOptions,
  PublisherClock,
  PublisherOptions,
  PublishOptions,
  SendOptions,
} from './publish-options.js';
export { PublishRequest } from './publish-request.js';
export { type GripConfig, Publisher } from './publisher.js';
export { PublisherClient } from './publisher-client.js';
export type { Receipt } from './receipt.js';
export { type SseEvent, sse } from './sse.js';
export type { ValidateGripSigResult } from './validate-grip-sig.js';
export { validateSig } from './validate-sig.js';
export {
  createWebSocketControlMessage,
  decodeWebSocketEvents,
  encodeWebSocketEvents,
  type IWebSocketEvent,
} from './web-socket-events.js';
export {
  ConnectionIdMissingException,
  WebSocketDecodeEventException,
  WebSocketException,
} from './web-socket-exceptions.js';
export { WebSocketMessageFormat, type WebSocketMessageOptions } from './web-socket-message-format.js';
export {
  type ChannelPrefix,
  CONTENT_SUBTYPE_WEBSOCKET_EVENTS,
  CONTENT_TYPE_APPLICATION,
  CONTENT_TYPE_WEBSOCKET_EVENTS,
  type FetchRequest,
  getWebSocketContextFromReq,
  getWebSocketContextImpl,
  isWsOverHttp,
  isWsOverHttpImpl,
  type RequestHeaders,
} from './ws-over-http.js';
