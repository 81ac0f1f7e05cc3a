import type { StateAtTime } from '../engine/history.js';
import type { SimulatedReplication } from '../engine/replication.js';
import { Resources } from '../engine/resources.js';
import type { Fault, MetFault } from './faults.js';

/** View of replications for one request, as changed by the fault that the request meets. */
export class FaultedView {
  readonly #fault: Fault | null;

  constructor(
    private readonly met: MetFault | null,
    private readonly now: number,
  ) {
    this.#fault = met?.fault ?? null;
  }

  /** Scope in which rows are missing. `null`: no row is missing. */
  get hides(): 'from-lists' | 'row' | 'row-and-config' | null {
    return this.#fault?.type === 'row-missing' ? (this.#fault.hides ?? 'from-lists') : null;
  }

  /** Returns true if only lists leave the replication out. */
  isUnlisted(replication: SimulatedReplication): boolean {
    return this.hides === 'from-lists' && this.#meets(replication);
  }

  /** Returns true if the replication has no row, even in answer to a request that names it. */
  isRowless(replication: SimulatedReplication): boolean {
    return this.hides === 'row' && this.#meets(replication);
  }

  /** Table that statistics leave out, as `schema.table`. `null`: none. */
  get hiddenTable(): string | null {
    return this.#fault?.type === 'row-missing' ? (this.#fault.tableName ?? null) : null;
  }

  /** Returns true if a look finds neither row nor config: both are missing, or the look is older than the config. */
  isUnseen(replication: SimulatedReplication): boolean {
    const fault = this.#fault;
    if (fault === null || !this.#meets(replication)) return false;
    if (fault.type !== 'stale') return this.hides === 'row-and-config';
    const { arn, config } = replication;
    const { age = null, snapshot = null } = this.met ?? {};
    return age === null
      ? snapshot?.replications.has(arn) === false
      : this.now - age < config.ReplicationConfigCreateTime;
  }

  /** Returns the endpoints, connections and subnet groups that a look shows, and the time of that state. */
  resources(current: Resources): { readonly resources: Resources; readonly now: number } {
    const fault = this.#fault;
    const isStale = fault?.type === 'stale' && fault.replicationConfigArn === undefined;
    if (this.met === null || !isStale) return { resources: current, now: this.now };
    const { age, setAt, snapshot } = this.met;
    if (age !== null) return { resources: current.at(this.now - age), now: this.now - age };
    return { resources: snapshot?.resources.get(current) ?? new Resources(), now: setAt };
  }

  view(replication: SimulatedReplication): StateAtTime {
    if (this.#fault?.type !== 'stale' || !this.#meets(replication)) return replication.now;
    const { age = null, snapshot = null } = this.met ?? {};
    if (age !== null) return replication.at(this.now - age);
    return snapshot?.replications.get(replication.arn) ?? replication.now;
  }

  #meets({ arn }: SimulatedReplication): boolean {
    return (this.#fault?.replicationConfigArn ?? arn) === arn;
  }
}
