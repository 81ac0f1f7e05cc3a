import { look } from '../support/look.js';
import { DmsApiError, type Replication } from './package-api.js';
import type { SmallDms } from './small-dms.js';
import type { Trouble } from './trouble.js';

/** Maximum age of the state that a look shows, in seconds. */
export const STALE_SECONDS = 60;
/** Maximum seconds for which the replication is missing. */
const MISSING_SECONDS = 20;
/** Minimum seconds until the replication may be missing again. */
const SEEN_SECONDS = 150;

/** Looks at the small DMS: they show the present state, an older one, or nothing. */
export class Looks {
  /** Replica that shows the state of a past time until it catches up, or the state would be too old. */
  #replica = { shows: 0, until: -Infinity };
  #missing: { readonly what: 'row' | 'row and config'; readonly until: number } | null = null;
  #isSeen = true;

  /** `luck`: one number up to 999 for each look. From 860 on a look may be old, from 960 on missing. */
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

  /** Notes that a look which showed the replication has reached its caller. */
  noteArrival(): void {
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

  /**
   * Hides the replication for some seconds, if a look has arrived since it was last hidden.
   *
   * Invariant: looks that arrive never miss it for longer than staleness, even if other looks get lost.
   */
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

  /** Returns a config without a row, as the port shows it. */
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
