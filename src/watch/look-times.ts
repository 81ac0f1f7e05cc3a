import type { ReplicationConfigArn } from '../dms/arn.js';

/** Maximum number of times kept. One more drops them all: the next looks then only come sooner. */
const MAX_TIMES = 20_000;

/** Times at which the last look at each replication was sent, on the clock of `performance.now()`. */
export class LookTimes {
  readonly #sentAt = new Map<string, number>();

  /** Returns the time of the last look. `-Infinity`: unknown. */
  of(arn: string): number {
    return this.#sentAt.get(arn) ?? -Infinity;
  }

  remember(arn: string, sentAt: number): void {
    if (this.#sentAt.size >= MAX_TIMES) this.#sentAt.clear();
    this.#sentAt.set(arn, sentAt);
  }

  /** Returns the replication whose last look is the oldest. `null`: none was given. */
  longestUnseen(arns: ReadonlyMap<string, ReplicationConfigArn>): ReplicationConfigArn | null {
    let [found, seenAt]: [ReplicationConfigArn | null, number] = [null, Infinity];
    for (const [arn, each] of arns) if (this.of(arn) < seenAt) [found, seenAt] = [each, this.of(arn)];
    return found;
  }
}
