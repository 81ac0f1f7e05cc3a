import { describe, expect, test } from 'vitest';
import { isDmsFailure } from '../../src/contract/failures.js';
import { historyPage } from '../../src/ledger/history.js';
import type { HistoryQuery } from '../../src/contract/history.js';
import { withEvent, emptyLedger } from '../../src/ledger/entries.js';
import type { Ledger } from '../../src/contract/ledger-state.js';
import { withBegun as beginning } from '../support/ledger-requests.js';
import { arn, at, operation } from '../support/operations.js';

const minute = (minutes: number) => at(minutes * 60);
const op = (n: number, reason: string | null = null) =>
  operation(`op-${n}`, { kind: n % 2 === 0 ? 'stop' : 'resume', requestedBy: 'ada', reason });
const event = (minutes: number, reason: string | null = null) =>
  ({ type: 'reserved', at: minute(minutes), by: 'ada', reason, workflowId: null, detail: null }) as const;
const begun = (ledger: Ledger, n: number, reason?: string) => beginning(ledger, op(n, reason), n * 600);

/** Ten operations, one every ten minutes, and an event five minutes after each. */
const ledger = Array.from({ length: 10 }, (_, n) => n).reduce(
  (so, n) => withEvent(begun(so, n), event(n * 10 + 5)),
  emptyLedger(arn),
);
const named = (query: HistoryQuery) =>
  historyPage(ledger, query).entries.map((each) =>
    'operation' in each ? each.operation.operationId : `event ${each.at.slice(11, 16)}`,
  );

describe('the history of a replication', () => {
  test('is paged newest first, and new entries do not move a page', () => {
    const told: string[] = [];
    let cursor: string | null = null;
    let grown = ledger;
    do {
      const page = historyPage(grown, { limit: 7, cursor });
      told.push(...page.entries.map((each) => each.at));
      cursor = page.next;
      grown = begun(grown, 50 + told.length);
    } while (cursor !== null);
    expect(told).toHaveLength(20);
    expect(told).toEqual(told.toSorted().toReversed());
    expect(new Set(told).size).toBe(20);
  });

  test('is filtered by kind and by time', () => {
    expect(named({ kind: 'stop' })).toEqual(['op-8', 'op-6', 'op-4', 'op-2', 'op-0']);
    expect(named({ kind: 'event', until: minute(20) })).toEqual(['event 00:15', 'event 00:05']);
    expect(named({ since: minute(80), until: '2026-01-01T02:35:00+01:00' })).toEqual(['op-9', 'event 01:25', 'op-8']);
    expect(named({ kind: 'stop', limit: 2 })).toEqual(['op-8', 'op-6']);
  });

  test('lists operations before simultaneous events and has a next page only if more remains', () => {
    const both = withEvent(begun(emptyLedger(arn), 1), event(10));
    const page = (query: HistoryQuery) => historyPage(both, query);
    expect(page({}).entries.map((each) => Object.keys(each).at(-1))).toEqual(['operation', 'event']);
    expect([page({ limit: 2 }).next, historyPage(emptyLedger(arn), {}).next]).toEqual([null, null]);
    const { next } = page({ limit: 1 });
    expect(next).toBe(`${minute(10)} operation resume op-1`);
    expect(page({ cursor: next }).entries).toEqual([{ at: minute(10), event: event(10) }]);
    expect(page({ cursor: next, limit: 1 }).next).toBeNull();
  });

  test.each<[string, object]>([
    ['limit', { limit: 0 }],
    ['limit', { limit: 201 }],
    ['since', { since: 'yesterday' }],
    ['kind', { kind: 'pause' }],
  ])('rejects an invalid %s', (name, query) => {
    try {
      historyPage(ledger, query);
    } catch (err) {
      expect(isDmsFailure(err, 'DmsInvalidInput') && err.message).toContain(name);
      return;
    }
    throw new Error('It was not refused');
  });

  test('stays within its size by dropping the oldest entry of the longest list', () => {
    const long = 'x'.repeat(1000);
    let full = emptyLedger(arn);
    for (let n = 0; n < 90; n++) full = begun(full, n, long);
    for (let n = 0; n < 100; n++) full = withEvent(full, event(n, long));
    expect(Buffer.byteLength(JSON.stringify(full))).toBeLessThanOrEqual(200_000);
    expect(Math.abs(full.operations.length - full.events.length)).toBeLessThanOrEqual(1);
    expect(full.operations[0]?.operationId).toBe('op-89');
    expect(full.events[0]?.at).toBe(minute(99));
  });
});
