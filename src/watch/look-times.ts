import type { ReplicationConfigArn } from '../dms/arn.js';

/** Maximum number of times kept. A look whose last time was dropped only comes sooner. */
const MOST = 20_000;

/** Times at which the last look at each replication was sent, on the clock of `performance.now()`. */
export class LookTimes {
  readonly #sentAt = new Map<string, number>();

  /** Returns the time of the last look. `-Infinity`: unknown. */
  of(arn: string): number {
    return this.#sentAt.get(arn) ?? -Infinity;
  }

  note(arn: string, sentAt: number): void {
    if (this.#sentAt.size >= MOST) this.#sentAt.clear();
    this.#sentAt.set(arn, sentAt);
  }

  /** Returns the replication whose last look is the oldest. `null`: none was given. */
  longestUnseen(arns: ReadonlyMap<string, ReplicationConfigArn>): ReplicationConfigArn | null {
    let [found, seenAt]: [ReplicationConfigArn | null, number] = [null, Infinity];
    for (const [arn, each] of arns) if (this.of(arn) < seenAt) [found, seenAt] = [each, this.of(arn)];
    return found;
  }
}
