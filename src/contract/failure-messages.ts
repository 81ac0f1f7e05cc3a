/** Failures that several folders raise. Each is worded only here. */
import type { EndpointAddress } from '../dms/api.js';
import { statusFacts, lifecycleState } from '../dms/lifecycle.js';
import type { Replication } from '../dms/replication.js';
import { stopReasonFacts } from '../dms/stop-reasons.js';
import {
  cancelCommands,
  decisionCommands,
  listCommands,
  moveLedgerCommands,
  operationCommands,
  progressCommands,
  recordCommands,
  reloadCommands,
  workerCommand,
} from './commands.js';
import { dmsFailure, type FailureSubject, type OperationInTheWay } from './failures.js';
import { readReplicationArn } from './input-schemas.js';
import { ledgerWorkflowId, messageNames, workflowTypes } from './names.js';
import type { CheckpointRecord } from './records.js';
import type { Seal } from './ledger-state.js';

/** Reads the ARN in an input of any shape. Throws DmsInvalidInput. */
export function readArn(input: unknown): string {
  return readReplicationArn(input, 'the operation');
}

/** Builds the failure of an operation that another one blocks. `where`: part of the message about the blocking operation's task queue. */
export function operationInProgress(replicationConfigArn: string, open: OperationInTheWay, where = '') {
  const { kind, operationId, workflowId, hostWorkflowId } = open;
  const host = hostWorkflowId === null ? '' : `, a step of ${hostWorkflowId}`;
  return dmsFailure(
    'DmsOperationInProgress',
    { replicationConfigArn, operation: { kind, operationId, workflowId, hostWorkflowId } },
    `A ${kind} ("${operationId ?? 'id not known yet'}") is under way in ${workflowId}${host}${where}`,
    `See what it does: ${progressCommands(replicationConfigArn, workflowId)}. Wait for it, or cancel it: ${cancelCommands(replicationConfigArn, workflowId)}. Then run this operation again.`,
  );
}

/** Builds the failure of a replication that is `failed`, with AWS's own words. `when`: part of the message. */
export function replicationFailed(subject: FailureSubject, when: string) {
  const { replication, replicationConfigArn } = subject;
  const said = [replication?.failureMessages.join(' / '), replication?.stopReason].filter(Boolean).join('; ');
  const next = stopReasonFacts(replication?.stopReason ?? null)?.next;
  return dmsFailure(
    'DmsReplicationFailed',
    subject,
    `${replicationConfigArn} failed ${when}${said === '' ? ', and DMS gives no reason' : `: ${said}`}`,
    `${next === undefined ? 'Read its log, and remove the cause.' : `Next: ${next}.`} To run it again: ${operationCommands('resume', subject)}.`,
  );
}

/** Builds the failure of a resume of a sealed replication. */
export function replicationSealed(subject: FailureSubject, { by, reason, at }: Seal) {
  const why = reason ?? 'no reason given';
  return dmsFailure(
    'DmsReplicationSealed',
    subject,
    `${subject.replicationConfigArn} is sealed: ${by ?? 'someone unnamed'} stopped it for good at ${at} (${why})`,
    `To run it again, unseal it first: ${decisionCommands('unseal', subject.replicationConfigArn, messageNames.unseal)}.`,
  );
}

export function replicationDeleting(subject: FailureSubject) {
  const what = `${subject.replicationConfigArn} is being deleted`;
  return dmsFailure('DmsReplicationDeleting', subject, what, 'It can no longer be stopped or resumed.');
}

export function replicationReadOnly(subject: FailureSubject) {
  const what = `${subject.replicationConfigArn} is read-only: a zero-ETL integration manages it`;
  return dmsFailure('DmsReplicationReadOnly', subject, what, 'Change the integration instead.');
}

/**
 * Builds the failure of a stop that was undone. `was`: state before, as part of the message. Only an active status
 * proves that someone started the replication.
 */
export function stateBefore(subject: FailureSubject, replication: Replication, was: string) {
  const { status } = lifecycleState(replication);
  const isStarted = statusFacts(status).phase === 'active';
  const is = isStarted ? `"${status}" again: someone started it` : `"${status}" now`;
  const hint = isStarted
    ? `Find out who, then stop it again: ${operationCommands('stop', subject)}.`
    : `Look again once it is stopped or failed: ${recordCommands('status', subject.replicationConfigArn)}.`;
  const what = `${subject.replicationConfigArn} was ${was}, and is ${is}`;
  return dmsFailure('DmsStopReverted', { ...subject, replication }, what, hint);
}

/**
 * Builds the failure of a start that was undone. `lateStop` is a sentence about an unanswered stop that may have landed late.
 * The look that shows the stop gives the reason.
 */
export function startReverted(subject: FailureSubject, replication: Replication, lateStop: string | null = null) {
  const { stopReason, status } = replication;
  const meaning = stopReasonFacts(stopReason)?.meaning;
  const why = stopReason === null ? 'DMS gives no reason' : `"${stopReason}"${meaning ? ` (${meaning})` : ''}`;
  const what = `${subject.replicationConfigArn} was started, and is "${status}" again: ${why}`;
  const hint = `Find out who or what stopped it, then resume it again: ${operationCommands('resume', subject)}.`;
  return dmsFailure(
    'DmsStartReverted',
    { ...subject, replication },
    what,
    lateStop === null ? hint : `${lateStop} ${hint}`,
  );
}

/** Builds the failure of a resume whose recorded stop is not DMS's last stop. The message shows both stops. */
export function checkpointChanged(subject: FailureSubject, record: CheckpointRecord, replication: Replication) {
  return dmsFailure(
    'DmsCheckpointChanged',
    { ...subject, checkpoint: record, replication },
    `DMS's last stop of ${subject.replicationConfigArn} differs from record ${record.sequence}. Recorded: ` +
      `${record.stoppedAt ?? 'no time'} (${record.recoveryCheckpoint ?? 'no checkpoint'}). DMS: ` +
      `${replication.replicationLastStopTime ?? 'no time'} (${replication.recoveryCheckpoint ?? 'no checkpoint'})`,
    `Someone ran it since: find out who. To go on from its last stop, record that stop first: ${operationCommands('stop', subject)}. Then resume it: ${operationCommands('resume', subject)}.`,
  );
}

/** Builds the failure of an endpoint that leads to another database than at the stop. The message shows both addresses. */
export function endpointChanged(
  subject: FailureSubject,
  role: 'source' | 'target',
  was: EndpointAddress,
  is: EndpointAddress,
) {
  const name = ({ host, port, database }: EndpointAddress) => `${host ?? '?'}:${port ?? '?'}/${database ?? '?'}`;
  return dmsFailure(
    'DmsEndpointChanged',
    subject,
    `The ${role} endpoint of ${subject.replicationConfigArn} led to ${name(was)} when it was stopped, and leads to ${name(is)} now`,
    `If both addresses hold the same data, such as after a failover, resume it with force: ${operationCommands('resume', subject, { force: true })}. Otherwise reload its target, which discards what it holds: ${reloadCommands(subject)}.`,
  );
}

/** Builds the failure of a ledger that a person terminated. */
export function ledgerClosed(replicationConfigArn: string) {
  const id = ledgerWorkflowId(replicationConfigArn);
  return dmsFailure(
    'DmsLedgerClosed',
    { replicationConfigArn },
    `The ledger ${id} was terminated, and a new one would not have its records`,
    `Bring it back with all its records: temporal workflow reset --workflow-id '${id}' --type LastWorkflowTask --reason 'closed by mistake'`,
  );
}

/** Builds the failure of a replication whose ledger closed by itself. */
export function replicationDeleted(replicationConfigArn: string) {
  return dmsFailure(
    'DmsReplicationNotFound',
    { replicationConfigArn },
    `${replicationConfigArn} was deleted, and its ledger is closed`,
    `Its records can still be read: ${recordCommands('history', replicationConfigArn)}. An operation on a new replication with this ARN opens the ledger again.`,
  );
}

/** Builds the failure of an ARN under which no ledger was ever started. */
export function ledgerNotFound(replicationConfigArn: string) {
  return dmsFailure(
    'DmsLedgerNotFound',
    { replicationConfigArn },
    `${replicationConfigArn} has no ledger in this namespace: nothing was recorded under this ARN`,
    `Check the ARN, its case included, and the namespace. See what is known there: ${listCommands()}. The first stop or resume creates the ledger.`,
  );
}

/** Builds the failure of a move to a task queue that no worker polls. */
export function nobodyToMoveTo(replicationConfigArn: string, taskQueue: string, what: 'workflows' | 'activities') {
  return dmsFailure(
    'DmsLedgerUnavailable',
    { replicationConfigArn, taskQueue },
    `The ledger ${ledgerWorkflowId(replicationConfigArn)} was not moved: no worker polls the task queue "${taskQueue}" for ${what}`,
    `Start a worker there (${workerCommand(taskQueue)}), then move the ledger: ${moveLedgerCommands(replicationConfigArn, taskQueue)}.`,
  );
}

/** Builds the failure of a move that the ledger has accepted, and that is not done yet. */
export function notMovedYet(replicationConfigArn: string, from: string, to: string) {
  return dmsFailure(
    'DmsLedgerUnavailable',
    { replicationConfigArn, taskQueue: from },
    `The ledger ${ledgerWorkflowId(replicationConfigArn)} has accepted the move to the task queue "${to}", and ends its work on "${from}" first`,
    `Keep the workers of both task queues until it has moved: temporal workflow describe --workflow-id ${ledgerWorkflowId(replicationConfigArn)}.`,
  );
}

/**
 * Builds the failure of a ledger that exists, and gives no answer. `operationTaskQueue`: task queue
 * where the caller starts operations.
 */
export function ledgerUnavailable(
  replicationConfigArn: string,
  taskQueue: string,
  problem: string,
  operationTaskQueue: string,
) {
  // Without a worker, a ledger can't leave its task queue.
  const move =
    taskQueue === operationTaskQueue
      ? ''
      : ` To leave that task queue for good, then move the ledger: ${moveLedgerCommands(replicationConfigArn, operationTaskQueue)}.`;
  return dmsFailure(
    'DmsLedgerUnavailable',
    { replicationConfigArn, taskQueue },
    `The ledger ${ledgerWorkflowId(replicationConfigArn)} on the task queue "${taskQueue}" can't be reached: ${problem}`,
    `Start a worker there with ${workflowTypes.ledger} in its bundle (${workerCommand(taskQueue)}), then ask again.${move} A change that was sent may still be applied.`,
  );
}

/** Builds the failure of a task queue whose workers lack the activities. `what` and `then`: parts of the message. */
export function activityMissing(replicationConfigArn: string, taskQueue: string, what: string, then = '') {
  return dmsFailure(
    'DmsWorkerMissing',
    { replicationConfigArn, taskQueue },
    what,
    `Start a worker with the activities of this package there: ${workerCommand(taskQueue)}.${then}`,
  );
}

/** Builds the failure of a wait in which no worker looked. `taskQueue`: the one of the operation. */
export function nobodyLooked(type: 'DmsStopTimedOut' | 'DmsStartTimedOut', subject: FailureSubject, taskQueue: string) {
  const { replicationConfigArn, status } = subject;
  const kind = type === 'DmsStopTimedOut' ? 'stop' : 'resume';
  return dmsFailure(
    type,
    subject,
    `No worker looked at ${replicationConfigArn} until long past the deadline. It was "${status ?? 'not seen'}" when the wait began`,
    `Start a worker that serves its task queue: ${workerCommand(taskQueue)}. Then run the ${kind} again, which follows what DMS did meanwhile: ${operationCommands(kind, { replicationConfigArn, operationTaskQueue: taskQueue })}.`,
  );
}

/** Builds the failure of a scheduled resume whose stop was not recorded within `hours`. */
export function scheduledStopNotRecorded(subject: FailureSubject & { readonly operationId: string }, hours: number) {
  const { replicationConfigArn, operationId } = subject;
  return dmsFailure(
    'DmsStopTimedOut',
    subject,
    `The scheduled stop "${operationId}" of ${replicationConfigArn} is not recorded ${hours} hours after the time to resume`,
    `See what the ledger waits for: ${recordCommands('status', replicationConfigArn)}. This run of the schedule is over, so resume the replication by hand: ${operationCommands('resume', subject)}.`,
  );
}
