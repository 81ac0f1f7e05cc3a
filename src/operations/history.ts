/** What a ledger tells of the past, page by page. */
import { dmsFailure } from './failures.js';
import type { OperationKind } from './inputs.js';
import type { Ledger, LedgerEvent, OperationRecord } from './records.js';

const USUAL_LIMIT = 50;
const MOST = 200;

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
  const { kind, since, until, limit, cursor } = checked(ledger, query);
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

function checked({ replicationConfigArn }: Ledger, query: HistoryQuery) {
  const { kind = null, cursor = null } = query;
  const limit = query.limit ?? USUAL_LIMIT;
  const refuse = (problem: string) =>
    dmsFailure('DmsInvalidInput', { replicationConfigArn }, `The history can't be read: ${problem}`, 'Correct it.');
  const time = (name: 'since' | 'until') => {
    const value = query[name] ?? null;
    if (value === null) return null;
    if (Number.isNaN(Date.parse(value))) throw refuse(`${name} is not an ISO 8601 time`);
    return new Date(value).toISOString();
  };
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST) throw refuse(`limit is a whole number from 1 to ${MOST}`);
  if (kind !== null && !['stop', 'resume', 'event'].includes(kind)) throw refuse(`there is no kind "${kind}"`);
  return { kind, cursor, limit, since: time('since'), until: time('until') };
}
