import { accountRegionKey, type ReplicationConfigArn } from '../../dms/arn.js';

/** Longest gap between two failures of one outage. After a longer gap, a failure begins a new outage. */
const SAME_OUTAGE_SECONDS = 60;

interface Outage {
  readonly since: number;
  readonly last: number;
}

/** Outages in which a worker has no valid credentials, by account-region. */
export class CredentialOutages {
  readonly #outages = new Map<string, Outage>();

  /** Notices a request without valid credentials. Returns the seconds since the outage began. */
  extendOutage(arn: ReplicationConfigArn): number {
    const now = performance.now() / 1000;
    const key = accountRegionKey(arn);
    const known = this.#outages.get(key);
    const since = known !== undefined && now - known.last <= SAME_OUTAGE_SECONDS ? known.since : now;
    this.#outages.set(key, { since, last: now });
    return now - since;
  }

  /** Ends an outage, because a request had valid credentials. */
  end(arn: ReplicationConfigArn): void {
    this.#outages.delete(accountRegionKey(arn));
  }
}
