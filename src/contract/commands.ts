/**
 * Commands ready to paste, for hints. An ARN needs no quotes in a shell, nor does an id that contains one. The program
 * asks for the reason of a decision.
 *
 * Each function named `…Commands` returns two forms of a command: for `temporal-dms`, and for the Temporal CLI alone. A
 * cutover that is a step of a host has only the second form.
 */
import type { Replication } from '../dms/replication.js';
import type { FailureSubject } from './failures.js';
import type { OperationKind, StartReplicationType, StopIntent } from './inputs.js';
import { cutoverWorkflowId, DMS_TASK_QUEUE, ledgerWorkflowId, messageNames, workflowTypes } from './names.js';

/** Returns a command of `temporal-dms`, as the Temporal CLI runs it. `rest`: what follows the ARN. */
export function dmsCommand(command: string, replicationConfigArn: string, rest = ''): string {
  return `temporal dms ${command} ${replicationConfigArn}${rest === '' ? '' : ` ${rest}`}`;
}

/** Returns a command of `temporal-dms`, and the same command for people who have only the Temporal CLI. */
export function bothForms(own: string, plain: string): string {
  return `${own} (or: ${plain})`;
}

/** Returns a command of the Temporal CLI that sends a person's decision. Only the name and the reason are left open. */
export function updateCommand(workflowId: string, update: string, more: object = {}): string {
  const input = JSON.stringify({ by: '<name>', reason: '<why>', ...more });
  return `temporal workflow update execute --workflow-id ${shellWord(workflowId)} --name ${update} --input ${shellWord(input)}`;
}

/** Returns a command of the Temporal CLI that asks a workflow. */
export function queryCommand(workflowId: string, query: string): string {
  return `temporal workflow query --workflow-id ${shellWord(workflowId)} --name ${query}`;
}

/** Returns the commands that send a person's decision to a ledger. */
export function decisionCommands(command: string, replicationConfigArn: string, update: string): string {
  return bothForms(
    dmsCommand(command, replicationConfigArn),
    updateCommand(ledgerWorkflowId(replicationConfigArn), update),
  );
}

/** Returns the commands that end the reservations of replications, one after another. */
export function breakReservationCommands(replicationConfigArns: readonly string[]): string {
  return bothForms(
    replicationConfigArns.map((arn) => dmsCommand('break-reservation', arn)).join('; '),
    replicationConfigArns.map((arn) => updateCommand(ledgerWorkflowId(arn), messageNames.breakReservation)).join('; '),
  );
}

/** Returns the commands that move a ledger to a task queue. */
export function moveLedgerCommands(replicationConfigArn: string, taskQueue: string): string {
  return bothForms(
    dmsCommand('move-ledger', replicationConfigArn, `--task-queue ${shellWord(taskQueue)}`),
    updateCommand(ledgerWorkflowId(replicationConfigArn), messageNames.move, { taskQueue }),
  );
}

/** Returns the commands that show what is recorded of a replication. `command`: `status`, `history` or `checkpoint`. */
export function recordCommands(command: 'status' | 'history' | 'checkpoint', replicationConfigArn: string): string {
  const query = command === 'history' ? messageNames.history : messageNames.ledger;
  return bothForms(
    dmsCommand(command, replicationConfigArn),
    queryCommand(ledgerWorkflowId(replicationConfigArn), query),
  );
}

/** Returns the commands that look for the reason why a ledger gives no answer. */
export function ledgerCheckCommands(replicationConfigArn: string): string {
  return bothForms(
    dmsCommand('doctor', replicationConfigArn),
    `temporal workflow describe --workflow-id ${ledgerWorkflowId(replicationConfigArn)}`,
  );
}

/** Returns the commands that show an operation that is under way. */
export function progressCommands(replicationConfigArn: string, workflowId: string): string {
  return bothForms(dmsCommand('status', replicationConfigArn), queryCommand(workflowId, messageNames.progress));
}

/** Returns the commands that cancel an operation that is under way. */
export function cancelCommands(replicationConfigArn: string, workflowId: string): string {
  return bothForms(
    dmsCommand('cancel', replicationConfigArn),
    `temporal workflow cancel --workflow-id ${shellWord(workflowId)}`,
  );
}

/** Returns the commands that list the replications of a namespace. */
export function listCommands(): string {
  return bothForms(
    'temporal dms list',
    `temporal workflow list --query ${shellWord(`WorkflowType = "${workflowTypes.ledger}"`)}`,
  );
}

/** Returns the commands that show what a cutover waits for. The program finds only cutovers that have their own workflow. */
export function cutoverStatusCommands(cutoverId: string, workflowId: string): string {
  const plain = queryCommand(workflowId, messageNames.cutover);
  const isOwn = workflowId === cutoverWorkflowId(cutoverId);
  return isOwn ? bothForms(`temporal dms cutover status ${shellWord(cutoverId)}`, plain) : plain;
}

/** Options of an operation that a hint names. */
interface HintedOptions {
  readonly intent?: StopIntent | undefined;
  readonly force?: true | undefined;
  readonly startReplicationType?: StartReplicationType | undefined;
}

/** Facts about the operation that a hint starts. */
export type HintedOperation = Pick<FailureSubject, 'replicationConfigArn' | 'operationTaskQueue'>;

/**
 * Returns the commands that start a stop or a resume, with an operation id of its own.
 *
 * The plain form leaves the workflow id to the Temporal CLI. Under `dms:<arn>`, the CLI would attach to an operation
 * that is under way.
 */
export function operationCommands(
  kind: OperationKind,
  { replicationConfigArn, operationTaskQueue: taskQueue = DMS_TASK_QUEUE }: HintedOperation,
  options: HintedOptions = {},
): string {
  const { intent, force, startReplicationType: type } = options;
  const flags = [
    intent === 'final' ? '--final' : '',
    force === true ? '--force' : '',
    type === undefined ? '' : `--type ${type}`,
    taskQueueOption(taskQueue),
  ].filter(Boolean);
  const input = JSON.stringify({ replicationConfigArn, ...options, intent: intent === 'final' ? intent : undefined });
  return bothForms(
    dmsCommand(kind, replicationConfigArn, flags.join(' ')),
    `temporal workflow start --type ${workflowTypes[kind]} --task-queue ${shellWord(taskQueue)} --input ${shellWord(input)}`,
  );
}

/**
 * Returns the commands that load everything anew. A reload discards the target, so a person types the identifier: the
 * program asks for it, and the plain form leaves it open.
 */
export function reloadCommands({
  replicationConfigArn,
  operationTaskQueue: taskQueue = DMS_TASK_QUEUE,
}: HintedOperation): string {
  const flags = ['--type reload-target', taskQueueOption(taskQueue)].filter(Boolean);
  const input = { replicationConfigArn, startReplicationType: 'reload-target', confirmReload: '<identifier>' };
  return bothForms(
    dmsCommand('resume', replicationConfigArn, flags.join(' ')),
    `temporal workflow start --type ${workflowTypes.resume} --task-queue ${shellWord(taskQueue)} --input ${shellWord(JSON.stringify(input))}`,
  );
}

/** Returns the identifier of a replication config, which a reload repeats. Default: the last part of its ARN. */
export function configIdentifier(replicationConfigArn: string, look: Replication | undefined): string {
  return look?.replicationConfigIdentifier ?? replicationConfigArn.split(':').at(-1) ?? '';
}

/** Returns the option that names a task queue. Empty for the default one. */
export function taskQueueOption(taskQueue: string): string {
  return taskQueue === DMS_TASK_QUEUE ? '' : `--task-queue ${shellWord(taskQueue)}`;
}

/**
 * Returns the static details of a workflow. They need no worker.
 *
 * `own`: the command of `temporal-dms` that shows its state.
 */
export function staticDetailsFor(own: string, taskQueue: string): string {
  const plain = `temporal task-queue describe --task-queue ${shellWord(taskQueue)}`;
  return `This workflow shows current details once a worker has completed a task of it. See what it waits for: ${bothForms(own, plain)}`;
}

/** Returns the command that starts a worker. The Temporal CLI would kill it at the end, without a drain. */
export function workerCommand(taskQueue: string): string {
  return `temporal-dms worker --task-queue ${shellWord(taskQueue)}`;
}

/** Returns a text as one word of a POSIX shell: in single quotes, unless it is a plain word. */
export function shellWord(text: string): string {
  return /^[\w@%+:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
