import type { Config } from '../engine/model.js';
import type { SimulatedReplication } from '../engine/replication.js';
import type { Resources } from '../engine/resources.js';
import type { Uncertain } from '../engine/uncertain.js';
import type { FaultedView } from './faulted-view.js';

/** Input of a request whose shape was checked. */
export type Input = Readonly<Record<string, unknown>>;

/** Account-region of a request, with the replications that the operation may see. */
export interface AccountRegion {
  readonly accountId: string;
  readonly region: string;
  /** Epoch seconds. */
  readonly now: number;
  readonly uncertain: Uncertain;
  /** Returns a number from 0 to 1, by the simulator's seed. */
  readonly random: () => number;
  /** Resources that requests have created. */
  readonly resources: Resources;
  /** Returns all replications, in order of creation. Runs no due events. Only `find` runs them. */
  list(): readonly SimulatedReplication[];
  find(arn: string): SimulatedReplication | undefined;
  add(config: Config): SimulatedReplication;
  /** View of replications as the fault of this request changes it. */
  readonly faultedView: FaultedView;
}

/** Operation of DMS. Returns the body of the answer, or throws an `AwsFault`. */
export type Operation = (accountRegion: AccountRegion, input: Input) => Record<string, unknown>;
