import type { GripProxyOptions, RouteOptions, TargetOptions } from '@p-8/core';
import type { OriginScript } from './answer.js';
import type { Step } from './steps.js';
import type { Transcript } from './transcript.js';

/** How a proxy is configured, in P-8's words; the reference's are made of them. */
export interface Setup {
  readonly route?: Omit<RouteOptions, 'target'> & {
    readonly sockjs?: string;
    readonly sockjsAsPath?: string;
  };
  readonly target?: Pick<TargetOptions, 'host' | 'oneEvent' | 'overHttp' | 'subscribe'>;
  readonly proxy?: Pick<
    GripProxyOptions,
    | 'acceptPushpinRoute'
    | 'acceptXForwardedProtocol'
    | 'setXForwardedProtocol'
    | 'upstreamKey'
    | 'xForwardedFor'
  >;
  /** Nothing listens where the target points. @default false */
  readonly originDown?: boolean;
  /** The route has another target before this one, where nothing listens. @default false */
  readonly deadTargetFirst?: boolean;
}

/** Where nothing ever listens: a port that was given back could be somebody else's by now. */
export const DEAD_PORT = 1;
export const DEAD_TARGET: string = `127.0.0.1:${DEAD_PORT}`;

/** What P-8 does in place of what the reference did: the parts of the transcript that differ. */
export interface Expectation extends Partial<Transcript> {
  /** Id of the section in docs/differences.md that gives the reason. */
  readonly difference: string;
  /** What differs further with one way of mounting, by its name. */
  readonly of?: Readonly<Record<string, Partial<Transcript>>>;
}

/** One behaviour that can be seen from outside. */
export interface Scenario {
  /** The behaviour, as a sentence. */
  readonly name: string;
  readonly setup?: Setup;
  readonly origin: OriginScript;
  readonly steps: readonly Step[];
  /** Fields to compare that are left out elsewhere, lower case: those that say how bytes are carried. */
  readonly compare?: { readonly requests?: readonly string[]; readonly responses?: readonly string[] };
  /** Fields not to compare, lower case: what they are says nothing of this behaviour, and another scenario shows them. */
  readonly ignore?: { readonly requests?: readonly string[]; readonly responses?: readonly string[] };
  /** Where it cannot apply to all ways of mounting. */
  readonly mounts?: { readonly only: 'remote' | 'in-process'; readonly because: string };
  readonly expect?: Expectation;
}

/** Scenarios of one subject; recorded in one file. */
export interface Group {
  readonly name: string;
  readonly scenarios: readonly Scenario[];
}

/** Reasons that several scenarios share. */
export const REMOTE = {
  rewriting: {
    only: 'remote',
    because: 'in process nothing lies between the client and the app that could rewrite',
  },
  framing: { only: 'remote', because: 'in process there is no connection to the origin of its own' },
  routes: { only: 'remote', because: 'in process there are no routes' },
  pages: { only: 'remote', because: 'an app says itself which pages may read its responses' },
  webSocketOrigin: {
    only: 'remote',
    because: 'an app in the same process is asked over HTTP, it has no WebSockets of its own',
  },
  parser: { only: 'remote', because: "in process the app's own server parses requests" },
} as const;

/** The origin is asked over HTTP about WebSockets. In process it always is. */
export const OVER_HTTP: Setup = { target: { overHttp: true } };
