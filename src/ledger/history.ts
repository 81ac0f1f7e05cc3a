/** History of a ledger, page by page: its operations and its events. */
import type { HistoryEntry, HistoryPage, HistoryQuery } from '../contract/history.js';
import type { Ledger } from '../contract/ledger-state.js';
import { readHistoryQuery } from '../contract/ledger-input-schemas.js';

/** Returns one page, newest first. Entries added after the first page don't move the others. Throws `DmsInvalidInput`. */
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

/** Returns the sort key of an entry: its time, then its content. */
function keyOf(entry: HistoryEntry): string {
  const what =
    'operation' in entry
      ? `operation ${entry.operation.kind} ${entry.operation.operationId}`
      : `event ${JSON.stringify(entry.event)}`;
  return `${entry.at} ${what}`;
}
