import type { RouteSection } from './route-lexer.js';

/** Reads the properties of a section, and knows which of them nobody asked for. */
export class RouteProperties {
  readonly #values = new Map<string, string[]>();
  readonly #asked = new Set<string>();

  constructor(section: RouteSection) {
    for (const [name, value] of section.properties) {
      const values = this.#values.get(name);
      if (values === undefined) this.#values.set(name, [value]);
      else values.push(value);
    }
  }

  /** Whether the property is there, with whatever value. */
  flag(name: string): boolean {
    this.#asked.add(name);
    return this.#values.has(name);
  }

  /** The value of the property's last occurrence, or undefined. */
  text(name: string): string | undefined {
    this.#asked.add(name);
    return this.#values.get(name)?.at(-1);
  }

  /** The values of all occurrences, from last to first, as Pushpin reads them. */
  list(name: string): string[] {
    this.#asked.add(name);
    return (this.#values.get(name) ?? []).toReversed();
  }

  /** Names that were not asked for, in their order. */
  rest(): string[] {
    return [...this.#values.keys()].filter((name) => !this.#asked.has(name));
  }
}

/** What to say about properties that have no effect: of `later` ones that they will have, of others that they are unknown. */
export function ignoredProperties(properties: RouteProperties, later: ReadonlySet<string>): string[] {
  return properties
    .rest()
    .map((name) =>
      later.has(name) ? `not supported yet: ${name} is ignored` : `unknown key: ${name} is ignored`,
    );
}
