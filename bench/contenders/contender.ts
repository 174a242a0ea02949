import type { PublishTarget } from '../drivers/job.js';

/** What is compared. */
export const ROLES = ['P-8', 'Pushpin', 'nginx', 'bare Node'] as const;
export type Role = (typeof ROLES)[number];

/** Where a contender is started. */
export interface Site {
  readonly originPort: number;
  readonly cores: readonly number[];
  /** Arguments for Node that runs P-8: for profiles. */
  readonly nodeArguments: readonly string[];
}

/** A server under test. */
export interface Running {
  readonly pid: number;
  readonly port: number;
  readonly publish: PublishTarget | undefined;
  /** Whether it collects its garbage when it gets SIGUSR2. */
  readonly isNode: boolean;
  stop(): Promise<void>;
}

/** Something that does the work of a row. */
export interface Contender {
  /** Why it cannot be started here; undefined: it can. */
  missing(): string | undefined;
  start(site: Site): Promise<Running>;
}
