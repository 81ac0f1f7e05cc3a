import type { Config } from './model.js';
import type { SimulatedReplication } from './replication.js';
import type { View } from './tables.js';

/** Which requests a fault meets. What is left out does not matter. */
interface FaultTarget {
  readonly operation: string;
  readonly replicationConfigArn?: string;
  /** How often, at most. Default 1. */
  readonly times?: number;
  /** How many of the requests that it would meet are let through first. Default 0. */
  readonly after?: number;
  /** How likely it meets a request, by the simulator's seed. Default 1. */
  readonly probability?: number;
  /** For so many simulated seconds from when it is set. */
  readonly forSeconds?: number;
}

/** What goes wrong. `operation` may be `*` for any. */
export type Fault = FaultTarget &
  (
    | { readonly type: 'throttle' }
    /** Any error of AWS's, by name. `status` is the HTTP status, 400 unless told. */
    | { readonly type: 'error'; readonly name: string; readonly message: string; readonly status?: number }
    /** IAM refuses, and names the action. */
    | { readonly type: 'access-denied' }
    | { readonly type: 'expired-credentials' }
    /** As if it were in another state: the fault names it. */
    | { readonly type: 'invalid-state'; readonly status: string }
    /** The call has its effect; the connection breaks before the answer. */
    | { readonly type: 'answer-lost' }
    /** The connection breaks before the call has its effect. */
    | { readonly type: 'connection-reset' }
    /** No answer, ever. The call has no effect, unless `afterEffect`. */
    | { readonly type: 'hang'; readonly afterEffect?: boolean }
    /** The answer comes so many real milliseconds later. */
    | { readonly type: 'latency'; readonly milliseconds: number }
    /**
     * Looks at replications, configs and tables show what was there when the fault was set; with `staleSeconds`, what was there before the last
     * change, for that long after it.
     */
    | { readonly type: 'stale'; readonly staleSeconds?: number }
    /** The row is left out of lists; a request for it alone shows it. `tableName` (`schema.table`) is left out of statistics. */
    | { readonly type: 'row-missing'; readonly tableName?: string }
  );

export const faultTypes = [
  'throttle',
  'error',
  'access-denied',
  'expired-credentials',
  'invalid-state',
  'answer-lost',
  'connection-reset',
  'hang',
  'latency',
  'stale',
  'row-missing',
] as const satisfies readonly Fault['type'][];

/** What was there when a fault was set, by ARN. */
export type Snapshot = ReadonlyMap<string, { readonly view: View; readonly config: Config }>;

/** A fault that a request meets. */
export interface MetFault {
  readonly fault: Fault;
  /** For stale looks. */
  readonly snapshot: Snapshot | null;
}

/** What looks show while a fault spoils them. */
export class Spoiled {
  readonly #fault: Fault | null;
  readonly #snapshot: Snapshot | null;

  constructor(
    met: MetFault | null,
    private readonly now: number,
  ) {
    this.#fault = met?.fault ?? null;
    this.#snapshot = met?.snapshot ?? null;
  }

  get isStale(): boolean {
    return this.#fault?.type === 'stale';
  }

  /** Whether rows are left out of lists. */
  get hides(): boolean {
    return this.#fault?.type === 'row-missing';
  }

  isHidden(replication: SimulatedReplication): boolean {
    return this.hides && this.#meets(replication);
  }

  /** The table that is left out of statistics, as `schema.table`. */
  get hiddenTable(): string | null {
    return this.#fault?.type === 'row-missing' ? (this.#fault.tableName ?? null) : null;
  }

  /** It was not there yet. */
  isUnseen(replication: SimulatedReplication): boolean {
    const fault = this.#fault;
    if (fault?.type !== 'stale' || !this.#meets(replication)) return false;
    const { arn, config } = replication;
    if (fault.staleSeconds === undefined) return this.#snapshot?.has(arn) === false;
    return this.now - config.ReplicationConfigCreateTime < fault.staleSeconds;
  }

  view(replication: SimulatedReplication): View {
    const fault = this.#fault;
    if (fault?.type !== 'stale' || !this.#meets(replication)) return replication.now;
    if (fault.staleSeconds === undefined) return this.#snapshot?.get(replication.arn)?.view ?? replication.now;
    return (this.now - replication.changedAt < fault.staleSeconds ? replication.before : null) ?? replication.now;
  }

  configOf(replication: SimulatedReplication): Config {
    const { config, configBefore, modifiedAt } = replication;
    const fault = this.#fault;
    if (fault?.type !== 'stale' || !this.#meets(replication)) return config;
    if (fault.staleSeconds === undefined) return this.#snapshot?.get(replication.arn)?.config ?? config;
    return (this.now - modifiedAt < fault.staleSeconds ? configBefore : null) ?? config;
  }

  #meets({ arn }: SimulatedReplication): boolean {
    return (this.#fault?.replicationConfigArn ?? arn) === arn;
  }
}

interface ActiveFault extends MetFault {
  readonly setAt: number;
  passed: number;
  left: number;
}

/** The faults that are set, in the order in which they were. */
export class Faults {
  #active: ActiveFault[] = [];

  constructor(private readonly random: () => number) {}

  add(fault: Fault, now: number, snapshot: Snapshot | null): void {
    this.#active.push({
      fault,
      snapshot,
      setAt: now,
      passed: 0,
      left: fault.times ?? (fault.forSeconds === undefined ? 1 : Infinity),
    });
  }

  clear(): void {
    this.#active = [];
  }

  /** The next fault that a request meets, used up by one. */
  take(operation: string, arns: readonly string[], now: number): MetFault | null {
    this.#active = this.#active.filter(
      ({ fault, setAt, left }) => left > 0 && now - setAt < (fault.forSeconds ?? Infinity),
    );
    for (const each of this.#active) {
      const { fault, snapshot } = each;
      if (fault.operation !== operation && fault.operation !== '*') continue;
      // In a list of all they spoil one row.
      const isList = arns.length === 0 && (fault.type === 'row-missing' || fault.type === 'stale');
      if (fault.replicationConfigArn !== undefined && !arns.includes(fault.replicationConfigArn) && !isList) continue;
      if (each.passed++ < (fault.after ?? 0)) continue;
      if (fault.probability !== undefined && this.random() >= fault.probability) continue;
      each.left--;
      return { fault, snapshot };
    }
    return null;
  }
}

/** So many requests at once, refilled at so many a second. */
export class TokenBucket {
  #tokens: number;
  #at: number;

  constructor(
    private readonly burst: number,
    private readonly refill: number,
    now: number,
  ) {
    this.#tokens = burst;
    this.#at = now;
  }

  /** Takes one at a time in milliseconds; false when there is none. */
  take(now: number): boolean {
    this.#tokens = Math.min(this.burst, this.#tokens + (Math.max(0, now - this.#at) / 1000) * this.refill);
    this.#at = now;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}
