import type { RowRates, SourceSettings, Written } from './source-settings.js';

const MAX_PACES = 100;

/** Rates of writes from a moment on, and the amount written by then. */
interface Pace {
  readonly from: number;
  readonly bytesPerSecond: number;
  readonly rates: RowRates;
  readonly filteredWrites: boolean;
  readonly before: Total;
}

/** Everything that was written up to a moment: bytes of the log, and what of them is of replicated tables. */
export interface Total extends Written {
  readonly bytes: number;
}

/** The log of a source, and how much is written to it at which time. Positions in it are times of the source. */
export class SourceLog {
  /** Oldest first. Six hours were written before the replication was created. */
  #paces: Pace[];

  constructor(settings: SourceSettings, created: number) {
    this.#paces = [{ ...settings, from: created - 6 * 3600, before: { ...nothing, bytes: 4096 } }];
  }

  /** From now on it is written in another way; what was written so far stays. */
  change(settings: SourceSettings, now: number): void {
    const earlier = this.#paces.filter(({ from }) => from < now);
    this.#paces = [...earlier.slice(-MAX_PACES), { ...settings, from: now, before: this.totalAt(now) }];
  }

  /** Returns the rate of writes at a time. */
  bytesPerSecondAt(time: number): number {
    return this.#paceAt(time)?.bytesPerSecond ?? 0;
  }

  /** Returns the amount written to the replicated tables between two moments. */
  between(from: number, until: number): Written {
    return since(this.totalAt(from), this.totalAt(until));
  }

  #paceAt(time: number): Pace | undefined {
    return this.#paces.findLast(({ from }) => from <= time) ?? this.#paces[0];
  }

  /** Everything that was written up to a moment. */
  totalAt(time: number): Total {
    const pace = this.#paceAt(time);
    if (pace === undefined) return nothing;
    const { before, rates } = pace;
    const bytes = Math.max(0, time - pace.from) * pace.bytesPerSecond;
    const thousands = pace.filteredWrites ? 0 : bytes / 1000;
    return {
      bytes: before.bytes + bytes,
      thousands: before.thousands + thousands,
      inserts: before.inserts + thousands * rates.inserts,
      updates: before.updates + thousands * rates.updates,
      deletes: before.deletes + thousands * rates.deletes,
    };
  }

  /** Returns the time of the last write to a replicated table. */
  lastReplicated(position: number): number {
    const at = this.#paces.findLastIndex(({ from }) => from <= position);
    const replicated = this.#paces.findLastIndex(({ filteredWrites }, n) => n <= at && !filteredWrites);
    return replicated === at ? position : (this.#paces[replicated + 1]?.from ?? position);
  }
}

const nothing: Total = { bytes: 0, thousands: 0, inserts: 0, updates: 0, deletes: 0 };

/** Returns the amount written between two moments. */
export function since(before: Total, after: Total): Written {
  return {
    thousands: Math.max(0, after.thousands - before.thousands),
    inserts: Math.max(0, after.inserts - before.inserts),
    updates: Math.max(0, after.updates - before.updates),
    deletes: Math.max(0, after.deletes - before.deletes),
  };
}
