import type { RowRates, SourceSettings, Written } from './source-settings.js';

const MAX_PACES = 100;

/** Rate of writes from a time on, and the total written before it. */
interface Pace {
  readonly from: number;
  readonly bytesPerSecond: number;
  readonly rates: RowRates;
  readonly filteredWrites: boolean;
  readonly before: Total;
}

/** Total written up to a time: all bytes of the log, and the writes to replicated tables in them. */
export interface Total extends Written {
  readonly bytes: number;
}

/** Log of a source, and the rate of writes at each time. A position in the log is a time of the source. */
export class SourceLog {
  /** Paces, oldest first. The log begins six hours before the replication is created. */
  #paces: Pace[];

  constructor(settings: SourceSettings, created: number) {
    this.#paces = [{ ...settings, from: created - 6 * 3600, before: { ...nothing, bytes: 4096 } }];
  }

  /** Changes the rate of writes from `now` on. Earlier writes stay. */
  change(settings: SourceSettings, now: number): void {
    const earlier = this.#paces.filter(({ from }) => from < now);
    this.#paces = [...earlier.slice(-MAX_PACES), { ...settings, from: now, before: this.totalAt(now) }];
  }

  /** Returns the rate of writes at a time. */
  bytesPerSecondAt(time: number): number {
    return this.#paceAt(time)?.bytesPerSecond ?? 0;
  }

  /** Returns the writes to replicated tables between two times. */
  between(from: number, until: number): Written {
    return writtenBetween(this.totalAt(from), this.totalAt(until));
  }

  #paceAt(time: number): Pace | undefined {
    return this.#paces.findLast(({ from }) => from <= time) ?? this.#paces[0];
  }

  /** Returns the total written up to a time. */
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

  /** Returns the time of the last write to a replicated table, at `position` or before. */
  lastReplicated(position: number): number {
    const at = this.#paces.findLastIndex(({ from }) => from <= position);
    const replicated = this.#paces.findLastIndex(({ filteredWrites }, n) => n <= at && !filteredWrites);
    return replicated === at ? position : (this.#paces[replicated + 1]?.from ?? position);
  }
}

const nothing: Total = { bytes: 0, thousands: 0, inserts: 0, updates: 0, deletes: 0 };

/** Returns the writes to replicated tables between two totals. */
export function writtenBetween(before: Total, after: Total): Written {
  return {
    thousands: Math.max(0, after.thousands - before.thousands),
    inserts: Math.max(0, after.inserts - before.inserts),
    updates: Math.max(0, after.updates - before.updates),
    deletes: Math.max(0, after.deletes - before.deletes),
  };
}
