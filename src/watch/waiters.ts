import type { Look } from '../dms/api.js';
import type { ReplicationConfigArn } from '../dms/arn.js';

/** First looks are asked for at once; those of waits come in sweeps. */
export const lanes = ['look', 'sweep'] as const;
export type Lane = (typeof lanes)[number];

export interface Waiter {
  readonly arn: ReplicationConfigArn;
  readonly lane: Lane;
  /** Either lane may serve it. */
  isUrgent: boolean;
  /** Only a request sent after that counts. */
  since: number;
  dueAt: number;
  readonly until: number;
  /** A request for it alone is under way. */
  isAsked: boolean;
  readonly resolve: (look: Look) => void;
  readonly reject: (err: unknown) => void;
}

/** Who waits for a look, by replication. */
export class Waiters {
  readonly #byArn = new Map<string, Set<Waiter>>();

  join(waiter: Waiter): void {
    const others = this.#byArn.get(waiter.arn.arn);
    if (others === undefined) this.#byArn.set(waiter.arn.arn, new Set([waiter]));
    else others.add(waiter);
  }

  /** True when nobody waits for that replication any more. */
  leave(waiter: Waiter): boolean {
    const { arn } = waiter.arn;
    const others = this.#byArn.get(arn);
    others?.delete(waiter);
    return others?.size === 0 && this.#byArn.delete(arn);
  }

  has(arn: string): boolean {
    return this.#byArn.has(arn);
  }

  /** Who waits for that replication. */
  of(arn: string): ReadonlySet<Waiter> {
    return this.#byArn.get(arn) ?? new Set();
  }

  *all(): Iterable<Waiter> {
    for (const waiters of this.#byArn.values()) yield* waiters;
  }

  /** Those that a lane may serve, and that no request of their own is under way for. */
  open(lane: Lane): readonly Waiter[] {
    return [...this.all()].filter((each) => (each.lane === lane || each.isUrgent) && !each.isAsked);
  }
}
