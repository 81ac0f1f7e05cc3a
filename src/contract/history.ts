import type { OperationKind } from './inputs.js';
import type { LedgerEvent, OperationRecord } from './ledger-state.js';

/** What is wanted of a replication's history. */
export interface HistoryQuery {
  /** Only operations of this kind, or only events. Default: both kinds and events. */
  readonly kind?: OperationKind | 'event' | null | undefined;
  /** ISO 8601; from when on, and before when. An operation counts by when it began. */
  readonly since?: string | null | undefined;
  readonly until?: string | null | undefined;
  /** How many entries at most. Default 50, at most 200. */
  readonly limit?: number | null | undefined;
  /** `next` of the page before. */
  readonly cursor?: string | null | undefined;
}

export type HistoryEntry =
  { readonly at: string; readonly operation: OperationRecord } | { readonly at: string; readonly event: LedgerEvent };

export interface HistoryPage {
  /** Newest first. */
  readonly entries: readonly HistoryEntry[];
  /** Where the next page begins; `null` on the last one. */
  readonly next: string | null;
}
