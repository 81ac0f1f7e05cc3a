/** Records copied out of Temporal: what is copied, and what waits to be. */
import { bytesOf, withEvent } from './entries.js';
import type { RecordRequest } from '../contract/ledger-protocol.js';
import type { CheckpointRecord } from '../contract/records.js';
import type { ArchivedRecord, Ledger, Unarchived } from '../contract/ledger-state.js';

/** So much may wait, a run of the ledger's workflow hands it to the next; when it is more the oldest is given up. */
const MOST_WAITING_BYTES = 1_000_000;

type StoppedRequest = Extract<RecordRequest, { readonly type: 'stopped' }>;

/**
 * Lets a new record wait for the archive. The first time, with all that there is; from then on also what a worker records that has none, because
 * another will.
 */
export function queued(ledger: Ledger, checkpoint: CheckpointRecord, request: StoppedRequest, now: string): Ledger {
  const { archive } = ledger;
  const { operation, taskQueue } = request;
  if (archive === null && !request.archives) return ledger;
  const older = archive === null ? ledger.checkpoints.filter((each) => each !== checkpoint) : [];
  const waiting: Unarchived[] = [
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
    if (bytesOf([records, kept.archive]) <= MOST_WAITING_BYTES) return kept;
    kept = refused(kept, oldest.sequence, 'newer records that wait for it take more than 1 MB', now);
  }
}

/** What is to be stored next, the oldest first; `null`: nothing. */
export function nextToArchive({ archive, checkpoints }: Ledger): ArchivedRecord | null {
  for (const { sequence, sealed, deadline } of archive?.waiting ?? []) {
    const checkpoint = checkpoints.find((each) => each.sequence === sequence);
    if (checkpoint !== undefined) return { ...checkpoint, sealed, deadline };
  }
  return null;
}

/** It is in the archive. */
export function stored(ledger: Ledger, sequence: number): Ledger {
  const { archive } = ledger;
  if (archive === null) return ledger;
  return { ...ledger, archive: { ...archive, waiting: archive.waiting.filter((each) => each.sequence !== sequence) } };
}

/** The archive will never take it: it stays in the ledger only. */
export function refused(ledger: Ledger, sequence: number, why: string, at: string): Ledger {
  const detail = `Record ${sequence} is not in the archive: ${why}`;
  const event = { type: 'archive-refused', at, by: null, reason: null, workflowId: null, detail } as const;
  return withEvent(stored(ledger, sequence), event);
}
