import type { Config } from '../engine/model.js';
import type { SimulatedReplication } from '../engine/replication.js';
import type { Uncertain } from '../engine/uncertain.js';
import type { FaultedView } from './faults.js';

/** Input of a request whose shape was checked. */
export type Input = Readonly<Record<string, unknown>>;

/** Replications of one account-region, on which the operations work. */
export interface AccountRegion {
  readonly accountId: string;
  readonly region: string;
  /** Epoch seconds. */
  readonly now: number;
  readonly uncertain: Uncertain;
  /** Returns a number from 0 to 1, by the simulator's seed. */
  readonly random: () => number;
  /** Returns all replications, in order of creation. Due events may not have run yet: only `find` runs them. */
  list(): readonly SimulatedReplication[];
  find(arn: string): SimulatedReplication | undefined;
  add(config: Config): SimulatedReplication;
  /** Effect of faults on looks. */
  readonly spoils: FaultedView;
}

/** Operation of DMS, in an account-region. */
export type Operation = (place: AccountRegion, input: Input) => Record<string, unknown>;
