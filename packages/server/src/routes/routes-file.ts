import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { GripError, type RouteOptions } from '@p-8/core';
import { errorText } from '../error-text.js';
import { plainLines } from '../plain-lines.js';
import { parseRouteLine } from './route-line.js';

/** The routes of a file, and a line for the log for each thing that is wrong with it: `FILE:LINE: MESSAGE`. */
export interface ParsedRoutes {
  readonly routes: readonly RouteOptions[];
  readonly warnings: readonly string[];
}

/**
 * Reads a routes file. Bad and duplicate lines are left out one by one and the rest is used.
 *
 * @throws GripError when the file cannot be read
 */
export function readRoutesFile(path: string): ParsedRoutes {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new GripError('GRIP_ERR_OPTION', `cannot read the routes file ${path}: ${errorText(cause)}`, {
      cause,
    });
  }
  return parseRoutes(text, path);
}

/**
 * Parses the text of a routes file.
 *
 * @param path names the file in warnings; `file:` keys are relative to its directory
 */
export function parseRoutes(text: string, path: string): ParsedRoutes {
  const routes = new RouteList();
  const warnings: string[] = [];
  plainLines(text)
    .split('\n')
    .forEach((line, index) => {
      const warn = (message: string): unknown => warnings.push(`${path}:${index + 1}: ${message}`);
      const parsed = parseRouteLine(line, dirname(path));
      if (!parsed.ok) {
        warn(parsed.message);
      } else if (parsed.value !== undefined) {
        for (const warning of parsed.value.warnings) warn(warning);
        if (!routes.add(parsed.value.route)) warn('skipping duplicate condition');
      }
    });
  return { routes: routes.all, warnings };
}

/**
 * Parses lines given on the command line. Unlike in a file, a bad one is an error.
 *
 * @throws GripError that quotes the first bad line
 *
 * @example
 * const { routes } = parseRouteLines(['* localhost:3000,over_http']);
 */
export function parseRouteLines(lines: readonly string[]): ParsedRoutes {
  const routes = new RouteList();
  const warnings: string[] = [];
  for (const line of lines) {
    const parsed = parseRouteLine(plainLines(line).trim());
    if (!parsed.ok)
      throw new GripError('GRIP_ERR_OPTION', `--route ${JSON.stringify(line)}: ${parsed.message}`);
    if (parsed.value === undefined) {
      throw new GripError(
        'GRIP_ERR_OPTION',
        `--route ${JSON.stringify(line)}: the line is empty; write 'CONDITION TARGET'`,
      );
    }
    for (const warning of parsed.value.warnings) warnings.push(`--route ${JSON.stringify(line)}: ${warning}`);
    if (!routes.add(parsed.value.route)) {
      warnings.push(`--route ${JSON.stringify(line)}: skipping duplicate condition`);
    }
  }
  return { routes: routes.all, warnings };
}

/** Routes with distinct conditions. Those without a host are selected by id, so their conditions do not collide. */
class RouteList {
  readonly all: RouteOptions[] = [];
  readonly #conditions = new Set<string>();

  /** Returns false for a duplicate, which is not added. */
  add(route: RouteOptions): boolean {
    if (route.host !== '') {
      const condition = JSON.stringify([route.host, route.protocol, route.ssl, route.pathPrefix]);
      if (this.#conditions.has(condition)) return false;
      this.#conditions.add(condition);
    }
    this.all.push(route);
    return true;
  }
}
