/** How much is spent on measuring. */
export interface Effort {
  readonly name: 'full' | 'quick';
  /** How often each contender has its turn. */
  readonly repetitions: number;
  /** The same for P-8 and bare Node where a target compares the two: they are close, and one run differs from the next. */
  readonly closeRepetitions: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
  /** How much of a curve is measured: points up to this share of its last one. */
  readonly curveShare: number;
  /** Connections for what counts how fast they are accepted. */
  readonly accepted: number;
  /** Connections for what measures their memory. */
  readonly idleStreams: number;
  readonly idleWebSockets: number;
}

export const FULL: Effort = {
  name: 'full',
  repetitions: 3,
  closeRepetitions: 5,
  warmUpSeconds: 2,
  seconds: 3,
  curveShare: 1,
  accepted: 4000,
  idleStreams: 9500,
  idleWebSockets: 5000,
};

/** For curves: many points, and the same few things at each. */
export const FOR_CURVES: Effort = { ...FULL, closeRepetitions: 3, warmUpSeconds: 0.7, seconds: 1 };

/** For development: under five minutes, and no numbers to be proud of. */
export const QUICK: Effort = {
  name: 'quick',
  repetitions: 1,
  closeRepetitions: 1,
  warmUpSeconds: 0.5,
  seconds: 1,
  curveShare: 0.1,
  accepted: 1000,
  idleStreams: 2000,
  idleWebSockets: 1000,
};
