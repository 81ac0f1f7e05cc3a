/** Restoring a ledger whose workflow was lost, with the records of its archive. */
import { dmsFailure } from '../contract/failures.js';
import { guardOf } from './deadline.js';
import { MAX_ENTRIES, withinLimits, withEvent, type Transition } from './entries.js';
import type { DecisionRequest, RestoreReply, RestoreRequest } from '../contract/ledger-protocol.js';
import { type CheckpointRecord, RECORD_VERSION } from '../contract/records.js';
import type { ArchivedRecord, DeadlinePlan, Ledger } from '../contract/ledger-state.js';

type ArchiveQueue = NonNullable<Ledger['archive']>['waiting'];

/** Returns the request that restores archived records. Expects the records newest first. */
export function restoreRequest(
  archived: readonly [ArchivedRecord, ...ArchivedRecord[]],
  { by, reason }: DecisionRequest,
  now: number,
): RestoreRequest {
  const [{ resumeBy }] = archived;
  return {
    by,
    reason,
    records: archived.slice(0, MAX_ENTRIES),
    lastSequence: archived.reduce((most, { sequence }) => Math.max(most, sequence), 0),
    resumeWithinSeconds: resumeBy === null ? null : (Date.parse(resumeBy) - now) / 1000,
  };
}

/** Throws `DmsInvalidInput` if a record belongs to another replication, or was written by a newer version. */
export function validateRestore({ replicationConfigArn }: Ledger, { records }: RestoreRequest): void {
  const refuse = (problem: string, hint: string) =>
    dmsFailure(
      'DmsInvalidInput',
      { replicationConfigArn },
      `${replicationConfigArn} can't be restored: ${problem}`,
      hint,
    );
  for (const { sequence, version, replicationConfigArn: arn } of records) {
    if (arn !== replicationConfigArn)
      throw refuse(`record ${sequence} is of ${arn}`, 'Restore each ledger from its own records.');
    if (version <= RECORD_VERSION) continue;
    const what = `record ${sequence} was written by a newer version of temporal-dms (${version}, this one reads ${RECORD_VERSION})`;
    throw refuse(what, 'Restore it with that version; nothing was changed.');
  }
}

/** Adds the archived records that are missing. Existing records stay, so a repeated restore changes nothing. */
export function restore(ledger: Ledger, request: RestoreRequest, now: string): Transition<RestoreReply> {
  const { by, reason, records, resumeWithinSeconds } = request;
  const taken = new Set(ledger.checkpoints.map(({ sequence }) => sequence));
  // A ledger that began anew counts from 1 again. If two records have the same sequence, the newer stays.
  const isFirst = ({ sequence }: ArchivedRecord, n: number) =>
    records.findIndex((each) => each.sequence === sequence) === n;
  const missing = records.filter((each, n) => !taken.has(each.sequence) && isFirst(each, n));
  const checkpoints = [...ledger.checkpoints, ...missing.map(withoutArchiveFields)].toSorted(newestFirst);
  const lastSequence = Math.max(ledger.lastSequence, request.lastSequence);
  const archive = ledger.archive ?? { taskQueue: null, waiting: recordsToArchive(ledger, records) };
  const merged = withinLimits({ ...ledger, checkpoints, lastSequence, archive });
  const added = missing.filter(({ sequence }) => merged.checkpoints.some((each) => each.sequence === sequence));
  if (added.length === 0 && lastSequence === ledger.lastSequence) return { ledger, reply: { added: 0 } };

  const newest = added.find(({ sequence }) => sequence === merged.checkpoints[0]?.sequence);
  // The newest lost record restores its seal. A ledger that someone unsealed stays unsealed: that person knew of the seal.
  const isOwn = ({ sequence, recordedAt }: ArchivedRecord) =>
    ledger.checkpoints.some((own) => own.sequence === sequence && own.recordedAt === recordedAt);
  const newestLost = records.find((each) => !isOwn(each));
  const sealed = ledger.sealed ?? (ledger.lastUnsealed === null ? (newestLost?.sealed ?? null) : null);
  const clock = { resumeWithinSeconds, taskQueue: null };
  const guard =
    newest === undefined
      ? ledger.guard
      : guardOf({ ...newest, recordedAt: now }, warnInsteadOfResume(newest.deadline), clock);
  const detail = `${added.length} records came back from the archive`;
  const event = { type: 'restored', at: now, by, reason, workflowId: null, detail } as const;
  const restored = withEvent({ ...merged, sealed, guard }, event);
  return { ledger: restored, reply: { added: added.length } };
}

/** Turns an automatic resume into a warning. The archive does not show what happened since, such as a successor replication. */
function warnInsteadOfResume(plan: DeadlinePlan | null): DeadlinePlan | null {
  return plan?.policy === 'resume' ? { ...plan, policy: 'warn' } : plan;
}

function withoutArchiveFields({ sealed: _sealed, deadline: _deadline, ...record }: ArchivedRecord): CheckpointRecord {
  return record;
}

/** Orders records by time, not by sequence. A ledger that began anew before it was restored has counted from 1 again. */
function newestFirst(one: CheckpointRecord, other: CheckpointRecord): number {
  if (one.recordedAt === other.recordedAt) return other.sequence - one.sequence;
  return one.recordedAt < other.recordedAt ? 1 : -1;
}

/** Returns the records that a ledger wrote before it had an archive, oldest first. */
function recordsToArchive({ checkpoints }: Ledger, records: readonly ArchivedRecord[]): ArchiveQueue {
  const isArchived = (own: CheckpointRecord) =>
    records.some(({ sequence, recordedAt }) => sequence === own.sequence && recordedAt === own.recordedAt);
  return checkpoints
    .filter((own) => !isArchived(own))
    .map(({ sequence }) => ({ sequence, sealed: null, deadline: null }))
    .toReversed();
}
