/** Records copied out of Temporal: what is copied, and what waits to be. */
import { withEvent } from './ledger-entries.js';
import type { RecordRequest } from './ledger-messages.js';
import type { ArchivedRecord, CheckpointRecord, Ledger, Unarchived } from './records.js';

/** Keeps records for longer than Temporal does. */
export interface CheckpointArchive {
  /**
   * Stores a record, in which nothing changes any more. Storing it again does no harm. Called until it resolves, in seconds at first and every two
   * minutes later; {@link RecordRefused} ends that.
   */
  append(record: ArchivedRecord): Promise<void>;
  /** Everything that is stored of a replication, newest first. */
  list(replicationConfigArn: string): Promise<readonly ArchivedRecord[]>;
}

/** What an archive throws that will never take a record, however often it is asked: the ledger says so in an event, and goes on with the next. */
export class RecordRefused extends Error {
  override readonly name = 'RecordRefused';
}

/** So many may wait; when there are more the oldest is given up. */
const MOST_WAITING = 1000;

type StoppedRequest = Extract<RecordRequest, { readonly type: 'stopped' }>;

/** Lets a new record wait for the archive, if its worker has one; the first time, with all that there is. */
export function queued(ledger: Ledger, checkpoint: CheckpointRecord, request: StoppedRequest, now: string): Ledger {
  const { archive } = ledger;
  if (request.archives !== true) return ledger;
  const { operation, taskQueue = null } = request;
  const older = archive === null ? ledger.checkpoints.filter((each) => each !== checkpoint) : [];
  const waiting: Unarchived[] = [
    ...(archive?.waiting ?? []),
    ...older.map(({ sequence }) => ({ sequence, sealed: null, deadline: null })).toReversed(),
    { sequence: checkpoint.sequence, sealed: ledger.sealed, deadline: operation.deadline ?? null },
  ];
  const queue = { ...ledger, archive: { taskQueue, waiting } };
  if (waiting.length <= MOST_WAITING) return queue;
  return refused(queue, waiting[0]?.sequence ?? 0, `${MOST_WAITING} newer records wait for the archive`, now);
}

/** What is to be stored next, the oldest first; `null`: nothing. */
export function nextToArchive({ archive, checkpoints }: Ledger): ArchivedRecord | null {
  const [next] = archive?.waiting ?? [];
  const checkpoint = checkpoints.find((each) => each.sequence === next?.sequence);
  if (next === undefined || checkpoint === undefined) return null;
  return { ...checkpoint, sealed: next.sealed, deadline: next.deadline };
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
