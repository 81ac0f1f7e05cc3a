/** Results of operations that succeeded before under the same id, if they still hold. */
import { isRecordedStop } from '../dms/checkpoint.js';
import { statusFacts, lifecycleState } from '../dms/lifecycle.js';
import type { Replication } from '../dms/replication.js';
import { operationCommands, reloadCommands } from '../contract/commands.js';
import { dmsFailure, type FailureSubject } from '../contract/failures.js';
import type { StartReplicationType } from '../contract/inputs.js';
import type { BeginReply } from '../contract/ledger-protocol.js';
import type {
  ResumeOutcome,
  ResumeReplicationResult,
  StopOutcome,
  StopReplicationResult,
} from '../contract/results.js';
import { tableWarnings } from './table-summary.js';
import { stopWarnings } from './warnings.js';

type Repeat = NonNullable<BeginReply['repeatOf']>;

/** Returns the result of the earlier stop. Throws `DmsOperationSuperseded` if the recorded stop no longer holds. */
export function repeatedStop(
  repeat: Repeat,
  look: Replication,
  subject: FailureSubject,
  now: number,
): StopReplicationResult {
  const { operation, checkpoint } = repeat;
  const { operationId, outcome, tables } = operation;
  const isAtRest = statusFacts(lifecycleState(look).status).phase === 'rest';
  if (!isAtRest || checkpoint === null || !isRecordedStop(checkpoint, look))
    throw supersededFailure(repeat, look, subject);
  const warnings = [...stopWarnings(checkpoint, look, now), ...(tables === null ? [] : tableWarnings(tables))];
  return { outcome: outcome as StopOutcome, operationId, checkpoint, replication: look, tables, warnings };
}

/** Throws `DmsOperationSuperseded` if only one of the two resumes reloads the target. */
export function requireSameReload(
  { operation }: Repeat,
  wanted: StartReplicationType | null,
  subject: FailureSubject,
): void {
  const { operationId, startReplicationType: sent } = operation;
  if (sent === null || (sent === 'reload-target') === (wanted === 'reload-target')) return;
  throw dmsFailure(
    'DmsOperationSuperseded',
    subject,
    `The resume "${operationId}" of ${subject.replicationConfigArn} succeeded before with start type ${sent}, and is now repeated with ${wanted ?? 'none'}`,
    `Use a new operation id, or none, for another start type: ${startCommands(wanted, subject)}.`,
  );
}

function startCommands(wanted: StartReplicationType | null, subject: FailureSubject): string {
  if (wanted === 'reload-target') return reloadCommands(subject);
  return operationCommands('resume', subject, { startReplicationType: wanted ?? undefined });
}

/** Returns the result of the earlier resume. Throws `DmsOperationSuperseded` if the replication no longer runs. */
export function repeatedResume(repeat: Repeat, look: Replication, subject: FailureSubject): ResumeReplicationResult {
  const { operation, checkpoint: resumedFrom } = repeat;
  const { operationId, outcome, startReplicationType, progress } = operation;
  // A replication that is starting was stopped after the earlier resume.
  if (lifecycleState(look).status !== 'running') throw supersededFailure(repeat, look, subject);
  return {
    outcome: outcome as ResumeOutcome,
    operationId,
    startReplicationType,
    progress: progress ?? 'not-checked',
    resumedFrom,
    replication: look,
    warnings: [],
  };
}

function supersededFailure({ operation, checkpoint }: Repeat, replication: Replication, subject: FailureSubject) {
  const { kind, operationId, finishedAt } = operation;
  const intent = kind === 'stop' ? checkpoint?.intent : undefined;
  return dmsFailure(
    'DmsOperationSuperseded',
    { ...subject, replication, checkpoint },
    `The ${kind} "${operationId}" of ${subject.replicationConfigArn} succeeded at ${finishedAt}, and that no longer holds: DMS shows "${replication.status}"`,
    `Use a new operation id to operate on it again, or none: ${operationCommands(kind, subject, { intent })}.`,
  );
}
