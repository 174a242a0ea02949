import { excessBytes, isFieldValue, isToken, MAX_NAME_BYTES } from '@p-8/protocol';
import { GripError } from './errors.js';

/** Says what an option's value has to be, when it is not; undefined: it is. */
export type Check = (value: unknown) => string | undefined;

/** The check of each option that there is. */
export type Checks<T> = Readonly<Record<keyof T & string, Check>>;

/**
 * Checks options that a user gave. `owner` says in messages whose they are: empty, or `' of a route'`.
 * @throws GripError `GRIP_ERR_OPTION` on the first one that is unknown or wrong.
 */
export function checkOptions<T extends object>(options: T, checks: Checks<T>, owner = ''): void {
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(checks, name)) {
      const known = Object.keys(checks).join(', ');
      throw new GripError('GRIP_ERR_OPTION', `unknown option '${name}'${owner}: the options are ${known}`);
    }
    if (value === undefined) continue;
    const check = checks[name as keyof T & string];
    const problem = check(value);
    if (problem === undefined) continue;
    // A key that is of the wrong type is a secret all the same.
    throw optionError(name, check === isKey ? typeof value : value, problem, owner);
  }
}

export function optionError(name: string, value: unknown, problem: string, owner = ''): GripError {
  return new GripError('GRIP_ERR_OPTION', `option '${name}'${owner} is ${show(value)}: ${problem}`);
}

export const isAnything: Check = () => undefined;

export const isText: Check = (value) => (typeof value === 'string' ? undefined : 'text is required');

/** A channel's name. */
export const isName: Check = (value) =>
  typeof value === 'string' && excessBytes(value) === undefined
    ? undefined
    : `text of at most ${MAX_NAME_BYTES} bytes is required`;

export const isFlag: Check = (value) =>
  typeof value === 'boolean' ? undefined : 'true or false is required';

export const isCount: Check = (value) =>
  Number.isInteger(value) && (value as number) >= 0 ? undefined : 'a whole number, 0 or more, is required';

export const isPositive: Check = (value) =>
  Number.isInteger(value) && (value as number) > 0 ? undefined : 'a whole number, 1 or more, is required';

/** A number of bytes that something has room for. */
export const isSize: Check = (value) =>
  Number.isInteger(value) && (value as number) > 0
    ? undefined
    : 'a whole number of bytes, 1 or more, is required';

/** A web origin as browsers write it: RFC 6454 6.2. */
export const isOrigin: Check = (value) =>
  typeof value === 'string' && URL.canParse(value) && new URL(value).origin === value
    ? undefined
    : "origins such as 'https://example.com' are required";

/** A path that begins with a slash, without query. */
export const isPathPrefix: Check = (value) =>
  typeof value === 'string' && /^\/[^?#\s]*$/.test(value) ? undefined : "a path such as '/chat' is required";

export const isKey: Check = (value) =>
  typeof value === 'string' || value instanceof Uint8Array ? undefined : 'text or bytes are required';

export const isFunction: Check = (value) =>
  typeof value === 'function' ? undefined : 'a function is required';

/** One of these values. */
export function isOneOf(...values: readonly unknown[]): Check {
  const problem = `it must be ${values.map(show).join(' or ')}`;
  return (value) => (values.includes(value) ? undefined : problem);
}

/** A list whose elements all pass `check`. */
export function isListOf(check: Check): Check {
  return (value) => {
    if (!Array.isArray(value)) return 'an array is required';
    for (const element of value) {
      const problem = check(element);
      if (problem !== undefined) return `${problem}, not ${show(element)}`;
    }
    return undefined;
  };
}

/** An object that has these methods. */
export function hasMethods(...names: readonly string[]): Check {
  return (value) => {
    const missing = names.find(
      (name) => typeof (value as Record<string, unknown> | null)?.[name] !== 'function',
    );
    return missing === undefined ? undefined : `an object with a method '${missing}' is required`;
  };
}

/** An object with options of its own. */
export function isObjectOf<T extends object>(checks: Checks<T>): Check {
  return (value) => {
    if (typeof value !== 'object' || value === null) return 'an object is required';
    for (const [name, part] of Object.entries(value)) {
      if (!Object.hasOwn(checks, name)) return `it has an unknown option '${name}'`;
      const problem = part === undefined ? undefined : checks[name as keyof T & string](part);
      if (problem !== undefined) return `its '${name}' is wrong: ${problem}`;
    }
    return undefined;
  };
}

/** A field of a request, `[name, value]`. RFC 9110 5. */
export const isField: Check = (value) => {
  const [name, text] = Array.isArray(value) && value.length === 2 ? (value as unknown[]) : [];
  const isPair = typeof name === 'string' && typeof text === 'string';
  return isPair && isToken(name) && isFieldValue(text)
    ? undefined
    : 'a field is [name, value] as HTTP allows it';
};

function show(value: unknown): string {
  return typeof value === 'object' || typeof value === 'string' ? JSON.stringify(value) : String(value);
}
