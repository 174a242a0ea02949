import { parseArgs } from 'node:util';
import { ROLES, type Role } from './contenders/contender.js';
import { type Effort, FOR_CURVES, FULL, QUICK } from './effort.js';

/** What the command was told. */
export interface Arguments {
  readonly effort: Effort;
  /** Only rows with one of these in their names; empty: all. */
  readonly only: readonly string[];
  /** Only these contenders; empty: all. */
  readonly roles: readonly Role[];
  /** Write the document and its plot. */
  readonly write: boolean;
  /** No measuring: report what was measured last. */
  readonly reportOnly: boolean;
  /** Measure the curves in place of the rows. */
  readonly curves: boolean;
  /** Let servers and clients share all cores. */
  readonly unpinned: boolean;
  /** Where profiles of P-8 go. */
  readonly profiles: string | undefined;
  readonly list: boolean;
}

/** What `--help` prints. */
export const USAGE = `npm run bench -- [OPTIONS]

  --quick                 short runs, one of each: under five minutes, for development
  --only PART             rows or curves with this in their names; may be repeated
  --role NAME             only P-8, Pushpin, nginx or 'bare Node'; may be repeated
  --list                  names of the rows and curves
  --repetitions N         how often each server has its turn (3, or 5 where P-8 and bare Node are compared; with --quick 1)
  --seconds N             how long each is measured (3; with --curves or --quick 1)
  --unpinned              let servers and clients share all cores
  --curves                in place of rows: how cost grows with connections, channels, size and items a request
  --write                 write docs/performance.md and docs/performance.svg
  --report                measure nothing: report what was measured last
  --profile DIRECTORY     have Node write CPU profiles of P-8 there
`;

/** Throws what `parseArgs` throws for what it does not know. */
export function readArguments(argv: readonly string[]): Arguments | undefined {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      role: { type: 'string', multiple: true, default: [] },
      list: { type: 'boolean', default: false },
      repetitions: { type: 'string' },
      seconds: { type: 'string' },
      unpinned: { type: 'boolean', default: false },
      curves: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      report: { type: 'boolean', default: false },
      profile: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const { quick, only, role, list, write, report, curves, unpinned, profile } = values;
  if (write && only.length + role.length > 0)
    throw new Error('--write needs all rows and all contenders: they are compared side by side in one run');
  const usual = quick ? QUICK : curves ? FOR_CURVES : FULL;
  const repetitions = positive('repetitions', values.repetitions);
  const effort = {
    ...usual,
    repetitions: repetitions ?? usual.repetitions,
    closeRepetitions: repetitions ?? usual.closeRepetitions,
    seconds: positive('seconds', values.seconds) ?? usual.seconds,
  };
  return {
    effort,
    only,
    roles: role.map(toRole),
    list,
    write,
    curves,
    unpinned,
    reportOnly: report,
    profiles: profile,
  };
}

function positive(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!(value > 0)) throw new Error(`--${name}: '${text}' is not a number above 0`);
  return value;
}

function toRole(name: string): Role {
  const role = ROLES.find((one) => one.toLowerCase() === name.toLowerCase());
  if (role === undefined) throw new Error(`--role: '${name}' is none of ${ROLES.join(', ')}`);
  return role;
}
