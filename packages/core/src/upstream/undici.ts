/// <reference path="./undici-parts.d.ts" />
// By name: under `moduleResolution: bundler` the default export has no types in it.
import type * as undici from 'undici';
import connect from 'undici/lib/core/connect.js';
import OneClient from 'undici/lib/dispatcher/client.js';
import ConnectionPool from 'undici/lib/dispatcher/pool.js';

// Not by the package's main module: merely loading that makes the `fetch` of Node itself go through it, where a request
// with a Content-Length of its own then fails (nodejs/undici#5500). An application's fetch is none of our business.

/** Kept-alive connections to one origin. */
export const Pool: typeof undici.Pool = ConnectionPool;
export type Pool = undici.Pool;

/** One kept-alive connection to an origin. */
export const Client: typeof undici.Client = OneClient;
export type Client = undici.Client;

/** Opens connections. */
export type Connector = undici.buildConnector.connector;

export const buildConnector: typeof undici.buildConnector = connect;
