/** Status of one replication, as `temporal-dms status` shows it. */
import type { ClientProgress, OpenOperation, ReplicationClient, ReplicationSummary } from '../client/index.js';
import { dmsCommand, shellWord, taskQueueOption, workerCommand } from '../contract/commands.js';
import type { Guard, Ledger, OperationRecord, Reservation, Seal } from '../contract/ledger-state.js';
import type { CheckpointRecord } from '../contract/records.js';
import { commandLines, fields, shortName, timeText } from './text.js';

export interface ReplicationStatus extends ReplicationSummary {
  /** Operation under way. `null`: none. */
  readonly operation:
    | (Pick<
        OpenOperation,
        'kind' | 'operationId' | 'workflowId' | 'hostWorkflowId' | 'startedAt' | 'requestedBy' | 'reason'
      > & { readonly progress: ClientProgress })
    | null;
  /** Newest entries of the ledger. `null`: no worker answered, and `problem` says why. */
  readonly ledger: {
    readonly sealed: Seal | null;
    readonly reservation: Reservation | null;
    readonly guard: Guard | null;
    readonly newestCheckpoint: CheckpointRecord | null;
    readonly newestOperation: OperationRecord | null;
  } | null;
  readonly problem: string | null;
  /** Commands that go on from here. */
  readonly next: readonly string[];
}

/** Reads the status. Throws `DmsLedgerNotFound` if nothing is known of the replication. */
export async function readStatus(
  replications: ReplicationClient,
  arn: string,
  taskQueue: string,
): Promise<ReplicationStatus> {
  const [summary, operation, { ledger, problem, silentTaskQueue }] = await Promise.all([
    replications.summary(arn),
    readOperation(replications, arn),
    readLedger(replications, arn),
  ]);
  if (summary === null && operation === null) {
    const { ledgerNotFound } = await import('../contract/failure-messages.js');
    throw ledgerNotFound(arn);
  }
  const { summaryOfLedger, unrecorded } = await import('../client/listing.js');
  // A ledger that a person terminated still answers, and its answer does not say so.
  const isNewer = ledger !== null && summary?.state !== 'lost';
  const known = (isNewer ? summaryOfLedger(ledger) : summary) ?? unrecorded(arn);
  const status = { ...known, operation, ledger: ledger === null ? null : newestOf(ledger), problem };
  return { ...status, next: nextSteps(status, taskQueue, silentTaskQueue) };
}

async function readOperation(replications: ReplicationClient, arn: string): Promise<ReplicationStatus['operation']> {
  const open = await replications.openOperation(arn);
  if (open === null) return null;
  const { kind, operationId, workflowId, hostWorkflowId, startedAt, requestedBy, reason } = open;
  const progress = await open.progress();
  return { kind, operationId, workflowId, hostWorkflowId, startedAt, requestedBy, reason, progress };
}

interface LedgerAnswer {
  readonly ledger: Ledger | null;
  readonly problem: string | null;
  /** Task queue of a ledger that gave no answer. */
  readonly silentTaskQueue: string | null;
}

async function readLedger(replications: ReplicationClient, arn: string): Promise<LedgerAnswer> {
  const { isDmsFailure } = await import('../contract/failures.js');
  try {
    return { ledger: await replications.ledger(arn), problem: null, silentTaskQueue: null };
  } catch (err) {
    // The summary says more than a missing ledger does.
    if (isDmsFailure(err, 'DmsLedgerNotFound')) return { ledger: null, problem: null, silentTaskQueue: null };
    if (isDmsFailure(err))
      return { ledger: null, problem: err.message, silentTaskQueue: err.details[0].taskQueue ?? null };
    throw err;
  }
}

function newestOf({ sealed, reservation, guard, checkpoints, operations }: Ledger) {
  return {
    sealed,
    reservation,
    guard,
    newestCheckpoint: checkpoints[0] ?? null,
    newestOperation: operations[0] ?? null,
  };
}

/** Returns the commands that go on from a status, the likeliest first. `taskQueue`: where new operations begin. */
export function nextSteps(
  status: Omit<ReplicationStatus, 'next'>,
  taskQueue: string,
  silentTaskQueue: string | null = null,
): readonly string[] {
  const { replicationConfigArn: arn, state, operation, sealed, reservedBy, ledger } = status;
  const command = (name: string, rest = '') => dmsCommand(name, arn, rest);
  if (operation !== null) {
    const silent = operation.progress.noWorker?.taskQueue ?? silentTaskQueue;
    return [
      ...(silent === null ? [] : [workerCommand(silent)]),
      command('status', '--watch'),
      command('nudge'),
      command('cancel'),
    ];
  }
  if (silentTaskQueue !== null) {
    const move = command('move-ledger', `--task-queue ${shellWord(taskQueue)}`);
    return [workerCommand(silentTaskQueue), command('status'), ...(silentTaskQueue === taskQueue ? [] : [move])];
  }
  if (state === 'unreadable') return ['export TEMPORAL_DMS_CODEC_MODULE=<module of your data converter>'];
  if (state === 'lost')
    return [`temporal workflow reset --workflow-id dms-ledger:${arn} --type LastWorkflowTask --reason terminated`];
  // The owner may be a cutover under way. Only a person can tell whether it is gone.
  if (reservedBy !== null) {
    // The owner may be the name of a person or a team.
    const workflowId = ledger?.reservation?.workflowId ?? null;
    const describe = workflowId === null ? [] : [`temporal workflow describe --workflow-id ${shellWord(workflowId)}`];
    return [...describe, command('break-reservation')];
  }
  if (sealed) return [command('unseal')];
  const option = taskQueueOption(taskQueue);
  if (state === 'stopped') return [command('resume', option)];
  if (state === 'failed') return [command('history'), command('resume', option)];
  return [state === 'running' ? command('stop', option) : command('history')];
}

/** Returns the status as text. `pasteable`: completes commands, before the lines are broken. */
export function statusText(status: ReplicationStatus, pasteable: (text: string) => string, now = Date.now()): string {
  const { replicationConfigArn: arn, identifier, state, operation, ledger } = status;
  const { resumeBy, recoveryCheckpoint, problem, next } = status;
  const time = (at: string | null | undefined) => (at == null ? null : timeText(at, now));
  const progress = operation?.progress;
  const rows: (readonly [string, string | null])[] = [
    ['arn', arn],
    ['identifier', identifier === shortName(arn) ? null : identifier],
    ['operation', operation === null ? null : operationText(operation)],
    ['phase', progress === undefined ? null : phaseText(progress)],
    ['since', time(progress?.since)],
    ['until', time(progress?.until)],
    ['waits', progress === undefined ? null : pasteable(progress.detail)],
    ['resume by', time(resumeBy)],
    ['sealed', sealText(status)],
    ['reserved', reservationText(status)],
    ['last', lastText(ledger?.newestOperation ?? null)],
    ['stopped at', ledger?.newestCheckpoint?.stoppedAt ?? null],
    ['checkpoint', recoveryCheckpoint],
    ['ledger', problem === null ? null : pasteable(problem)],
  ];
  return [`${shortName(arn)} is ${state}`, '', fields(rows), '', commandLines('What to do next:', next)].join('\n');
}

function operationText({
  kind,
  operationId,
  requestedBy,
  reason,
  hostWorkflowId,
}: NonNullable<ReplicationStatus['operation']>) {
  const by = requestedBy === null ? '' : ` by ${requestedBy}`;
  const why = reason === null ? '' : `: ${reason}`;
  const host = hostWorkflowId === null ? '' : `, a step of ${hostWorkflowId}`;
  return `${kind} "${operationId ?? 'id not known yet'}"${by}${why}${host}`;
}

function phaseText({ phase, lastStatus }: ClientProgress): string {
  return lastStatus === null ? phase : `${phase}; DMS shows "${lastStatus}"`;
}

function sealText({ sealed, ledger }: ReplicationStatus): string | null {
  if (!sealed) return null;
  const { by = null, at = null, reason = null } = ledger?.sealed ?? {};
  return at === null ? 'yes' : `by ${by ?? 'someone unnamed'} at ${at}${reason === null ? '' : `: ${reason}`}`;
}

function reservationText({ reservedBy, ledger }: ReplicationStatus): string | null {
  if (reservedBy === null) return null;
  const { at = null, reason = null } = ledger?.reservation ?? {};
  return `by ${reservedBy}${at === null ? '' : ` since ${at}`}${reason === null ? '' : `: ${reason}`}`;
}

/** Says how the newest operation ended. */
function lastText(operation: OperationRecord | null): string | null {
  if (operation === null || operation.finishedAt === null) return null;
  const { kind, operationId, outcome, failureType, failureMessage, finishedAt } = operation;
  const how = outcome ?? `${failureType ?? 'failed'}${failureMessage === null ? '' : `: ${failureMessage}`}`;
  return `${kind} "${operationId}" at ${finishedAt}: ${how}`;
}
