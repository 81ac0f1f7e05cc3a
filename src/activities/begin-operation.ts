import { Context, log } from '@temporalio/activity';
import { isRecordedStop } from '../dms/checkpoint.js';
import { factsOf, lifecycleState } from '../dms/lifecycle.js';
import type { Replication } from '../dms/replication.js';
import { dmsFailure, isDmsFailure } from '../operations/failures.js';
import { CALL_SETTLED_SECONDS } from '../operations/ledger-entries.js';
import type { BeginReply } from '../operations/ledger-messages.js';
import type { BeginOperation, BegunOperation } from '../operations/protocol.js';
import type { OperationRef } from '../operations/records.js';
import type { ResumeOutcome, StopOutcome } from '../operations/results.js';
import { tableWarnings } from '../operations/tables.js';
import { stopWarnings } from '../operations/warnings.js';
import type { Attempt } from './attempt.js';
import { continuedRecord } from './continued.js';
import type { Environment } from './environment.js';
import { readResumeInput, readStopInput } from '../operations/input-schemas.js';

/** How long it waits to be among those that begin, before another attempt does. */
const BEGIN_SECONDS = 60;
const FRESH_SECONDS = 2;

/**
 * Begins an operation: checks its input, looks once (a typo must not leave a ledger behind), and notes the operation in the ledger, which may
 * refuse it, know that it succeeded before, or tell of a call that someone's dead operation left behind.
 */
export function beginOperation(environment: Environment, request: BeginOperation): Promise<BegunOperation> {
  const { kind, operationId, parentWorkflowId, input } = request;
  const { plan, asked } = kind === 'stop' ? readStopInput(input) : readResumeInput(input);
  const attempt = environment.attempt(plan, 'dms.beginOperation', { operationId, phase: 'beginning' });

  return attempt.keptAlive(async () => {
    let { replication } = await attempt.look().catch(async (err: unknown) => {
      if (isDmsFailure(err, 'DmsReplicationNotFound')) await tellLedger(attempt);
      throw err;
    });
    const lookedAt = attempt.heldSeconds;
    const who = { owner: asked.owner, parentWorkflowId };
    const continued = 'continues' in plan ? await continuedRecord(attempt, plan, who, replication) : null;
    const { workflowId = '', runId = '' } = Context.current().info.workflowExecution ?? {};
    const operation: OperationRef = { kind, operationId, workflowId, runId, parentWorkflowId, ...asked };
    const sequence = 'checkpoint' in plan && plan.checkpoint !== 'latest' ? plan.checkpoint.sequence : null;
    const leave = await attempt.inTurn(BEGIN_SECONDS, 'many operations begin at once', (signal) =>
      environment.beginning.enter(signal),
    );
    const begun = await attempt
      .askLedger((ledger) => ledger.begin({ operation, sequence, found: replication.status }))
      .finally(leave);
    const { pendingCall, checkpoint, repeatOf } = begun;
    waitOutCall(begun, operation, attempt);
    // What a call or an equal operation has brought about is not told by a look from before a long wait.
    const isOld = attempt.heldSeconds - lookedAt > FRESH_SECONDS;
    if (isOld && (pendingCall !== null || repeatOf !== null)) ({ replication } = await attempt.look());

    const isOwn = pendingCall?.kind === kind && pendingCall.operationId === operationId;
    const { stop } = factsOf(lifecycleState(replication).status);
    const isStop = pendingCall?.kind === 'stop' && (stop === 'already-stopped' || stop === 'already-stopping');
    return {
      operation,
      plan,
      status: replication.status,
      ownCall: isOwn ? pendingCall : null,
      unfinishedStop: isStop && !isOwn ? pendingCall : null,
      checkpoint,
      ...(continued === null ? {} : { continued }),
      repeated: repeatOf === null ? null : repeat(repeatOf, replication, attempt),
      holdSeconds: environment.holdSeconds,
    };
  });
}

/** The ledger of a deleted replication closes; that there is none is what the caller is to see, whether or not the ledger can be reached. */
async function tellLedger(attempt: Attempt): Promise<void> {
  await attempt
    .askLedger((ledger) => ledger.gone())
    .catch((err: unknown) => log.warn('The ledger was not told that its replication is gone', { error: String(err) }));
}

/** A call of an execution that ended may land late. Once it has had time to, the next attempt looks again. */
function waitOutCall({ pendingCall, pendingCallAgeSeconds }: BeginReply, { runId }: OperationRef, attempt: Attempt) {
  if (pendingCall === null || pendingCallAgeSeconds === null || pendingCall.runId === runId) return;
  const left = CALL_SETTLED_SECONDS - pendingCallAgeSeconds;
  if (left <= 0) return;
  const { kind, operationId } = pendingCall;
  const why = `the ${kind} "${operationId}" ended just after it was about to call DMS; waiting ${left.toFixed(0)} s for that call to land`;
  throw attempt.stillWaiting(why, left);
}

/** What the equal operation returned, if it still holds. */
function repeat(
  { operation, checkpoint }: NonNullable<BeginReply['repeatOf']>,
  look: Replication,
  attempt: Attempt,
): NonNullable<BegunOperation['repeated']> {
  const { kind, operationId, tables, outcome, startReplicationType, progress } = operation;
  const { phase } = factsOf(lifecycleState(look).status);
  const isStillStopped = phase === 'rest' && checkpoint !== null && isRecordedStop(checkpoint, look);
  if (kind === 'stop' && isStillStopped) {
    const warnings = [...stopWarnings(checkpoint, look, Date.now()), ...(tables === null ? [] : tableWarnings(tables))];
    return { outcome: outcome as StopOutcome, operationId, checkpoint, replication: look, tables, warnings };
  }
  if (kind === 'resume' && phase === 'active') {
    const was = { startReplicationType, progress: progress ?? 'not-checked', resumedFrom: checkpoint } as const;
    return { outcome: outcome as ResumeOutcome, operationId, ...was, replication: look, warnings: [] };
  }
  throw dmsFailure(
    'DmsOperationSuperseded',
    { ...attempt.subject, replication: look, checkpoint },
    `The ${kind} "${operationId}" of ${attempt.arn.arn} succeeded at ${operation.finishedAt}, and that no longer holds: DMS shows "${look.status}"`,
    'Use a new operation id to operate on it again.',
  );
}
