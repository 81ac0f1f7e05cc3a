import { Context } from '@temporalio/activity';
import { parseReplicationConfigArn, type ReplicationConfigArn } from '../dms/arn.js';
import { isRecordedStop } from '../dms/checkpoint.js';
import { factsOf, lifecycleState } from '../dms/lifecycle.js';
import type { Replication } from '../dms/replication.js';
import { dmsFailure, retryable } from '../operations/failures.js';
import type { BeginReply } from '../operations/ledger-messages.js';
import type { BeginOperation, BegunOperation } from '../operations/protocol.js';
import type { OperationRef } from '../operations/records.js';
import type {
  ResumeOutcome,
  ResumeReplicationResult,
  StopOutcome,
  StopReplicationResult,
} from '../operations/results.js';
import { stopWarnings, tableWarnings } from '../operations/warnings.js';
import { apiFailure } from './api-failures.js';
import { currentAttempt, type Attempt } from './attempt.js';
import type { Environment } from './environment.js';
import { readResumeInput, readStopInput } from './schemas.js';

/** A call that was about to be sent this long ago has been answered, or never will be. */
const CALL_SETTLED_SECONDS = 20;

/**
 * Begins an operation: checks its input, looks once (a typo must not leave a ledger behind), and notes the operation in the ledger, which may
 * refuse it, know that it succeeded before, or tell of a call that someone's dead operation left behind.
 */
export function beginOperation(environment: Environment, request: BeginOperation): Promise<BegunOperation> {
  const { plan, request: asked } =
    request.kind === 'stop' ? readStopInput(request.input) : readResumeInput(request.input);
  const arn = parseReplicationConfigArn(plan.replicationConfigArn);
  environment.requireAllowed(arn.arn);
  const { kind, operationId, parentWorkflowId } = request;
  const attempt = currentAttempt();

  return attempt.keptAlive(async () => {
    const ledger = environment.ledger(arn.arn);
    const look = await lookOnce(environment, arn, operationId, attempt);
    const operation: OperationRef = { kind, operationId, ...thisExecution(), parentWorkflowId, ...asked };
    const sequence = 'checkpoint' in plan && plan.checkpoint !== 'latest' ? plan.checkpoint.sequence : null;
    const subject = { replicationConfigArn: arn.arn, operationId, phase: 'beginning', mayGiveUp: true };
    const begun = await environment.askLedger(ledger, subject, () => ledger.begin({ operation, sequence }));
    waitOutCall(begun, operation, attempt);

    const isOwn = begun.pendingCall !== null && isSameOperation(begun.pendingCall, operation);
    const isUnfinished = !isOwn && begun.pendingCall?.kind === 'stop' && isStoppedOrStopping(look);
    return {
      operation,
      plan,
      status: look.status,
      ownCall: isOwn ? begun.pendingCall : null,
      unfinishedStop: isUnfinished ? begun.pendingCall : null,
      checkpoint: begun.checkpoint,
      repeated: begun.repeatOf === null ? null : repeat(begun.repeatOf, look, arn),
      holdSeconds: environment.holdSeconds,
    };
  });
}

async function lookOnce(
  environment: Environment,
  arn: ReplicationConfigArn,
  operationId: string,
  attempt: Attempt,
): Promise<Replication> {
  try {
    const { replication } = await environment.watcher(arn).look(arn, { signal: attempt.signal });
    return replication;
  } catch (err) {
    throw apiFailure(err, {
      subject: { replicationConfigArn: arn.arn, operationId },
      phase: 'beginning',
      status: null,
      attempt: attempt.number,
      elapsedSeconds: attempt.elapsedSeconds(),
      accepted: false,
    });
  }
}

function thisExecution(): { readonly workflowId: string; readonly runId: string } {
  const { workflowExecution } = Context.current().info;
  return { workflowId: workflowExecution?.workflowId ?? '', runId: workflowExecution?.runId ?? '' };
}

/** A call of an execution that ended may land late. Once it has had time to, the next attempt looks again. */
function waitOutCall(
  { pendingCall, pendingCallAgeSeconds }: BeginReply,
  operation: OperationRef,
  attempt: Attempt,
): void {
  if (pendingCall === null || pendingCallAgeSeconds === null) return;
  if (pendingCall.runId === operation.runId) return;
  const left = CALL_SETTLED_SECONDS - pendingCallAgeSeconds;
  if (left <= 0) return;
  throw retryable(
    'DmsStillWaiting',
    `beginning: the ${pendingCall.kind} "${pendingCall.operationId}" ended just after it was about to call DMS; waiting ${left.toFixed(0)} s for that call to land`,
    left,
    { phase: 'beginning', status: null, elapsedSeconds: attempt.elapsedSeconds(), retryInSeconds: left },
  );
}

function isSameOperation(one: { readonly kind: string; readonly operationId: string }, other: OperationRef): boolean {
  return one.kind === other.kind && one.operationId === other.operationId;
}

function isStoppedOrStopping(look: Replication): boolean {
  const { stop } = factsOf(lifecycleState(look).status);
  return stop === 'already-stopped' || stop === 'already-stopping';
}

/** What the equal operation returned, if it still holds. */
function repeat(
  { operation, checkpoint }: NonNullable<BeginReply['repeatOf']>,
  look: Replication,
  arn: ReplicationConfigArn,
): StopReplicationResult | ResumeReplicationResult {
  const { status } = lifecycleState(look);
  const holds =
    operation.kind === 'resume'
      ? factsOf(status).phase === 'active'
      : checkpoint !== null && factsOf(status).phase === 'rest' && isRecordedStop(checkpoint, look);
  if (!holds) {
    throw dmsFailure(
      'DmsOperationSuperseded',
      { replicationConfigArn: arn.arn, operationId: operation.operationId, replication: look, checkpoint },
      `The ${operation.kind} "${operation.operationId}" of ${arn.arn} succeeded at ${operation.finishedAt}, and that no longer holds: DMS shows "${look.status}"`,
      'Use a new operation id to operate on it again.',
    );
  }
  const { operationId, tables } = operation;
  if (operation.kind === 'stop' && checkpoint !== null) {
    const warnings = [...stopWarnings(checkpoint, look, Date.now()), ...(tables === null ? [] : tableWarnings(tables))];
    return { outcome: operation.outcome as StopOutcome, operationId, checkpoint, replication: look, tables, warnings };
  }
  return {
    outcome: operation.outcome as ResumeOutcome,
    operationId,
    resumedFrom: checkpoint,
    startReplicationType: operation.startReplicationType,
    progress: operation.progress ?? 'not-checked',
    replication: look,
    warnings: [],
  };
}
