import { accountAndRegion, type ReplicationConfigArn } from '../../dms/arn.js';

/** Failures further apart belong to different outages: nobody may have asked in between. */
const SAME_OUTAGE_SECONDS = 60;

interface Outage {
  readonly since: number;
  readonly last: number;
}

/** How long a worker has been without valid credentials, by account and region. */
export class CredentialOutages {
  readonly #outages = new Map<string, Outage>();

  /** A request had no valid credentials. Returns for how many seconds that has been so. */
  secondsAfterFailure(arn: ReplicationConfigArn): number {
    const now = performance.now() / 1000;
    const key = accountAndRegion(arn);
    const known = this.#outages.get(key);
    const since = known !== undefined && now - known.last <= SAME_OUTAGE_SECONDS ? known.since : now;
    this.#outages.set(key, { since, last: now });
    return now - since;
  }

  /** A request had valid credentials. */
  end(arn: ReplicationConfigArn): void {
    this.#outages.delete(accountAndRegion(arn));
  }
}
