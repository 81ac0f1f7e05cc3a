import type { Statement } from './iam.js';
import type { Durations, ReplicationType, Uncertain } from './model.js';
import type { PlacedStatus, TableSettings } from './replication.js';
import type { SourceSettings } from './source.js';

export interface DmsSimulatorOptions {
  /** Default: any free one. */
  readonly port?: number;
  /** The address it listens on. Default 127.0.0.1: nobody else can reach it. */
  readonly host?: string;
  /** How many simulated seconds a second holds. Default 60; 0: time stands still and is moved by `clock.advance`. */
  readonly speed?: number;
  /** When simulated time begins, ISO 8601. Default: now, or 2026-01-01 where time stands still. */
  readonly startAt?: string;
  /** Makes everything that is left to chance, identifiers and the probability of faults, come out the same. Default: another one each time. */
  readonly seed?: number;
  /** Simulated seconds of each step, where other than usual. */
  readonly durations?: Partial<Durations>;
  /** What is uncertain about DMS, where other than assumed. */
  readonly uncertain?: Partial<Uncertain>;
  /** Short for `uncertain.rowBeforeFirstRun`. */
  readonly rowBeforeFirstRun?: boolean;
  /** What IAM allows every caller. Default: everything. */
  readonly policy?: readonly Statement[];
}

export interface SimulatedReplicationOptions {
  /** Also the last part of its ARN. Default: made up. */
  readonly identifier?: string;
  /** Default `running`. */
  readonly status?: PlacedStatus;
  /** Default `full-load-and-cdc`. */
  readonly replicationType?: ReplicationType;
  /** Default `eu-west-1`. */
  readonly region?: string;
  /** Default `123456789012`. */
  readonly accountId?: string;
  /** How many, or also how they are. Default 3. */
  readonly tables?: number | Partial<TableSettings>;
  readonly isReadOnly?: boolean;
  /** Short for `source.bytesPerSecond`. */
  readonly changesPerSecond?: number;
  readonly source?: Partial<SourceSettings>;
  /** Simulated seconds of each of its steps, where other than the simulator's. */
  readonly durations?: Partial<Durations>;
}
