/**
 * The ledger's side of the archive.
 *
 * An **archive** is a store outside Temporal that keeps every record. The ledger queues each new record. The archive
 * duty copies queued records one by one, oldest first.
 *
 * A queued record stays in the ledger until the archive takes or refuses it. Queued records don't count against the
 * size limit of the ledger.
 *
 * Invariant: `archive` is null until a worker with an archive records a stop, or records are restored.
 */
import { bytesOf, withEvent } from './entries.js';
import type { RecordRequest } from '../contract/ledger-protocol.js';
import type { CheckpointRecord } from '../contract/records.js';
import type { ArchivedRecord, Ledger } from '../contract/ledger-state.js';

/**
 * Maximum bytes of queued records. Each run of the ledger's workflow hands them to the next, in one payload. Above this
 * size, the ledger gives up the oldest record.
 */
const MAX_WAITING_BYTES = 1_000_000;

type StoppedRequest = Extract<RecordRequest, { readonly type: 'stopped' }>;

/**
 * Queues a new record for the archive. The first queued record brings all older ones along. From then on, records of
 * workers without an archive are queued too, because another worker will store them.
 */
export function queueRecord(
  ledger: Ledger,
  checkpoint: CheckpointRecord,
  request: StoppedRequest,
  now: string,
): Ledger {
  const { archive } = ledger;
  const { operation, taskQueue } = request;
  if (archive === null && !request.archives) return ledger;
  const older = archive === null ? ledger.checkpoints.filter((each) => each !== checkpoint) : [];
  const waiting: NonNullable<Ledger['archive']>['waiting'] = [
    ...(archive?.waiting ?? []),
    ...older.map(({ sequence }) => ({ sequence, sealed: null, deadline: null })).toReversed(),
    { sequence: checkpoint.sequence, sealed: ledger.sealed, deadline: operation.deadline ?? null },
  ];
  const queue = request.archives ? taskQueue : (archive?.taskQueue ?? null);
  return withoutExcess({ ...ledger, archive: { taskQueue: queue, waiting } }, now);
}

function withoutExcess(ledger: Ledger, now: string): Ledger {
  let kept = ledger;
  for (;;) {
    const [oldest, ...others] = kept.archive?.waiting ?? [];
    const waiting = new Set(kept.archive?.waiting.map(({ sequence }) => sequence));
    const records = kept.checkpoints.filter(({ sequence }) => waiting.has(sequence));
    if (oldest === undefined || others.length === 0) return kept;
    if (bytesOf([records, kept.archive]) <= MAX_WAITING_BYTES) return kept;
    kept = giveUpRecord(kept, oldest.sequence, 'its queue exceeds 1 MB', now);
  }
}

/** Returns the oldest record that waits for the archive, or null if none does. */
export function nextToArchive({ archive, checkpoints }: Ledger): ArchivedRecord | null {
  for (const { sequence, sealed, deadline } of archive?.waiting ?? []) {
    const checkpoint = checkpoints.find((each) => each.sequence === sequence);
    if (checkpoint !== undefined) return { ...checkpoint, sealed, deadline };
  }
  return null;
}

/** Removes a record from the queue, because the archive has it. */
export function dequeueRecord(ledger: Ledger, sequence: number): Ledger {
  const { archive } = ledger;
  if (archive === null) return ledger;
  return { ...ledger, archive: { ...archive, waiting: archive.waiting.filter((each) => each.sequence !== sequence) } };
}

/**
 * Removes a record from the queue although the archive does not have it, and keeps the reason as an event. The ledger
 * may then drop the record like any other.
 */
export function giveUpRecord(ledger: Ledger, sequence: number, why: string, at: string): Ledger {
  const detail = `Record ${sequence} is not in the archive: ${why}`;
  const event = { type: 'archive-refused', at, by: null, reason: null, workflowId: null, detail } as const;
  return withEvent(dequeueRecord(ledger, sequence), event);
}
