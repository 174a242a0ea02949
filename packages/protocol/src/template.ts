import { fail, ok, type Result } from './result.js';

/**
 * What a directive stands for. `argument` is what the parentheses hold, undefined without any. Where a failure happened
 * is added to its message.
 */
type Substitute = (directive: string, argument: string | undefined) => Result<string>;

/** Directives of a few bytes each may stand for very much. */
const TOO_LARGE = 'the content would become too large';

type State = 'text' | 'percent' | 'open' | 'field' | 'escape' | 'close';

/**
 * Reads the small language of GRIP's filters, in which `%c` and `%(argument)c` are directives, `%%` is a percent sign and
 * a backslash in parentheses escapes. The text may come in pieces, which may end within a directive; each character is
 * looked at once. Source: GRIP, Pushpin 1.36.
 */
export class TemplateReader {
  readonly #substitute: Substitute;
  /** How long the text may still become. */
  #room: number;
  #state: State = 'text';
  #argument = '';
  /** Offset of the piece that is read in all the text. */
  #base = 0;
  /** Offset of the character that the directive's current part began with. */
  #mark = 0;
  /** Offset of the directive's opening parenthesis. */
  #fieldStart = 0;
  #failure: ReturnType<typeof fail> | undefined;

  /** @param maxLength what the directives stand for may be as long in all */
  constructor(substitute: Substitute, maxLength: number = Number.POSITIVE_INFINITY) {
    this.#substitute = substitute;
    this.#room = maxLength;
  }

  /** Reads a piece, and gives the text that is ready; a directive that is not complete waits for the next piece. */
  write(text: string): Result<string> {
    let output = '';
    let i = 0;
    while (i < text.length && this.#failure === undefined) {
      if (this.#state === 'text') {
        const percent = text.indexOf('%', i);
        const end = percent === -1 ? text.length : percent;
        output += text.slice(i, end);
        if (percent !== -1) this.#enter('percent', end);
        i = end + 1;
      } else {
        output += this.#step(text.charAt(i), i);
        i++;
      }
    }
    this.#base += text.length;
    return this.#failure ?? ok(output);
  }

  /** Ends the text; a directive that is not complete is an error. */
  finish(): Result<string> {
    if (this.#failure !== undefined) return this.#failure;
    switch (this.#state) {
      case 'text':
        return ok('');
      case 'percent':
        return fail(`Expected directive after '%' at position ${this.#mark}`);
      case 'open':
        return fail(`Expected character after '(' at position ${this.#mark}`);
      case 'field':
        return fail(`Unterminated field starting at position ${this.#mark}`);
      case 'escape':
        return fail(`Expected character after '\\' at position ${this.#mark}`);
      case 'close':
        return fail(`Expected directive after ')' at position ${this.#mark}`);
    }
  }

  /** Reads one character of a directive, and gives what it stands for once it is complete. */
  #step(char: string, offset: number): string {
    switch (this.#state) {
      case 'percent':
        if (char === '(') {
          this.#argument = '';
          this.#fieldStart = this.#base + offset;
          this.#enter('open', offset);
          return '';
        }
        if (char !== '%') return this.#directive(char, undefined, offset);
        this.#state = 'text';
        return '%';
      case 'close':
        return this.#directive(char, this.#argument, offset);
      case 'escape':
        this.#argument += char;
        this.#enterField();
        return '';
      default:
        if (char === '\\') this.#enter('escape', offset);
        else if (char === ')') this.#enter('close', offset);
        else {
          this.#argument += char;
          this.#enterField();
        }
        return '';
    }
  }

  #enter(state: State, offset: number): void {
    this.#state = state;
    this.#mark = this.#base + offset;
  }

  #enterField(): void {
    this.#state = 'field';
    this.#mark = this.#fieldStart;
  }

  #directive(char: string, argument: string | undefined, offset: number): string {
    this.#state = 'text';
    const result = isLetter(char) ? this.#substitute(char, argument) : fail(`Unknown directive '${char}'`);
    if (result.ok && result.value.length <= this.#room) {
      this.#room -= result.value.length;
      return result.value;
    }
    if (result.ok) {
      this.#failure = fail(TOO_LARGE);
      return '';
    }
    this.#failure = fail(`${result.message} at position ${this.#base + offset}`);
    return '';
  }
}

/**
 * Replaces the directives `%(NAME)s` by what `lookup` has for the name, and `%%` by a percent sign. Messages have the
 * offset in UTF-16 units.
 *
 * @param maxLength what the directives stand for may be as long in all; more is an error
 *
 * @example
 * ```ts
 * renderTemplate('hello %(user)s', (name) => (name === 'user' ? 'alice' : undefined)); // hello alice
 * ```
 */
export function renderTemplate(
  text: string,
  lookup: (name: string) => string | undefined,
  maxLength?: number,
): Result<string> {
  const reader = new TemplateReader(substituteNames(lookup), maxLength);
  const written = reader.write(text);
  if (!written.ok) return written;
  const finished = reader.finish();
  return finished.ok ? written : finished;
}

function substituteNames(lookup: (name: string) => string | undefined): Substitute {
  return (directive, name) => {
    if (directive !== 's') return fail(`Unknown directive '${directive}'`);
    if (name === undefined) return fail("Directive 's' requires argument");
    const value = lookup(name);
    return value === undefined ? fail(`No such variable '${name}'`) : ok(value);
  };
}

function isLetter(char: string): boolean {
  return (char >= 'a' && char <= 'z') || (char >= 'A' && char <= 'Z');
}
