import { express, expressRemote } from './express.js';
import { koa, koaRemote } from './koa.js';
import { node, wrap } from './p8-systems.js';
import { pushpin } from './pushpin.js';
import { standalone } from './standalone.js';
import type { System } from './system.js';

/** Every way of mounting P-8, and the reference itself. */
const ALL: readonly System[] = [wrap, express, koa, node, expressRemote, koaRemote, standalone, pushpin];

/** What is tested unless `CONFORMANCE_SYSTEMS` names others: not the reference, whose recordings serve in its place. */
const DEFAULT = ALL.filter(({ kind }) => kind !== 'reference');

/** The systems to test here: those that the environment variable `CONFORMANCE_SYSTEMS` lists, or all of P-8's. */
export function chosenSystems(names: string | undefined): readonly System[] {
  if (names === undefined || names === '') return DEFAULT.filter((system) => system.available());
  return names.split(',').map((name) => {
    const system = ALL.find((other) => other.name === name);
    if (system === undefined) {
      throw new Error(
        `CONFORMANCE_SYSTEMS: no system '${name}': known are ${ALL.map((known) => known.name)}`,
      );
    }
    return system;
  });
}
