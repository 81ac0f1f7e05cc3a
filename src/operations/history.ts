/** What a ledger tells of the past, page by page. */
import type { OperationKind } from './inputs.js';
import type { Ledger, LedgerEvent, OperationRecord } from './records.js';
import { readHistoryQuery } from './request-schemas.js';

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

/** One page. What comes in after the first page does not move the others. Throws DmsInvalidInput. */
export function historyPage(ledger: Ledger, query: HistoryQuery): HistoryPage {
  const { kind, since, until, limit, cursor } = readHistoryQuery(ledger.replicationConfigArn, query);
  const operations = ledger.operations.map((operation) => ({ at: operation.startedAt, operation }));
  const events = ledger.events.map((event) => ({ at: event.at, event }));
  const isWanted = (entry: HistoryEntry) =>
    (kind === null || ('operation' in entry ? entry.operation.kind === kind : kind === 'event')) &&
    (since === null || entry.at >= since) &&
    (until === null || entry.at < until) &&
    (cursor === null || keyOf(entry) < cursor);
  const wanted = [...operations, ...events]
    .filter(isWanted)
    .toSorted((one, other) => (keyOf(one) < keyOf(other) ? 1 : -1));
  const entries = wanted.slice(0, limit);
  const last = entries.at(-1);
  return { entries, next: last === undefined || entries.length === wanted.length ? null : keyOf(last) };
}

/** By when, and among those of the same moment by what. */
function keyOf(entry: HistoryEntry): string {
  const what =
    'operation' in entry
      ? `operation ${entry.operation.kind} ${entry.operation.operationId}`
      : `event ${JSON.stringify(entry.event)}`;
  return `${entry.at} ${what}`;
}
