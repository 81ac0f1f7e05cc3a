import { dmsFailure } from './failures.js';
import type {
  AboutToReply,
  AboutToRequest,
  BeginReply,
  BeginRequest,
  RecordReply,
  RecordRequest,
} from './ledger-messages.js';
import type {
  CheckpointDraft,
  CheckpointRecord,
  Ledger,
  OperationRecord,
  OperationRef,
  PendingCall,
} from './records.js';

const MAX_ENTRIES = 100;
const MAX_BYTES = 200_000;
const MAX_FLAGGED_TABLES = 20;

export interface Transition<Reply> {
  readonly ledger: Ledger;
  readonly reply: Reply;
}

type OperationKey = Pick<OperationRef, 'kind' | 'operationId'>;

export function emptyLedger(replicationConfigArn: string): Ledger {
  return {
    version: 1,
    replicationConfigArn,
    sealed: null,
    pendingCall: null,
    checkpoints: [],
    operations: [],
    lastSequence: 0,
  };
}

/** Refuses a resume while sealed, and an id that succeeded before something else happened. Throws the failure. */
export function validateBegin(ledger: Ledger, { operation }: BeginRequest): void {
  const subject = { replicationConfigArn: ledger.replicationConfigArn, operationId: operation.operationId };
  const known = findOperation(ledger, operation);
  if (known !== undefined && known.outcome !== null && known !== ledger.operations[0]) {
    const newest = ledger.operations[0];
    throw dmsFailure(
      'DmsOperationSuperseded',
      subject,
      `The ${operation.kind} "${operation.operationId}" of ${ledger.replicationConfigArn} succeeded before, and since then the ${newest?.kind} "${newest?.operationId}" began`,
      'Use a new operation id to operate on it again.',
    );
  }
  requireUnsealed(ledger, operation);
}

export function begin(ledger: Ledger, request: BeginRequest, now: string): Transition<BeginReply> {
  const { operation, sequence } = request;
  const known = findOperation(ledger, operation);
  const reply: BeginReply = {
    pendingCall: ledger.pendingCall,
    pendingCallAgeSeconds:
      ledger.pendingCall === null ? null : (Date.parse(now) - Date.parse(ledger.pendingCall.at)) / 1000,
    checkpoint: findCheckpoint(ledger, sequence) ?? null,
    repeatOf: null,
  };
  if (known !== undefined && known.outcome !== null) {
    const checkpoint = findCheckpoint(ledger, known.checkpointSequence ?? -1) ?? null;
    return { ledger, reply: { ...reply, repeatOf: { operation: known, checkpoint } } };
  }
  const begun: OperationRecord = {
    ...operation,
    outcome: null,
    failureType: null,
    startedAt: known?.startedAt ?? now,
    finishedAt: null,
    checkpointSequence: null,
    awsRequestIds: known?.awsRequestIds ?? [],
    tables: null,
    startReplicationType: null,
    progress: null,
  };
  const operations = [begun, ...ledger.operations.filter((each) => each !== known)];
  return { ledger: bounded({ ...ledger, operations }), reply };
}

/** A final stop may be recorded after a resume has begun: its seal counts up to the call. */
function requireUnsealed(ledger: Ledger, operation: OperationRef): void {
  if (operation.kind === 'resume' && ledger.sealed !== null) {
    const { by, reason, at } = ledger.sealed;
    throw dmsFailure(
      'DmsReplicationSealed',
      {
        replicationConfigArn: ledger.replicationConfigArn,
        operationId: operation.operationId,
        checkpoint: ledger.checkpoints[0] ?? null,
      },
      `${ledger.replicationConfigArn} was stopped for good by ${by ?? 'someone unnamed'} at ${at} (${reason ?? 'no reason given'})`,
      'Unseal its ledger by name and reason (client.unseal) if it is to run again.',
    );
  }
}

/** Refuses a note of any operation but the newest: a call of a dead one must not be sent once another has begun. Throws the failure. */
export function validateAboutTo(ledger: Ledger, { operation }: AboutToRequest): void {
  requireUnsealed(ledger, operation);
  const newest = ledger.operations[0];
  if (newest !== undefined && sameOperation(newest, operation)) return;
  throw dmsFailure(
    'DmsOperationSuperseded',
    { replicationConfigArn: ledger.replicationConfigArn, operationId: operation.operationId },
    `The ${operation.kind} "${operation.operationId}" of ${ledger.replicationConfigArn} is no longer the newest operation, so it may not change anything`,
    'Look at the ledger for what began since.',
  );
}

export function aboutTo(ledger: Ledger, request: AboutToRequest, now: string): Transition<AboutToReply> {
  const { operation, before, intent, startReplicationType } = request;
  const previous =
    ledger.pendingCall !== null && sameOperation(ledger.pendingCall, operation) ? ledger.pendingCall : null;
  const pendingCall: PendingCall = { ...operation, at: now, before, intent, startReplicationType };
  return { ledger: { ...ledger, pendingCall }, reply: { previous } };
}

export function record(ledger: Ledger, request: RecordRequest, now: string): Transition<RecordReply> {
  switch (request.type) {
    case 'stopped':
      return recordStopped(ledger, request, now);
    case 'finished':
      return {
        ledger: finish(endedLedger(ledger, request), request.operation, {
          outcome: request.outcome,
          failureType: request.failureType,
          finishedAt: now,
          awsRequestIds: request.awsRequestIds,
          startReplicationType: request.startReplicationType,
          progress: request.progress,
          checkpointSequence: request.checkpointSequence,
        }),
        reply: { checkpoint: null },
      };
    case 'tables': {
      const { flagged } = request.tables;
      const tables = {
        ...request.tables,
        flagged: flagged.slice(0, MAX_FLAGGED_TABLES),
        truncated: request.tables.truncated || flagged.length > MAX_FLAGGED_TABLES,
      };
      return { ledger: finish(ledger, request.operation, { tables }), reply: { checkpoint: null } };
    }
    case 'refused':
      return { ledger: withoutCallOf(ledger, request.operation), reply: { checkpoint: null } };
  }
}

export function unseal(ledger: Ledger): Ledger {
  return { ...ledger, sealed: null };
}

function recordStopped(
  ledger: Ledger,
  request: Extract<RecordRequest, { type: 'stopped' }>,
  now: string,
): Transition<RecordReply> {
  const { operation, outcome, failureType, awsRequestIds } = request;
  const repeated = ledger.checkpoints.find((each) => isSameRecord(each, request.checkpoint));
  const checkpoint = repeated ?? {
    ...request.checkpoint,
    recoveryCheckpoint: request.checkpoint.recoveryCheckpoint ?? knownCheckpoint(ledger, request.checkpoint),
    sequence: ledger.lastSequence + 1,
    recordedAt: now,
  };
  const sealed =
    checkpoint.intent === 'final' && failureType === null && repeated === undefined
      ? { by: checkpoint.requestedBy, reason: checkpoint.reason, at: now }
      : ledger.sealed;
  const recorded: Ledger = {
    ...withoutCallOf(ledger, operation),
    sealed,
    checkpoints: repeated === undefined ? [checkpoint, ...ledger.checkpoints] : ledger.checkpoints,
    lastSequence: Math.max(ledger.lastSequence, checkpoint.sequence),
  };
  const ended = { outcome, failureType, finishedAt: now, checkpointSequence: checkpoint.sequence, awsRequestIds };
  return { ledger: finish(recorded, operation, ended), reply: { checkpoint } };
}

/** DMS may show no checkpoint any more once it has deprovisioned; what was recorded of the same stop still holds. */
function knownCheckpoint(ledger: Ledger, draft: CheckpointDraft): string | null {
  return (
    ledger.checkpoints.find((each) => isSameStop(each, draft) && each.recoveryCheckpoint !== null)
      ?.recoveryCheckpoint ?? null
  );
}

/** One operation records one stop once, however often it is asked to: the answer to the first request may have been lost. */
function isSameRecord(recorded: CheckpointRecord, draft: CheckpointDraft): boolean {
  return (
    recorded.operationId === draft.operationId &&
    recorded.intent === draft.intent &&
    recorded.status === draft.status &&
    (isSameStop(recorded, draft) ||
      (draft.stoppedAt === null && recorded.stoppedAt === null && recorded.runId === draft.runId))
  );
}

function isSameStop(recorded: CheckpointRecord, draft: CheckpointDraft): boolean {
  return (
    recorded.stoppedAt !== null &&
    recorded.stoppedAt === draft.stoppedAt &&
    recorded.replicationCreateTime === draft.replicationCreateTime &&
    recorded.freshStartDate === draft.freshStartDate
  );
}

/** Clears the note of this operation's call, or of one that began before it: what that call did is known by now. */
function withoutCallOf(ledger: Ledger, operation: OperationKey): Ledger {
  const { pendingCall, operations } = ledger;
  if (pendingCall === null) return ledger;
  const own = operations.findIndex((each) => sameOperation(each, operation));
  const noted = operations.findIndex((each) => sameOperation(each, pendingCall));
  const isOlder = noted === -1 || (own !== -1 && noted >= own);
  return isOlder ? { ...ledger, pendingCall: null } : ledger;
}

/** A failure settles at most its own call; a success also whatever an earlier operation left behind. */
function endedLedger(ledger: Ledger, request: Extract<RecordRequest, { type: 'finished' }>): Ledger {
  const { pendingCall } = ledger;
  if (!request.clearsCall || pendingCall === null) return ledger;
  const mayClear = request.outcome !== null || sameOperation(pendingCall, request.operation);
  return mayClear ? withoutCallOf(ledger, request.operation) : ledger;
}

function finish(ledger: Ledger, operation: OperationKey, ended: Partial<OperationRecord>): Ledger {
  const operations = ledger.operations.map((each) => (sameOperation(each, operation) ? { ...each, ...ended } : each));
  return bounded({ ...ledger, operations });
}

function findOperation(ledger: Ledger, key: OperationKey): OperationRecord | undefined {
  return ledger.operations.find((each) => sameOperation(each, key));
}

function findCheckpoint(ledger: Ledger, sequence: number | null): CheckpointRecord | undefined {
  return sequence === null ? ledger.checkpoints[0] : ledger.checkpoints.find((each) => each.sequence === sequence);
}

function sameOperation(one: OperationKey, other: OperationKey): boolean {
  return one.kind === other.kind && one.operationId === other.operationId;
}

/** Drops the oldest entries beyond the limits. The newest operation and the newest record always stay. */
function bounded(ledger: Ledger): Ledger {
  let checkpoints = ledger.checkpoints.slice(0, MAX_ENTRIES);
  let operations = ledger.operations.slice(0, MAX_ENTRIES);
  let excess = JSON.stringify({ ...ledger, checkpoints, operations }).length - MAX_BYTES;
  while (excess > 0 && (operations.length > 1 || checkpoints.length > 1)) {
    const dropsOperation = operations.length >= checkpoints.length;
    const dropped = dropsOperation ? operations.at(-1) : checkpoints.at(-1);
    if (dropsOperation) operations = operations.slice(0, -1);
    else checkpoints = checkpoints.slice(0, -1);
    excess -= JSON.stringify(dropped).length + 1;
  }
  return { ...ledger, checkpoints, operations };
}
