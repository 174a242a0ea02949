import type { RequestListener } from 'node:http';
import type { SlowClientPolicy } from '@p-8/protocol';
import type { Clock } from './clock.js';
import type { Logger } from './logger.js';

/** One place where a route's requests can go. Targets of a route are tried in order. */
export interface TargetOptions {
  /**
   * Origin of the target: `http://host:port` or `https://host:port`. Either this or `listener` is required.
   */
  readonly url?: string;
  /** A request listener in this process, in place of a remote origin. */
  readonly listener?: RequestListener;
  /** `host[:port]` for the request's URI and `Host` header in place of the client's. */
  readonly host?: string;
  /** Speak WebSocket-over-HTTP to this target. @default false */
  readonly overHttp?: boolean;
  /** With `overHttp`: at most one event in a request. @default false */
  readonly oneEvent?: boolean;
  /** Channels that every hold of this target is subscribed to, whatever its instruct says. Not prefixed. */
  readonly subscribe?: readonly string[];
  /** Do not verify the target's TLS certificate. @default false */
  readonly insecure?: boolean;
  /** Verify the TLS certificate against the host that is connected to, not against the request's host. @default false */
  readonly trustConnectHost?: boolean;
  /** Refuse to connect to internal addresses. @default false */
  readonly untrusted?: boolean;
  /** PEM certificate and key for mutual TLS. */
  readonly clientCert?: string;
  readonly clientKey?: string;
}

/** Which requests a route takes, and where they go. */
export interface RouteOptions {
  /** Name of the route in logs; `Pushpin-Route` selects by it where `acceptPushpinRoute` is on. */
  readonly id?: string;
  /** Exact host name without port, lower case; `'*'` is any; an empty string: reachable by id only. @default '*' */
  readonly host?: string;
  /** @default both */
  readonly protocol?: 'http' | 'ws';
  /** Whether the client's side is TLS. @default both */
  readonly ssl?: boolean;
  /** Prefix of the percent-encoded path. @default any */
  readonly pathPrefix?: string;
  /** One target, or several that are tried in order when a connection cannot be made. */
  readonly target: string | TargetOptions | readonly (string | TargetOptions)[];
  /** Issuer of Grip-Sig on this route. @default the proxy's */
  readonly sigIss?: string;
  /** Key of Grip-Sig on this route; bytes or text as in {@link GripProxyOptions.sigKey}. @default the proxy's */
  readonly sigKey?: string | Uint8Array;
  /** Put before each channel name that an instruct of this route names. @default the proxy's */
  readonly prefix?: string;
  /** Error bodies say what went wrong. @default the proxy's */
  readonly debug?: boolean;
  /** False: requests and responses pass untouched, nothing is held. @default true */
  readonly grip?: boolean;
  /** Replaces host and port of the request's URI. */
  readonly asHost?: string;
  /** How many bytes of the encoded path to drop from its start. @default 0 */
  readonly pathRemove?: number;
  /** Put before the path after `pathRemove`. @default '' */
  readonly pathPrepend?: string;
  /** Request headers to set towards the origin, `[name, value]`; an empty value removes the header. */
  readonly headers?: readonly (readonly [name: string, value: string])[];
  /**
   * Pages that may open WebSockets and SockJS sessions, by their `Origin`: `https://example.com`. Browsers send cookies along
   * whatever page asks. @default the proxy's
   */
  readonly origins?: readonly string[];
  /**
   * Prefix of the percent-encoded path below which SockJS clients are served; the origin sees them as WebSockets. @default none
   */
  readonly sockjs?: string;
  /** Path that the origin sees of SockJS clients. @default the prefix, and for its WebSockets the prefix and `/websocket` */
  readonly sockjsAsPath?: string;
  /** The most bytes of items that wait for one slow client. @default the proxy's */
  readonly sessionQueueBytes?: number;
  /** What becomes of a slow client whose queue is full; the origin's `Grip-Slow-Client` goes before it. @default the proxy's */
  readonly slowClient?: SlowClientPolicy;
  /** Add CORS headers to every response, and answer JSON-P. @default the proxy's */
  readonly autoCrossOrigin?: boolean;
  /**
   * Read instructs from content of the type `application/grip-instruct`. False where the origin serves what others have stored:
   * an upload of this type would be an instruct. `Grip-` headers are read all the same. @default the proxy's
   */
  readonly jsonInstructs?: boolean;
  /** Details of JSON-P where `autoCrossOrigin` is on. */
  readonly jsonp?: JsonpOptions;
}

/** How JSON-P requests look on a route. */
export interface JsonpOptions {
  /** @default 'extended' */
  readonly mode?: 'basic' | 'extended';
  /** Query parameter that names the callback. @default 'callback' */
  readonly callbackParam?: string;
  /** Query parameter that carries the body. @default '_body' */
  readonly bodyParam?: string;
  /** Callback when the parameter is absent. */
  readonly defaultCallback?: string;
  /** Method when `_method` is absent. @default 'GET' in extended mode, 'POST' in basic mode */
  readonly defaultMethod?: string;
}

/** Options of a proxy. All are optional; an unknown one is an error. */
export interface GripProxyOptions {
  /** Where all requests go. Neither `target` nor `routes`: the app that the proxy is mounted in is the origin. */
  readonly target?: string | TargetOptions | readonly (string | TargetOptions)[] | undefined;
  /** Routes to several origins; the most specific match wins. Excludes `target`. */
  readonly routes?: readonly RouteOptions[];

  /** Issuer of the Grip-Sig that origins see. @default 'pushpin' */
  readonly sigIss?: string | undefined;
  /**
   * Key that signs Grip-Sig: text, `base64:…`, bytes, or a PEM private key (EC: ES256, RSA: RS256). Empty: requests
   * are not signed. @default 'changeme'
   */
  readonly sigKey?: string | Uint8Array | undefined;
  /** Key that verifies the Grip-Sig of a GRIP proxy in front of this one, which is then trusted to hold clients itself. */
  readonly upstreamKey?: string | Uint8Array | undefined;

  /** Put before each channel name that an instruct names; a route's own replaces it. @default '' */
  readonly prefix?: string | undefined;
  /** Error bodies say what went wrong. @default false */
  readonly debug?: boolean;
  /** Add CORS headers to every response, and answer JSON-P. Needs a target or routes. @default false */
  readonly autoCrossOrigin?: boolean;
  /**
   * As in {@link RouteOptions.jsonInstructs}, whose own replaces it. @default remote origins may write such instructs; an app in this
   * process (the one that the proxy is mounted in, or a `listener`) may not: it can set headers
   */
  readonly jsonInstructs?: boolean;
  /** Trust the client's X-Forwarded-Proto / -Protocol when deciding whether its side is TLS. @default false */
  readonly acceptXForwardedProtocol?: boolean;
  /** Send X-Forwarded-Proto for TLS clients (`'proto-only'`), X-Forwarded-Protocol as well (true), or leave both alone. @default 'proto-only' */
  readonly setXForwardedProtocol?: boolean | 'proto-only';
  /** What happens to X-Forwarded-For: keep only the last `truncate` values, `append` the client's address. @default values pass */
  readonly xForwardedFor?: XForwardedForOptions;
  /** The same for requests of a trusted proxy in front (`upstreamKey`). */
  readonly xForwardedForTrusted?: XForwardedForOptions;
  /** Select a route by the request header Pushpin-Route. @default false */
  readonly acceptPushpinRoute?: boolean;
  /**
   * Name of this proxy in CDN-Loop, which all its requests carry; one that already has it, or 20 names, is refused with 508. Empty:
   * off. @default `p-8-` and eight digits, new for each proxy
   */
  readonly cdnLoop?: string;
  /** Hosts (`host[:port]`) besides the route's own that Grip-Link, and the `url` of filters, may point to. @default none */
  readonly linkHosts?: readonly (string | LinkHostOptions)[];

  /** As in {@link RouteOptions.origins}; a route's own replace them. @default any page; the origin sees `Origin` and may refuse */
  readonly origins?: readonly string[];
  /** As in {@link RouteOptions.sockjs}, for an app that is its own origin, or the one `target`. @default none */
  readonly sockjs?: string;
  /** As in {@link RouteOptions.sockjsAsPath}. */
  readonly sockjsAsPath?: string;
  /** URL of the SockJS client's script, for the page that its iframe transports load. @default version 1.6.1 at jsDelivr */
  readonly sockjsUrl?: string;

  /**
   * The most requests of one connection that are under way at a time. Others that a client sends without waiting for answers wait
   * their turn. @default 4
   */
  readonly requestsPerConnection?: number;
  /**
   * The most requests that one remote origin is asked at a time, each on a connection of its own. More wait for `connectTimeout`,
   * and fail with 503 then. @default 1000
   */
  readonly connectionsPerOrigin?: number;
  /**
   * Milliseconds after which a connection to an origin takes no more requests, so that an origin is followed to where its name leads; a
   * response that is under way comes to its end. 0: for ever. @default 60_000
   */
  readonly connectionMaxAge?: number;
  /** The most requests that wait for a connection to one origin; more are answered with 503 at once. @default 10_000 */
  readonly queuedPerOrigin?: number;
  /**
   * The most connections that are held at a time: long-polls, streams, WebSockets, SockJS sessions, and WebSockets that pass byte by
   * byte. More are answered with 503. @default half of the heap's limit, 16 KB for each
   */
  readonly maxSessions?: number;
  /**
   * The most bytes of what all clients together send that are kept: unfinished messages, messages and bodies that wait for origins.
   * Those of which the most is kept are closed first. @default an eighth of the heap's limit
   */
  readonly totalInputBytes?: number;
  /** The most channels that one connection may be subscribed to; more are cut. @default 20 */
  readonly subscriptionsPerConnection?: number;
  /**
   * The most bytes of items that wait for one slow client, with what they take of the heap besides their content;
   * {@link GripProxyOptions.slowClient} says what is done then. @default 1_048_576
   */
  readonly sessionQueueBytes?: number;
  /** The most bytes that wait for all slow clients together; those who have the most waiting are dealt with first. @default a quarter of the heap's limit */
  readonly totalQueueBytes?: number;
  /**
   * What becomes of a slow client whose queue is full: `recover` drops the queue, and the next link brings what was missed;
   * `close` ends the connection; `conflate` keeps the newest item of each channel. @default 'recover' where the origin has named a next link, else 'close'
   */
  readonly slowClient?: SlowClientPolicy;
  /**
   * Milliseconds in which a connection must move while something waits for its other end; 0: for ever. Else a client that does
   * not read is cut, one that stops in the midst of an upload is answered 408, and an upload that its origin does not read 502. A
   * WebSocket with `grip: false` is cut at both ends. @default 60_000
   */
  readonly stallTimeout?: number;
  /**
   * Milliseconds for which a connection is read on, and what comes dropped, behind a response that was sent before the request's body
   * had come: to close at once would keep the response from the client. @default 10_000
   */
  readonly lingerTimeout?: number;
  /** The most bytes that are dropped so. @default 67_108_864 */
  readonly lingerBytes?: number;
  /**
   * The most bytes of one WebSocket message of a client; more is answered with Close 1009. An origin's answer may hold as
   * many bytes of messages. @default 1_048_576
   */
  readonly maxMessageBytes?: number;
  /**
   * The most bytes that one JSON Patch may be about: the body of the long-poll, and all that operations add, copy or compare. A
   * patch beyond a limit has failed: the client gets an empty body. @default 1_048_576
   */
  readonly maxPatchBytes?: number;
  /** The most operations of one JSON Patch. @default 1000 */
  readonly maxPatchOperations?: number;
  /** The most objects and arrays within each other in a body that JSON Patch has made, and the most parts of a pointer. @default 100 */
  readonly maxPatchDepth?: number;
  /** Compress WebSocket messages for clients that offer permessage-deflate; no context is kept between messages. @default false */
  readonly compression?: boolean;
  /**
   * Milliseconds without a word from a WebSocket's client until it is pinged, and then until it counts as gone where it does not
   * answer; 0: it is not pinged. @default 60_000
   */
  readonly pingInterval?: number;
  /** Milliseconds that an out-of-order item waits for the one before it. @default 5000 */
  readonly messageWait?: number;
  /** Milliseconds during which a second item with the same channel and id is dropped; 0 turns this off. @default 60_000 */
  readonly idCacheTtl?: number;
  /**
   * The most bytes of what is remembered of items: their ids, the last ids of channels, recent items, and items that wait for an earlier
   * one. At the bound, what has not been used the longest is forgotten; items that would have to wait are dropped. @default an eighth of the heap's limit
   */
  readonly totalTableBytes?: number;
  /** The most channels whose last id is remembered. @default 1_000_000 */
  readonly lastIdsMax?: number;
  /**
   * Let HTTP clients ask their origins again one second after a channel's first subscription: where items come from an input that
   * sends only what is subscribed to. @default false
   */
  readonly updateOnFirstSubscription?: boolean;
  /** The most requests at a time that ask one origin for what held clients lack; others wait their turn. @default 100 */
  readonly recoveriesPerOrigin?: number;
  /**
   * Keep the newest items of some channels, and send those that they have missed to clients that come back: Server-Sent Events with
   * `Last-Event-ID`, WebSockets where the origin subscribes with `last-id`. @default off
   */
  readonly history?: HistoryOptions;
  /** Milliseconds to wait for a connection to a target. @default 10_000 */
  readonly connectTimeout?: number;
  /** Milliseconds to wait for the head of an origin's response; 0: for ever. Its body may take its time. @default 1_800_000 */
  readonly responseTimeout?: number;
  /**
   * Milliseconds to wait for an origin that the proxy asks by itself, for clients that it holds: until the head of the answer to a next link,
   * a gone link or the retry of a long-poll, and twice as long for each part of its body. Filters have 10,000 for all of it, or less where
   * this is less. 0: for ever. @default 30_000
   */
  readonly followUpTimeout?: number;
  /** Milliseconds that an origin has to answer a request of WebSocket events, the body included; 0: for ever. @default 60_000 */
  readonly eventsTimeout?: number;

  /** Gets what operators need to know. @default silent */
  readonly logger?: Logger;
  /**
   * Tell developers of mistakes, each once: the logger, or by `process.emitWarning` where there is none; and programs on this machine
   * of the reason of a 502, in its body. @default unless NODE_ENV is production; then only the logger is told
   */
  readonly warnings?: boolean;
  /** Time and randomness. @default the machine's */
  readonly clock?: Clock;
}

/** A host besides the route's own that links may lead to. It gets nothing that a route sets, nor a route's signature. */
export interface LinkHostOptions {
  /** `host` or `host:port`. Without a port: any port, and all of them get what is set here. */
  readonly host: string;
  /** Request headers to set towards this host, `[name, value]`. @default none */
  readonly headers?: readonly (readonly [name: string, value: string])[];
  /** Issuer of Grip-Sig for this host. @default the proxy's */
  readonly sigIss?: string;
  /** Key of Grip-Sig for this host; bytes or text as in {@link GripProxyOptions.sigKey}. @default none: not signed */
  readonly sigKey?: string | Uint8Array;
}

/** Which items are kept for clients that come back, and how many. */
export interface HistoryOptions {
  /**
   * Names of channels as publishers use them, with the route's prefix. One that ends in `*` stands for all that begin with the
   * rest.
   */
  readonly channels: readonly string[];
  /** The most items of one channel. @default 100 */
  readonly items?: number;
  /** The most bytes of one channel; an item counts 512, 320 for each format, its content, names and meta. @default 1_048_576 */
  readonly bytes?: number;
  /** Seconds that an item is kept. @default 300 */
  readonly seconds?: number;
  /** The most channels; those go first that have not been used the longest. @default 10_000 */
  readonly maxChannels?: number;
  /** The most bytes of all channels together; the same go first. @default 67_108_864 */
  readonly totalBytes?: number;
}

/** A rule for X-Forwarded-For. */
export interface XForwardedForOptions {
  /** How many of the last values stay; 0 drops all. @default all */
  readonly truncate?: number;
  /** Append the address of the connection's other end. @default false */
  readonly append?: boolean;
}

/** Options of the control API. */
export interface ControlApiOptions {
  /**
   * Who may publish: requests must carry this key as Bearer token or Basic password, or a JWT signed with it. Without a
   * key only clients on a loopback address are answered.
   */
  readonly key?: string | Uint8Array | undefined;
  /** Issuer that a JWT must name. @default any */
  readonly iss?: string | undefined;
  /** Path that the API is mounted at, where the framework does not strip it (Koa, plain Node). @default '' */
  readonly path?: string;
  /** The most bytes of a request's body; more is answered 413. @default 1_000_000 */
  readonly maxBodySize?: number;
}
