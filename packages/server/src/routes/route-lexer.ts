import { fail, ok, type Result } from '@p-8/protocol';

/** One section of a routes line: the condition, or a target. */
export interface RouteSection {
  /** What comes before the first comma; may be empty. */
  readonly value: string;
  /** The properties in their order; a name may repeat, a property without `=` has an empty value. */
  readonly properties: readonly (readonly [name: string, value: string])[];
}

/**
 * Splits one line of a routes file into its sections, `value,name=value,flag`. A blank line or one with only a comment
 * has none.
 *
 * The grammar is that of Pushpin 1.36: only U+0020 separates sections (a tab is an ordinary character), `#` outside quotes
 * ends the line, quotes may stand anywhere inside a token, and inside quotes only `\\` and `\"` are escapes.
 *
 * @example
 * lexRouteLine('*,path_beg=/api localhost:8000,over_http # the API');
 */
export function lexRouteLine(line: string): Result<readonly RouteSection[]> {
  const split = splitPieces(line);
  if (!split.ok) return split;
  const sections: RouteSection[] = [];
  for (const pieces of split.value) {
    const section = toSection(pieces);
    if (!section.ok) return section;
    sections.push(section.value);
  }
  return ok(sections);
}

/** Sections as lists of their comma-separated pieces, unquoted. */
function splitPieces(line: string): Result<readonly (readonly string[])[]> {
  const sections: string[][] = [];
  let pieces: string[] | undefined;
  let piece = '';
  let quoted = false;
  let escaped = false;
  for (const character of line) {
    if (escaped) {
      if (character !== '\\' && character !== '"') {
        return fail(`unexpected escape character: ${character}`);
      }
      piece += character;
      escaped = false;
    } else if (quoted) {
      if (character === '\\') escaped = true;
      else if (character === '"') quoted = false;
      else piece += character;
    } else if (character === '#') {
      break;
    } else if (character === ' ') {
      if (pieces !== undefined) sections.push([...pieces, piece]);
      pieces = undefined;
      piece = '';
    } else {
      pieces ??= [];
      if (character === '"') quoted = true;
      else if (character !== ',') piece += character;
      else {
        pieces.push(piece);
        piece = '';
      }
    }
  }
  if (escaped) return fail('unterminated escape sequence');
  if (quoted) return fail('unterminated quoted section');
  if (pieces !== undefined) sections.push([...pieces, piece]);
  return ok(sections);
}

/** A first piece with `=` is already a property: `type=gala` is `,type=gala`. Quotes do not protect it, as in Pushpin. */
function toSection(pieces: readonly string[]): Result<RouteSection> {
  const [first = ''] = pieces;
  const value = first.includes('=') ? '' : first;
  const properties: [string, string][] = [];
  for (const piece of first.includes('=') ? pieces : pieces.slice(1)) {
    if (piece === '') return fail('expecting prop');
    const equals = piece.indexOf('=');
    if (equals === 0) return fail('empty prop name');
    properties.push(equals < 0 ? [piece, ''] : [piece.slice(0, equals), piece.slice(equals + 1)]);
  }
  return ok({ value, properties });
}
