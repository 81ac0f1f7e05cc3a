import { look } from '../support/look.js';
import { DmsApiError, type Replication } from './package-api.js';
import type { SmallDms } from './small-dms.js';
import type { Trouble } from './trouble.js';

/** Most seconds between what a look shows and when it was made. */
export const STALE_SECONDS = 60;
/** Most seconds for which the replication is missing, and least seconds until it may be missing again. */
const MISSING_SECONDS = 20;
const SEEN_SECONDS = 150;

/** What looks show: the replication as it is, as it was, or nothing. */
export class Looks {
  /** Shows a past moment until it would be too old, or the replica catches up. */
  #replica = { shows: 0, until: -Infinity };
  #missing: { readonly what: 'row' | 'row and config'; readonly until: number } | null = null;
  #isSeen = true;

  /** `luck`: for each look a number up to 999. The larger ones are bad luck. */
  constructor(
    private readonly dms: SmallDms,
    private readonly trouble: Trouble,
    private readonly luck: number[],
    private readonly trace: (what: string) => void,
  ) {}

  describe(): Replication {
    const shown = this.#look();
    if (shown === null) throw new DmsApiError('not-found', 'ResourceNotFoundFault', 'No replication config ORDERS');
    return shown;
  }

  list(): readonly Replication[] {
    const shown = this.#look();
    return shown === null || shown.status === 'created' ? [] : [shown];
  }

  /** A look that showed the replication has reached whoever asked for it. */
  arrived(): void {
    this.#isSeen = true;
  }

  #look(): Replication | null {
    const drawn = this.luck.shift() ?? 0;
    const now = Date.now();
    if (this.trouble.missingLooks && drawn >= 960) this.#miss(drawn, now);
    if (this.trouble.staleLooks && drawn >= 860 && drawn < 960) this.#lag((drawn - 859) / 100, now);
    if (this.#missing !== null && now < this.#missing.until) {
      this.#isSeen = false;
      return this.#missing.what === 'row' ? this.#withoutRow() : null;
    }
    const { shows, until } = this.#replica;
    if (now < until) {
      this.trace(`look as of ${(now - shows) / 1000} s ago: ${this.dms.at(shows).status}`);
      return this.dms.at(shows).row;
    }
    return this.dms.at(now).row;
  }

  /** Missing looks never follow one another for longer than staleness, even if looks in between get lost. */
  #miss(drawn: number, now: number): void {
    const mayMiss = this.#isSeen && now >= (this.#missing?.until ?? -Infinity) + SEEN_SECONDS * 1000;
    if (!mayMiss) return;
    const seconds = 1 + ((drawn - 960) % MISSING_SECONDS);
    const what = drawn < 980 ? 'row' : 'row and config';
    this.#missing = { what, until: now + seconds * 1000 };
    this.trace(`${what} missing for ${seconds} s`);
  }

  #lag(share: number, now: number): void {
    const age = share * STALE_SECONDS * 1000;
    const lasts = Math.min((share * 7919) % 40, STALE_SECONDS - age / 1000) * 1000;
    this.#replica = { shows: now - age, until: now + lasts + 1 };
  }

  /** As the port shows a config without a row. */
  #withoutRow(): Replication {
    const { row } = this.dms.at(Date.now());
    const { replicationConfigIdentifier, replicationConfigArn, replicationType } = row;
    return look({
      replicationConfigIdentifier,
      replicationConfigArn,
      replicationType,
      status: 'created',
      stopReason: null,
      recoveryCheckpoint: null,
      replicationCreateTime: null,
      replicationLastStopTime: null,
    });
  }
}
