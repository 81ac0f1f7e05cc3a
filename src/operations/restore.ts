/** How a ledger whose workflow was lost gets its records back from an archive. */
import { dmsFailure } from './failures.js';
import { guardOf } from './guard.js';
import { RECORD_VERSION, bounded, withEvent, type Transition } from './ledger-entries.js';
import type { RestoreReply, RestoreRequest } from './ledger-messages.js';
import type { ArchivedRecord, CheckpointRecord, DeadlinePlan, Ledger, Unarchived } from './records.js';
import { requireNameAndReason } from './update-texts.js';

const requireWho = requireNameAndReason('Restoring');

/** Throws DmsInvalidInput. */
export function validateRestore(ledger: Ledger, request: RestoreRequest): void {
  requireWho(ledger, request);
  const { replicationConfigArn } = ledger;
  const refuse = (problem: string, hint: string) =>
    dmsFailure(
      'DmsInvalidInput',
      { replicationConfigArn },
      `${replicationConfigArn} can't be restored: ${problem}`,
      hint,
    );
  const { resumeWithinSeconds: within } = request;
  const isClock = within === null || Number.isFinite(within);
  if (!Array.isArray(request.records) || !Number.isInteger(request.lastSequence) || !isClock) {
    throw refuse(
      'there are no records, no lastSequence, or no resumeWithinSeconds',
      'Use client.rebuildLedger, or temporal-dms-archive rebuild.',
    );
  }
  for (const record of request.records) {
    const { sequence, version, replicationConfigArn: arn } = record;
    if (!isRecord(record)) throw refuse(`record ${String(sequence)} makes no sense`, 'Give it as it was archived.');
    if (arn !== replicationConfigArn) throw refuse(`record ${sequence} is of ${arn}`, 'Give it its own records.');
    if (version > RECORD_VERSION) {
      const what = `record ${sequence} was written by a newer version of temporal-dms (${version}, this one reads ${RECORD_VERSION})`;
      throw refuse(what, 'Restore it with that version; nothing was changed.');
    }
  }
}

/** What the ledger goes by: it must not stumble over it later. */
function isRecord({ sequence, version, recordedAt, stoppedAt, resumeBy, intent, ...record }: ArchivedRecord): boolean {
  const isTime = (value: unknown) => typeof value === 'string' && !Number.isNaN(Date.parse(value));
  const mayBeTime = (value: unknown) => value === null || isTime(value);
  const { operationId, status, sealed, deadline } = record;
  return (
    [sequence, version].every((each) => Number.isInteger(each) && each > 0) &&
    isTime(recordedAt) &&
    [stoppedAt, resumeBy].every(mayBeTime) &&
    ['pause', 'final'].includes(intent) &&
    [operationId, status].every((each) => typeof each === 'string') &&
    (sealed === null || isTime(sealed.at)) &&
    (deadline === null ||
      (['warn', 'resume', 'none'].includes(deadline.policy) && Number.isFinite(deadline.leadSeconds)))
  );
}

/** What is there already stays as it is: doing it twice changes nothing. */
export function restore(ledger: Ledger, request: RestoreRequest, now: string): Transition<RestoreReply> {
  const { by, reason, records, resumeWithinSeconds } = request;
  const taken = new Set(ledger.checkpoints.map(({ sequence }) => sequence));
  // A ledger that began anew has counted from 1 again: of two with one sequence the newer one stays.
  const isFirst = ({ sequence }: ArchivedRecord, n: number) =>
    records.findIndex((each) => each.sequence === sequence) === n;
  const missing = records.filter((each, n) => !taken.has(each.sequence) && isFirst(each, n));
  const checkpoints = [...ledger.checkpoints, ...missing.map(recordOf)].toSorted(newestFirst);
  const lastSequence = Math.max(ledger.lastSequence, request.lastSequence);
  const archive = ledger.archive ?? { taskQueue: null, waiting: unarchived(ledger, records) };
  const back = bounded({ ...ledger, checkpoints, lastSequence, archive });
  const added = missing.filter(({ sequence }) => back.checkpoints.some((each) => each.sequence === sequence));
  if (added.length === 0 && lastSequence === ledger.lastSequence) return { ledger, reply: { added: 0, ledger } };

  const newest = added.find(({ sequence }) => sequence === back.checkpoints[0]?.sequence);
  // Whoever has lifted a seal in this ledger knew of it; else what was closed for good stays closed, whatever was recorded since.
  const isOwn = ({ sequence, recordedAt }: ArchivedRecord) =>
    ledger.checkpoints.some((own) => own.sequence === sequence && own.recordedAt === recordedAt);
  const newestLost = records.find((each) => !isOwn(each));
  const sealed = ledger.sealed ?? (ledger.lastUnsealed === null ? (newestLost?.sealed ?? null) : null);
  const clock = { resumeWithinSeconds, taskQueue: undefined };
  const guard =
    newest === undefined ? ledger.guard : guardOf({ ...newest, recordedAt: now }, warning(newest.deadline), clock);
  const detail = `${added.length} records came back from the archive`;
  const event = { type: 'restored', at: now, by, reason, workflowId: null, detail } as const;
  const restored = withEvent({ ...back, sealed, guard }, event);
  return { ledger: restored, reply: { added: added.length, ledger: restored } };
}

/** What has become of it since is not in the archive, such as that another replication goes on from there: it is not started by itself. */
function warning(plan: DeadlinePlan | null): DeadlinePlan | null {
  return plan?.policy === 'resume' ? { ...plan, policy: 'warn' } : plan;
}

function recordOf({ sealed: _sealed, deadline: _deadline, ...record }: ArchivedRecord): CheckpointRecord {
  return record;
}

/** By time: a ledger that began anew before it was restored has counted from 1 again. */
function newestFirst(one: CheckpointRecord, other: CheckpointRecord): number {
  if (one.recordedAt === other.recordedAt) return other.sequence - one.sequence;
  return one.recordedAt < other.recordedAt ? 1 : -1;
}

/** What a ledger that began anew has recorded before it had an archive. */
function unarchived({ checkpoints }: Ledger, records: readonly ArchivedRecord[]): readonly Unarchived[] {
  const isArchived = (own: CheckpointRecord) =>
    records.some(({ sequence, recordedAt }) => sequence === own.sequence && recordedAt === own.recordedAt);
  return checkpoints
    .filter((own) => !isArchived(own))
    .map(({ sequence }) => ({ sequence, sealed: null, deadline: null }))
    .toReversed();
}
