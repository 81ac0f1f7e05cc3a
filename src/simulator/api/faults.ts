import type { Snapshot } from '../engine/store.js';

/** Filter for the requests that meet a fault. */
interface FaultTarget {
  /** AWS operation, such as `StopReplication`. `*`: any. */
  readonly operation: string;
  /** ARN of the replication config that the request names. Default: any. */
  readonly replicationConfigArn?: string;
  /** Maximum number of requests that meet the fault. Default 1, or no limit with `forSeconds`. */
  readonly times?: number;
  /** Number of matching requests that are let through first. Default 0. */
  readonly after?: number;
  /** Probability that a request meets the fault, 0 to 1, by the simulator's seed. Default 1. */
  readonly probability?: number;
  /** Simulated seconds for which the fault is set. Default: no limit. */
  readonly forSeconds?: number;
}

/** Fault that requests meet. The type `throttle` refuses a request with `ThrottlingException`. */
export type Fault = FaultTarget &
  (
    | { readonly type: 'throttle' }
    /**
     * Error with the given name, message and HTTP status (default 400). Without name and message the answer is `{}`.
     *
     * `{token}` in the message stands for the caller's session token. The call has an effect only if `afterEffect` is
     * true.
     */
    | {
        readonly type: 'error';
        readonly name?: string;
        readonly message?: string;
        readonly status?: number;
        readonly afterEffect?: boolean;
      }
    /** Denial by IAM, which names the action. */
    | { readonly type: 'access-denied' }
    /** Refusal as `ExpiredTokenException`. */
    | { readonly type: 'expired-credentials' }
    /**
     * Refusal as `InvalidResourceStateFault`, which names this `status`. `resource`: id of the replication in the message.
     * Default: that of the request. `null`: the message names neither a replication nor a status.
     */
    | { readonly type: 'invalid-state'; readonly status: string; readonly resource?: string | null }
    /** Connection that breaks before the answer. The call has its effect. */
    | { readonly type: 'answer-lost' }
    /** Connection that breaks before the call has its effect. */
    | { readonly type: 'connection-reset' }
    /** Request that is never answered. The call has an effect only if `afterEffect` is true. */
    | { readonly type: 'hang'; readonly afterEffect?: boolean }
    /**
     * Call that the network delivers this many simulated seconds later. The answer is lost.
     *
     * A call that is more than 300 seconds late has no effect, because its signature is too old.
     */
    | { readonly type: 'late'; readonly seconds: number }
    /**
     * Clock of the caller that is this many seconds behind DMS's (negative: ahead).
     *
     * DMS refuses requests signed more than 300 seconds from its time. The header `Date` of the refusal gives DMS's
     * time, so that AWS's SDKs correct their clock.
     */
    | { readonly type: 'clock-skew'; readonly skewSeconds: number }
    /** Answer that comes this many real milliseconds later. */
    | { readonly type: 'latency'; readonly milliseconds: number }
    /**
     * Stale looks at replications, configs, tables, endpoints, connections and subnet groups. By default they show the
     * state at the time the fault was set. Looks at the last three take no `replicationConfigArn`.
     *
     * - `staleSeconds`: looks are that many simulated seconds old. At most 120.
     * - `upToSeconds`: each look has a random age up to that, so a later look may show an older state. At most 120.
     */
    | { readonly type: 'stale'; readonly staleSeconds?: number; readonly upToSeconds?: number }
    /**
     * Missing rows. `hides` selects where they are missing.
     *
     * - `from-lists` (default): lists leave the row out. A request for the row alone still shows it.
     * - `row`: the row is missing everywhere. The config is still there.
     * - `row-and-config`: no operation finds the replication.
     *
     * Table statistics leave out the table `tableName` (`schema.table`).
     */
    | {
        readonly type: 'row-missing';
        readonly hides?: 'from-lists' | 'row' | 'row-and-config';
        readonly tableName?: string;
      }
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
  'late',
  'clock-skew',
  'latency',
  'stale',
  'row-missing',
] as const satisfies readonly Fault['type'][];

/** Fault that is set. */
export type SetFault = Fault & {
  /** Id of the fault, by which it can be removed. */
  readonly id: number;
};

/** Fault that a request meets. */
export interface MetFault {
  readonly fault: Fault;
  /** States that a stale look without an age shows. `null`: the look has an age, or is not stale. */
  readonly snapshot: Snapshot | null;
  /** Age of a stale look, in seconds. `null`: the look shows `snapshot`, or is not stale. */
  readonly age: number | null;
  /** Time at which the fault was set, in epoch seconds. */
  readonly setAt: number;
}

interface ActiveFault extends Omit<MetFault, 'age'> {
  readonly id: number;
  passed: number;
  left: number;
}

/** Faults that are set, oldest first. */
export class Faults {
  #active: ActiveFault[] = [];
  #lastId = 0;

  constructor(private readonly random: () => number) {}

  /** Sets a fault, and returns its id. No two faults of a simulator have the same id, even after a reset. */
  add(fault: Fault, now: number, snapshot: Snapshot | null): number {
    const id = ++this.#lastId;
    this.#active.push({
      id,
      fault,
      snapshot,
      setAt: now,
      passed: 0,
      left: fault.times ?? (fault.forSeconds === undefined ? 1 : Infinity),
    });
    return id;
  }

  /** Returns the faults that requests may still meet. */
  list(): readonly SetFault[] {
    return this.#active.filter(({ left }) => left > 0).map(({ id, fault }) => ({ id, ...fault }));
  }

  /** Removes a fault. Does nothing if it is over. */
  remove(id: number): void {
    this.#active = this.#active.filter((each) => each.id !== id);
  }

  /** Removes the faults of one replication. `null`: all faults. */
  clear(arn: string | null): void {
    this.#active = arn === null ? [] : this.#active.filter(({ fault }) => fault.replicationConfigArn !== arn);
  }

  /** Returns the fault that a request meets, and counts the meeting. `null`: the request meets none. */
  take(operation: string, arns: readonly string[], now: number): MetFault | null {
    this.#active = this.#active.filter(
      ({ fault, setAt, left }) => left > 0 && now - setAt < (fault.forSeconds ?? Infinity),
    );
    for (const each of this.#active) {
      const { fault, snapshot, setAt } = each;
      if (fault.operation !== operation && fault.operation !== '*') continue;
      // In an unfiltered list these faults change only the row of their replication.
      const isList = arns.length === 0 && (fault.type === 'row-missing' || fault.type === 'stale');
      if (fault.replicationConfigArn !== undefined && !arns.includes(fault.replicationConfigArn) && !isList) continue;
      if (each.passed++ < (fault.after ?? 0)) continue;
      if (fault.probability !== undefined && this.random() >= fault.probability) continue;
      each.left--;
      return { fault, snapshot, setAt, age: this.#ageFor(fault) };
    }
    return null;
  }

  #ageFor(fault: Fault): number | null {
    if (fault.type !== 'stale') return null;
    return fault.upToSeconds === undefined ? (fault.staleSeconds ?? null) : this.random() * fault.upToSeconds;
  }
}
