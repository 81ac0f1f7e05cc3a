/** Entries of a ledger: how to find them, and the limits of how many are kept. All lists are newest first. */
import type { TableStatisticsSummary } from '../contract/results.js';
import type { CheckpointRecord } from '../contract/records.js';
import type { Ledger, LedgerEvent, OperationRecord, OperationRef } from '../contract/ledger-state.js';

/** Maximum number of records, of operations and of events in a ledger. */
export const MAX_ENTRIES = 100;
/** Maximum bytes of a ledger as JSON, without the records that wait for the archive. */
const MAX_BYTES = 200_000;
/**
 * Maximum length of an event's detail, in characters. A detail may quote a long failure. The next run of the workflow
 * rejects a state with a longer one.
 */
const MAX_DETAIL = 2000;
/** Maximum number of tables in error or failing validation that a ledger keeps. */
const MAX_KEPT_FLAGGED_TABLES = 20;

/** Ledger after a request, and the reply to that request. */
export interface Transition<Reply> {
  readonly ledger: Ledger;
  readonly reply: Reply;
}

/** Returns a ledger in which nothing is recorded. */
export function emptyLedger(replicationConfigArn: string): Ledger {
  return {
    version: 1,
    replicationConfigArn,
    identifier: null,
    sealed: null,
    pendingCall: null,
    unanswered: null,
    newestToken: 0,
    taskQueue: null,
    checkpoints: [],
    operations: [],
    lastSequence: 0,
    lastUnsealed: null,
    reservation: null,
    guard: null,
    archive: null,
    missingSince: null,
    deletedAt: null,
    events: [],
  };
}

/** Key of an operation: its kind and its id. */
export type OperationKey = Pick<OperationRef, 'kind' | 'operationId'>;

export function secondsBetween(at: string, now: string): number {
  return (Date.parse(now) - Date.parse(at)) / 1000;
}

/** Merges `ended` into the entry of an operation. Changes nothing if the ledger has no entry of it. */
export function withOperationEnd(ledger: Ledger, operation: OperationKey, ended: Partial<OperationRecord>): Ledger {
  const operations = ledger.operations.map((each) => (isSameOperation(each, operation) ? { ...each, ...ended } : each));
  return withinLimits({ ...ledger, operations });
}

export function findOperation(ledger: Ledger, key: OperationKey): OperationRecord | undefined {
  return ledger.operations.find((each) => isSameOperation(each, key));
}

/** Returns the record with this sequence. `null`: the newest record. */
export function findCheckpoint(ledger: Ledger, sequence: number | null): CheckpointRecord | undefined {
  return sequence === null ? ledger.checkpoints[0] : ledger.checkpoints.find((each) => each.sequence === sequence);
}

export function isSameOperation(one: OperationKey, other: OperationKey): boolean {
  return one.kind === other.kind && one.operationId === other.operationId;
}

export function withEvent(ledger: Ledger, event: LedgerEvent): Ledger {
  const detail = event.detail?.slice(0, MAX_DETAIL) ?? null;
  return withinLimits({ ...ledger, events: [{ ...event, detail }, ...ledger.events] });
}

/**
 * Drops the oldest entry of the longest list until the ledger fits its limits. The newest operation and the newest
 * record always stay. Records that wait for the archive stay too, and are not counted.
 */
export function withinLimits(ledger: Ledger): Ledger {
  const waiting = new Set(ledger.archive?.waiting.map(({ sequence }) => sequence));
  const isDroppable = ({ sequence }: CheckpointRecord) => !waiting.has(sequence);
  const droppable = ledger.checkpoints.filter(isDroppable).slice(0, MAX_ENTRIES);
  const kept = () => ledger.checkpoints.filter((each) => !isDroppable(each) || droppable.includes(each));
  const operations = ledger.operations.slice(0, MAX_ENTRIES);
  const events = ledger.events.slice(0, MAX_ENTRIES);
  const lists: unknown[][] = [operations, droppable, events];
  const { archive: _archive, ...others } = ledger;
  let excess = bytesOf({ ...others, checkpoints: droppable, operations, events }) - MAX_BYTES;
  while (excess > 0) {
    const longest = lists.reduce((most, each) => (each.length > most.length ? each : most));
    if (longest.length <= 1) break;
    excess -= bytesOf(longest.pop()) + 1;
  }
  return { ...ledger, checkpoints: kept(), operations, events };
}

export function bytesOf(value: unknown): number {
  return new TextEncoder().encode(JSON.stringify(value)).length;
}

/** Cuts the flagged tables of a summary to as many as a ledger keeps. The request's schema rejects a larger summary. */
export function limitFlaggedTables(summary: TableStatisticsSummary): TableStatisticsSummary {
  const flagged = summary.flagged.slice(0, MAX_KEPT_FLAGGED_TABLES);
  return { ...summary, flagged, truncated: summary.truncated || summary.flagged.length > flagged.length };
}
