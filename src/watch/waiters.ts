import type { Look } from '../dms/api.js';
import type { ReplicationConfigArn } from '../dms/arn.js';
import type { RequestKind } from './budget.js';
import { PATIENCE_SECONDS, type LookOptions } from './look.js';

/** Waits that begin within this time share a request. */
const COALESCE_MS = 10;

/** Lanes: the kinds of requests that look. `look`: first looks, at once. `poll`: looks of waits, in sweeps. */
export const LANES = ['look', 'poll'] as const satisfies readonly RequestKind[];
export type Lane = (typeof LANES)[number];

export interface Waiter {
  readonly arn: ReplicationConfigArn;
  readonly lane: Lane;
  /** True if both lanes may serve the wait, whichever is sooner. */
  isUrgent: boolean;
  /** Earliest sending time of a request whose answer counts for this wait. */
  since: number;
  dueAt: number;
  readonly until: number;
  /** True while a request for this replication alone is under way. */
  isAsked: boolean;
  readonly resolve: (look: Look) => void;
  readonly reject: (err: unknown) => void;
}

interface Watched {
  readonly waiters: Set<Waiter>;
  /** True if a list did not show this replication, or broke off before its page. */
  isUnlisted: boolean;
}

/** Waits for a look, by replication. */
export class Waiters {
  readonly #byArn = new Map<string, Watched>();

  /** Adds a wait, and passes it to `joined`. `lookedAt`: time of the last look at this replication. */
  wait(
    arn: ReplicationConfigArn,
    { inSeconds = 0, intervalSeconds, withinSeconds = PATIENCE_SECONDS, signal }: LookOptions,
    lookedAt: number,
    onJoin: (waiter: Waiter) => void,
  ): Promise<Look> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const now = performance.now();
      const end = () => {
        this.#leave(waiter);
        signal?.removeEventListener('abort', onAbort);
      };
      const onAbort = () => {
        end();
        reject(signal?.reason);
      };
      const waiter: Waiter = {
        arn,
        lane: inSeconds > 0 || intervalSeconds !== undefined ? 'poll' : 'look',
        since: now,
        dueAt: Math.max(now + Math.max(inSeconds * 1000, COALESCE_MS), lookedAt + (intervalSeconds ?? 0) * 1000),
        until: now + withinSeconds * 1000,
        isUrgent: false,
        isAsked: false,
        resolve: (look) => {
          end();
          resolve(look);
        },
        reject: (err) => {
          end();
          reject(err);
        },
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      const watched = this.#byArn.get(arn.arn) ?? { waiters: new Set(), isUnlisted: false };
      this.#byArn.set(arn.arn, watched);
      watched.waiters.add(waiter);
      onJoin(waiter);
    });
  }

  /** Sets whether this replication needs a request of its own. Forgotten once nothing waits for it. */
  setNeedsOwnRequest(arn: string, isUnlisted: boolean): void {
    const watched = this.#byArn.get(arn);
    if (watched !== undefined) watched.isUnlisted = isUnlisted;
  }

  isUnlisted(arn: string): boolean {
    return this.#byArn.get(arn)?.isUnlisted ?? false;
  }

  has(arn: string): boolean {
    return this.#byArn.has(arn);
  }

  /** Returns the waits for a replication. */
  of(arn: string): ReadonlySet<Waiter> {
    return this.#byArn.get(arn)?.waiters ?? new Set();
  }

  *all(): Iterable<Waiter> {
    for (const { waiters } of this.#byArn.values()) yield* waiters;
  }

  /** Returns the waits that a lane may serve, except those with a request of their own under way. */
  open(lane: Lane): readonly Waiter[] {
    return [...this.all()].filter((each) => (each.lane === lane || each.isUrgent) && !each.isAsked);
  }

  #leave(waiter: Waiter): void {
    const { arn } = waiter.arn;
    const watched = this.#byArn.get(arn);
    watched?.waiters.delete(waiter);
    if (watched?.waiters.size === 0) this.#byArn.delete(arn);
  }
}
