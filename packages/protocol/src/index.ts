export { decodeBase64, encodeBase64 } from './base64.js';
export { createIdFilter, IdFilter, type IdFilterOptions, renderIdTemplate } from './build-id.js';
export { type Channel, MAX_FILTERS_PER_CHANNEL, parseChannels } from './channel.js';
export { parseMeta } from './connection-meta.js';
export {
  type ControlKeepAlive,
  type ControlMessage,
  type ControlSubscribe,
  parseControlMessage,
} from './control-message.js';
export { contentFilterMismatch, FILTER_NAMES, shouldSkip } from './filters.js';
export type {
  BareAction,
  HttpResponseFormat,
  HttpResponseSend,
  HttpStreamFormat,
  HttpStreamSend,
  WsMessageClose,
  WsMessageFormat,
  WsMessageSend,
} from './formats.js';
export { type GripExtension, parseGripExtension } from './grip-extension.js';
export { formatGripLast } from './grip-last.js';
export {
  areGripSigClaimsValid,
  GRIP_SIG_LIFETIME_SECONDS,
  type GripSigClaims,
  gripSigClaims,
} from './grip-sig.js';
export { formatGripUri, type GripEndpoint, parseGripUri } from './grip-uri.js';
export { filterHeaders, type HeaderList, headerValue, headerValues } from './header-list.js';
export { endToEndHeaders, isFieldValue, isGripHeader, isHopByHop, isToken } from './header-rules.js';
export {
  type HoldMode,
  INSTRUCT_CONTENT_TYPE,
  type Instruct,
  type InstructResponse,
  isInstruct,
  MAX_INSTRUCT_BODY,
  type OriginResponse,
  parseInstruct,
  parseLinkInstruct,
} from './instruct.js';
export {
  DEFAULT_HOLD_TIMEOUT_SECONDS,
  exposedHeaders,
  MIN_HOLD_TIMEOUT_SECONDS,
} from './instruct-headers.js';
export { parseInteger, toInteger } from './integer.js';
export { FORMAT_NAMES, type Item, parseItem, parseItems } from './item.js';
export {
  type ActionInput,
  expandFormats,
  type FormatsInput,
  type HttpResponseInput,
  type HttpStreamInput,
  type ItemInput,
  type ItemOptions,
  type WsCloseInput,
  type WsMessageInput,
} from './item-input.js';
export { itemToJson } from './item-json.js';
export { isBytes, parseJsonText } from './json.js';
export {
  DEFAULT_KEEP_ALIVE_TIMEOUT_SECONDS,
  type KeepAlive,
  MIN_KEEP_ALIVE_TIMEOUT_SECONDS,
  parseKeepAlive,
} from './keep-alive.js';
export { formatKey, isPem, parseKey } from './key.js';
export { DEFAULT_LINK_TIMEOUT_SECONDS, type Links, type NextLink, parseLinks } from './link.js';
export { isMediaType } from './media-type.js';
export { excessBytes, MAX_NAME_BYTES } from './name.js';
export {
  findParameter,
  type Parameter,
  type ParameterizedValue,
  parseAllParameters,
  parseParameters,
  splitHeader,
  splitList,
} from './parameters.js';
export { fail, ok, type Result } from './result.js';
export {
  isSlowClientPolicy,
  parseSlowClient,
  type SlowClientPolicies,
  type SlowClientPolicy,
} from './slow-client.js';
export { isFinalStatus, reasonPhrase } from './status.js';
export { renderTemplate } from './template.js';
export {
  binaryToBytes,
  bytesToBinary,
  concatBytes,
  decodeHeaderText,
  decodeUtf8,
  decodeUtf8Strict,
  encodeHeaderText,
  encodeUtf8,
  trimAscii,
} from './text.js';
export { substituteVariables } from './var-subst.js';
export { parseWebSocketContext, type SubscribeOptions, WebSocketContext } from './web-socket-context.js';
export { WebSocketEvent } from './web-socket-event.js';
export {
  encodeWsClose,
  isSendableCloseCode,
  parseWsClose,
  sendableClose,
  type WsClose,
} from './ws-close.js';
export type { WsContent } from './ws-content.js';
export {
  encodeWsEvents,
  isWsEventsType,
  parseWsEvents,
  WS_EVENTS_CONTENT_TYPE,
  type WsEvent,
  type WsEventInput,
} from './ws-events.js';
