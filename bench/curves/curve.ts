import { bareGrip } from '../contenders/node-server.js';
import { p8 } from '../contenders/p8.js';
import { pushpin } from '../contenders/pushpin.js';
import type { FanOutSpec } from '../drivers/job.js';
import type { Shape } from '../report/growth.js';
import type { Row } from '../row.js';
import { fanOut } from '../rows/specs.js';

/** How cost grows with one quantity, everything else being equal. */
export interface Curve {
  readonly name: string;
  readonly title: string;
  /** What grows. */
  readonly axis: string;
  readonly points: readonly number[];
  spec(point: number): Partial<FanOutSpec>;
  /** What theory says of the cost of one. */
  readonly shape: Shape;
  /** The first point for which it does. */
  readonly from: number;
  /** Why. */
  readonly theory: string;
}

/** One point of a curve, measured like any other row. */
export function rowAt({ name, title, axis, spec }: Curve, point: number): Row {
  return {
    name: `${name}-${point}`,
    title: `${title}: ${point.toLocaleString('en-US')} ${axis}`,
    counts: 'deliveries',
    main: 'cpu',
    also: ['rate', 'p50', 'p99'],
    contenders: { 'P-8': p8, Pushpin: pushpin, 'bare Node': bareGrip },
    measure: (trial) => trial.timed(fanOut(trial, { kind: 'stream', inFlight: 1, ...spec(point) })),
    targets: [],
  };
}
