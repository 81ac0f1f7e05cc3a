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

interface ActiveFault {
  readonly fault: Fault;
  readonly setAt: number;
  passed: number;
  left: number;
}

/** The faults that are set, in the order in which they were. */
export class Faults {
  #active: ActiveFault[] = [];

  constructor(private readonly random: () => number) {}

  add(fault: Fault, now: number): void {
    this.#active.push({
      fault,
      setAt: now,
      passed: 0,
      left: fault.times ?? (fault.forSeconds === undefined ? 1 : Infinity),
    });
  }

  clear(): void {
    this.#active = [];
  }

  /** The next fault that a request meets, used up by one. */
  take(operation: string, arns: readonly string[], now: number): Fault | null {
    this.#active = this.#active.filter(
      ({ fault, setAt, left }) => left > 0 && now - setAt < (fault.forSeconds ?? Infinity),
    );
    for (const each of this.#active) {
      const { fault } = each;
      if (fault.operation !== operation && fault.operation !== '*') continue;
      const isList = arns.length === 0 && fault.type === 'row-missing';
      if (fault.replicationConfigArn !== undefined && !arns.includes(fault.replicationConfigArn) && !isList) continue;
      if (each.passed++ < (fault.after ?? 0)) continue;
      if (fault.probability !== undefined && this.random() >= fault.probability) continue;
      each.left--;
      return fault;
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
