/** What becomes of a ledger when it is told how an operation ended. */
import { isSameStop } from '../dms/checkpoint.js';
import { queued } from './archive.js';
import { guardOf } from './guard.js';
import {
  CALL_SETTLED_SECONDS,
  findOperation,
  finish,
  sameOperation,
  secondsBetween,
  type Transition,
} from './ledger-entries.js';
import type { RecordReply, RecordRequest } from './ledger-messages.js';
import type { CheckpointDraft, CheckpointRecord, Ledger, OperationRef, Seal } from './records.js';

const MAX_FLAGGED_TABLES = 20;
const MOST_ENDED_RUNS = 5;

export function record(ledger: Ledger, request: RecordRequest, now: string): Transition<RecordReply> {
  const { operation } = request;
  switch (request.type) {
    case 'stopped':
      return recordStopped(ledger, request, now);
    case 'finished':
      return recordFinished(ledger, request, now);
    case 'tables': {
      const { flagged, truncated } = request.tables;
      const kept = flagged.slice(0, MAX_FLAGGED_TABLES);
      const tables = { ...request.tables, flagged: kept, truncated: truncated || flagged.length > kept.length };
      return unrecorded(finish(ledger, operation, { tables }));
    }
    case 'refused':
      return unrecorded(withoutRefused(ledger, request, now));
  }
}

function recordFinished(
  ledger: Ledger,
  request: Extract<RecordRequest, { type: 'finished' }>,
  now: string,
): Transition<RecordReply> {
  const { type: _type, operation, runId = operation.runId, clearsCall: _clearsCall, ...ended } = request;
  const settled = endedLedger(ledger, request, now);
  // It runs, or ran: there is no deadline any more.
  const isResumed = operation.kind === 'resume' && ended.outcome !== null;
  const guard = isResumed ? null : ledger.guard;
  const endedRunIds = endedRuns(ledger, operation, runId);
  const known = findOperation(ledger, operation);
  // What has succeeded under that id since did not fail because an execution before it did.
  const isSucceeded = known !== undefined && known.outcome !== null && known.runId !== operation.runId;
  const end = isSucceeded && ended.outcome === null ? { endedRunIds } : { ...ended, endedRunIds, finishedAt: now };
  const finished = finish({ ...settled, guard }, operation, end);
  return { ledger: finished, reply: { checkpoint: null, pendingCall: finished.pendingCall } };
}

/** Once a run after a reset has ended, so has the one that began. */
function endedRuns(ledger: Ledger, operation: OperationRef, runId = operation.runId): readonly string[] {
  const before = findOperation(ledger, operation)?.endedRunIds ?? [];
  return [...new Set([runId, operation.runId, ...before])].slice(0, MOST_ENDED_RUNS);
}

function unrecorded(ledger: Ledger): Transition<RecordReply> {
  return { ledger, reply: { checkpoint: null } };
}

function recordStopped(
  ledger: Ledger,
  request: Extract<RecordRequest, { type: 'stopped' }>,
  now: string,
): Transition<RecordReply> {
  const { operation, checkpoint: draft, outcome, failureType, failureMessage = null, awsRequestIds } = request;
  const { finishedBy } = request;
  const repeated = ledger.checkpoints.find((each) => isSameRecord(each, draft));
  const checkpoint = repeated ?? {
    ...draft,
    recoveryCheckpoint: draft.recoveryCheckpoint ?? knownCheckpoint(ledger, draft),
    sequence: ledger.lastSequence + 1,
    recordedAt: now,
  };
  const settled = withoutCallOf(ledger, request, now);
  const guard = failureType === null ? guardOf(checkpoint, operation.deadline, request) : null;
  const recorded: Ledger = {
    ...settled,
    sealed: failureType === null && repeated === undefined ? sealOf(ledger, settled, checkpoint, now) : ledger.sealed,
    guard: repeated === undefined ? guard : ledger.guard,
    checkpoints: repeated === undefined ? [checkpoint, ...ledger.checkpoints] : ledger.checkpoints,
    lastSequence: Math.max(ledger.lastSequence, checkpoint.sequence),
  };
  const kept = repeated === undefined ? queued(recorded, checkpoint, request, now) : recorded;
  const known = finishedBy === undefined ? undefined : findOperation(ledger, operation);
  // It has recorded this stop itself; what was left of it is settled now.
  if (known !== undefined && known.outcome !== null) return { ledger: kept, reply: { checkpoint } };
  const found = { outcome, checkpointSequence: checkpoint.sequence };
  const finishedAt = known?.finishedAt ?? now;
  const failed = failureType === null ? {} : { failureType, failureMessage };
  const how = finishedBy === undefined ? { failureType, failureMessage, awsRequestIds } : { finishedBy, ...failed };
  const endedRunIds = endedRuns(ledger, operation, request.runId);
  const ended = { ...found, ...how, endedRunIds, finishedAt };
  return { ledger: finish(kept, operation, ended), reply: { checkpoint } };
}

/** A final stop seals; so does one that DMS accepted, whose operation died, and which is found and recorded by another. */
function sealOf(before: Ledger, after: Ledger, checkpoint: CheckpointRecord, now: string): Seal | null {
  const adopted = after.pendingCall === null ? before.pendingCall : null;
  const final = [checkpoint, adopted, adopted?.replaces].find((each) => each?.intent === 'final');
  return final ? { by: final.requestedBy, reason: final.reason, at: now } : before.sealed;
}

/** DMS may show no checkpoint any more once it has deprovisioned; what was recorded of the same stop still holds. */
function knownCheckpoint(ledger: Ledger, draft: CheckpointDraft): string | null {
  const same = ledger.checkpoints.find((each) => isKnownStop(each, draft) && each.recoveryCheckpoint !== null);
  return same?.recoveryCheckpoint ?? null;
}

/** One operation records one stop once, however often it is asked to: the answer to the first request may have been lost. */
function isSameRecord(recorded: CheckpointRecord, draft: CheckpointDraft): boolean {
  const isOfRun = recorded.stoppedAt === null && draft.stoppedAt === null && recorded.runId === draft.runId;
  return (
    recorded.operationId === draft.operationId &&
    recorded.intent === draft.intent &&
    recorded.status === draft.status &&
    (isKnownStop(recorded, draft) || isOfRun)
  );
}

function isKnownStop(recorded: CheckpointRecord, draft: CheckpointDraft): boolean {
  return recorded.stoppedAt !== null && isSameStop(recorded, draft);
}

/** DMS refused the call: the note goes, and what it was written over is back. */
function withoutRefused(ledger: Ledger, request: Extract<RecordRequest, { type: 'refused' }>, now: string): Ledger {
  const { pendingCall } = ledger;
  // An attempt that a reset left behind must not take back the note of the run that goes on.
  if (pendingCall?.callId !== request.callId) return ledger;
  if (pendingCall?.replaces === undefined || !sameOperation(pendingCall, request.operation))
    return withoutCallOf(ledger, { ...request, runId: pendingCall?.runId }, now);
  return { ...ledger, pendingCall: pendingCall.replaces };
}

/** Clears the note of this operation's call, or of one that began before it: what that call did is known by now. */
function withoutCallOf(ledger: Ledger, { operation, runId }: RecordRequest, now: string): Ledger {
  const { pendingCall, operations } = ledger;
  if (pendingCall === null) return ledger;
  // An attempt that a reset left behind may be about to send it.
  const isLeftOver = runId !== undefined && sameOperation(pendingCall, operation) && pendingCall.runId !== runId;
  if (isLeftOver && secondsBetween(pendingCall.at, now) < CALL_SETTLED_SECONDS) return ledger;
  const own = operations.findIndex((each) => sameOperation(each, operation));
  const noted = operations.findIndex((each) => sameOperation(each, pendingCall));
  const isOlder = noted === -1 || (own !== -1 && noted >= own);
  return isOlder ? { ...ledger, pendingCall: null } : ledger;
}

/** A failure settles at most the call of its own run; a success also whatever an earlier operation left behind. */
function endedLedger(ledger: Ledger, request: Extract<RecordRequest, { type: 'finished' }>, now: string): Ledger {
  const { pendingCall } = ledger;
  const { operation, clearsCall, outcome, runId } = request;
  if (!clearsCall || pendingCall === null) return ledger;
  const isOwn = sameOperation(pendingCall, operation) && (runId ?? pendingCall.runId) === pendingCall.runId;
  return outcome !== null || isOwn ? withoutCallOf(ledger, request, now) : ledger;
}
