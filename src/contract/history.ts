import type { OperationKind } from './inputs.js';
import type { LedgerEvent, OperationRecord } from './ledger-state.js';

/** Query of a replication's history. */
export interface HistoryQuery {
  /** Filter: operations of this kind, or events. Default: operations of both kinds, and events. */
  readonly kind?: OperationKind | 'event' | null | undefined;
  /** Earliest time, inclusive, ISO 8601. An operation counts by its beginning. Default: no limit. */
  readonly since?: string | null | undefined;
  /** Latest time, exclusive, ISO 8601. An operation counts by its beginning. Default: no limit. */
  readonly until?: string | null | undefined;
  /** Maximum number of entries. Default 50, at most 200. */
  readonly limit?: number | null | undefined;
  /** Cursor: `next` of the page before, at most 20,000 characters. Default: the newest entry. */
  readonly cursor?: string | null | undefined;
}

/** Entry of a history: an operation or an event. `at` is the time of its beginning, ISO 8601, by the ledger's clock. */
export type HistoryEntry =
  { readonly at: string; readonly operation: OperationRecord } | { readonly at: string; readonly event: LedgerEvent };

/** Page of a replication's history. */
export interface HistoryPage {
  /** Entries of the page, newest first. */
  readonly entries: readonly HistoryEntry[];
  /** Cursor of the next page. `null`: this page is the last one. */
  readonly next: string | null;
}
