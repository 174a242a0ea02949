import { dirname, resolve } from 'node:path';
import { GripError } from '@p-8/core';
import { errorText } from '../error-text.js';
import { type IniFile, readIniFile } from './ini-file.js';

/** Pushpin's own list of internal sockets. It means nothing here, and is not there where Pushpin is not installed. */
const INTERNAL_INCLUDE = /(^|\/)internal\.conf$/;

/**
 * Reads the keys of a configuration file in Pushpin's ways: the file that `include` names answers for keys that are missing,
 * `{libdir}`, `{rundir}` and `{ipc_prefix}` are replaced, and keys that nobody asked for are known at the end.
 */
export class ConfigReader {
  /** Undefined: there is no file. */
  readonly path: string | undefined;
  readonly #file: IniFile;
  /** What the command line sets, by `key` or `section.key`. */
  readonly #set: ReadonlyMap<string, string>;
  readonly #fallback: IniFile | undefined;
  readonly #asked = new Set<string>();

  /**
   * @param set values in place of the file's, by `key` or `section.key`
   * @throws GripError when the file, or the file that it includes, cannot be read
   */
  constructor(path: string | undefined, set: ReadonlyMap<string, string> = new Map()) {
    this.path = path;
    this.#set = set;
    this.#file = path === undefined ? new Map() : read(path);
    const include = this.text('global', 'include') ?? '';
    if (include !== '' && !INTERNAL_INCLUDE.test(include))
      this.#fallback = read(resolve(this.directory, include));
  }

  /** What relative paths in the file are relative to. */
  get directory(): string {
    return this.path === undefined ? process.cwd() : dirname(this.path);
  }

  /** The key's text, or undefined where it is missing; an empty text is a value. */
  text(section: string, key: string): string | undefined {
    this.#asked.add(`${section}\n${key}`);
    return this.#raw(section, key)?.replace(/\{(libdir|rundir|ipc_prefix)\}/g, (_all, name: string) => {
      const value = this.#raw('global', name) ?? (name === 'ipc_prefix' ? 'pushpin-' : undefined);
      return value ?? `{${name}}`;
    });
  }

  /** Empty, `0` and `false` are false, anything else is true. */
  flag(section: string, key: string): boolean | undefined {
    const text = this.text(section, key);
    return text === undefined ? undefined : !['', '0', 'false'].includes(text.toLowerCase());
  }

  /**
   * A whole number; undefined where it is missing or empty.
   *
   * @throws GripError when it is no number, or below `min`
   */
  integer(section: string, key: string, min: number): number | undefined {
    const text = this.text(section, key);
    if (text === undefined || text === '') return undefined;
    if (!/^-?\d{1,15}$/.test(text))
      throw this.wrong(section, key, `must be a whole number, not ${JSON.stringify(text)}`);
    if (Number(text) < min) throw this.wrong(section, key, `must be at least ${min}, not ${text}`);
    return Number(text);
  }

  /** Comma-separated values without the empty ones; undefined where the key is missing. */
  list(section: string, key: string): string[] | undefined {
    return this.text(section, key)
      ?.split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '');
  }

  /** How errors and warnings name a key. */
  name(section: string, key: string): string {
    return this.#given(section, key) === undefined ? `${this.path}: [${section}] ${key}` : `--set ${key}`;
  }

  wrong(section: string, key: string, rule: string): GripError {
    return new GripError('GRIP_ERR_OPTION', `${this.name(section, key)} ${rule}`);
  }

  /** Keys of the file itself that were not asked for. */
  unasked(): { section: string; key: string; value: string }[] {
    return [...this.#file].flatMap(([section, keys]) =>
      [...keys]
        .filter(([key]) => !this.#asked.has(`${section}\n${key}`))
        .map(([key, value]) => ({ section, key, value })),
    );
  }

  /** What the command line sets and nobody asked for. */
  unknown(): string[] {
    const asked = new Set([...this.#asked].flatMap((name) => [name.replace('\n', '.'), name.split('\n')[1]]));
    return [...this.#set.keys()].filter((name) => !asked.has(name));
  }

  #given(section: string, key: string): string | undefined {
    return this.#set.get(`${section}.${key}`) ?? this.#set.get(key);
  }

  #raw(section: string, key: string): string | undefined {
    const given = this.#given(section, key);
    if (given !== undefined) return given;
    return this.#file.get(section)?.get(key) ?? this.#fallback?.get(section)?.get(key);
  }
}

function read(path: string): IniFile {
  try {
    return readIniFile(path);
  } catch (cause) {
    throw new GripError(
      'GRIP_ERR_OPTION',
      `cannot read the configuration file ${path}: ${errorText(cause)}`,
      { cause },
    );
  }
}
