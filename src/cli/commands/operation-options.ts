/** Options and texts that a stop and a resume share. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { OpenOperation, OperationHandle, ReplicationClient } from '../../client/index.js';
import { dmsCommand } from '../../contract/commands.js';
import type { OperationKind } from '../../contract/inputs.js';
import type { OperationPlan } from '../../contract/operation-plan.js';
import type { Warning } from '../../contract/results.js';
import { exitCodes } from '../exit-codes.js';
import type { Session } from '../session.js';
import { untilInterrupted } from '../terminal.js';
import { fields, shortName } from '../text.js';

export interface OperationOptions {
  readonly operationId?: string;
  readonly owner?: string;
  readonly wait: boolean;
  readonly dryRun?: boolean;
}

/** Adds the options of a decision: who, and why. */
export function addDecisionOptions(command: Command): Command {
  return command
    .option('--reason <why>', 'reason, for the record; asked for on a terminal')
    .option('--by <name>', 'who asks for it, for the record; default your user name');
}

export function addOperationOptions(command: Command): Command {
  return addDecisionOptions(command)
    .option('--operation-id <id>', 'idempotency key of the operation')
    .option('--owner <owner>', 'owner of the reservation under which it works')
    .option('--dry-run', 'say what would be done or refused, and change nothing')
    .option('--no-wait', 'start it, and do not wait for its end');
}

/** Time after which a start says what it waits for. */
const SAY_AFTER_MS = 2000;
/** Longest time for which Ctrl-C waits for a look at what is under way. */
const LAST_LOOK_MS = 3000;

interface Turn<Handle> {
  readonly kind: OperationKind;
  readonly arn: string;
  /** True if the start cancels an operation of the other kind. */
  readonly preempts: boolean;
  readonly start: () => Promise<Handle>;
}

/**
 * Starts an operation that may have to wait until the operation under way has ended. Says so. Returns `interrupted` after
 * Ctrl-C, and says then what is known: the request of the start may have been on its way.
 */
export async function startInTurn<Handle>(
  { output, terminal }: Session,
  replications: ReplicationClient,
  { kind, arn, preempts, start }: Turn<Handle>,
): Promise<Handle | 'interrupted'> {
  /** Operation that the start waits for. `null`: none was seen. */
  let waitsFor: OpenOperation | null = null;
  const started = await untilInterrupted(terminal, (signal) => {
    const say = async () => {
      await sleep(SAY_AFTER_MS, undefined, { signal, ref: false });
      const open = await replications.openOperation(arn);
      if (open === null || signal.aborted) return;
      waitsFor = open;
      output.say(`Waiting for the end of ${nameOf(open)}, then starting. See it: ${dmsCommand('status', arn)}`);
    };
    say().catch(() => {}); // The start itself reports every failure.
    return start();
  });
  if (started !== 'interrupted') return started;
  const open = await Promise.race([
    replications.openOperation(arn).catch(() => 'unknown' as const),
    sleep(LAST_LOOK_MS, 'unknown' as const, { ref: false }),
  ]);
  output.say(`${interruptedText({ kind, preempts }, waitsFor, open)} See it: ${dmsCommand('status', arn)}`);
  return started;
}

/** Says what is known of a start after Ctrl-C. `open`: operation under way after it. */
export function interruptedText(
  { kind, preempts }: Pick<Turn<unknown>, 'kind' | 'preempts'>,
  waitsFor: NamedOperation | null,
  open: NamedOperation | null | 'unknown',
): string {
  const ended = preempts ? ' The operation before it may have been cancelled.' : '';
  if (open === 'unknown') return `Temporal did not answer in time, so the ${kind} may have been started.${ended}`;
  if (open === null)
    return `No operation is under way yet. The ${kind} may still start, because Temporal may have its request.${ended}`;
  if (open.runId === waitsFor?.runId || open.kind !== kind) {
    const cancelled = preempts && open.kind !== kind ? ', and may have been cancelled' : '';
    return `The ${kind} was not started. ${nameOf(open, 'T')} is under way${cancelled}.`;
  }
  return `${nameOf(open, 'T')} is under way, and may be the one that you asked for.${ended}`;
}

type NamedOperation = Pick<OpenOperation, 'kind' | 'operationId' | 'requestedBy' | 'runId'>;

function nameOf({ kind, operationId, requestedBy }: NamedOperation, first: 't' | 'T' = 't'): string {
  const by = requestedBy === null ? '' : ` of ${requestedBy}`;
  return `${first}he ${kind} "${operationId ?? 'id not known yet'}"${by}`;
}

/** Says that an operation joined another one, whose input counts. */
export function sayJoined({ output }: Session, kind: OperationKind, arn: string): void {
  output.say(`A ${kind} of ${shortName(arn)} is under way already. Its reason and limits count, not these.`);
}

/** Shows what an operation would do. Returns the exit code that the operation would have if it were refused. */
export async function showPlan({ output }: Session, plan: OperationPlan): Promise<number> {
  output.result(plan, () => planText(plan));
  if (plan.refusal === null) return exitCodes.success;
  const { exitCodeOfFailure } = await import('../failures.js');
  return exitCodeOfFailure(plan.refusal.type);
}

function planText({
  kind,
  replicationConfigArn,
  action,
  detail,
  refusal,
  replication,
  permissions,
  warnings,
}: OperationPlan) {
  const actions = {
    call: 'can begin',
    wait: 'would wait',
    'send-nothing': 'would call nothing',
    join: 'would join',
    refuse: 'would be refused',
  };
  const { denied = [], undecided = [] } = permissions ?? {};
  const iam =
    permissions === null
      ? 'not asked: the worker needs TEMPORAL_DMS_PERMISSIONS=iam'
      : denied.length > 0
        ? `denies ${denied.join(' and ')}`
        : undecided.length > 0
          ? `gives no decision on ${undecided.join(' and ')}`
          : 'allows it';
  const rows: (readonly [string, string | null])[] = [
    ['because', refusal === null ? detail : `${refusal.type}: ${refusal.message}`],
    ['status', replication?.status ?? null],
    ['iam', iam],
    ...warningRows(warnings),
  ];
  return `The ${kind} of ${shortName(replicationConfigArn)} ${actions[action]}\n\n${fields(rows)}`;
}

/** Shows an operation that was started and is not waited for. */
export function showStarted(
  { output }: Session,
  kind: OperationKind,
  { workflowId, runId, joined }: OperationHandle<unknown>,
  arn: string,
): number {
  const what = joined
    ? `A ${kind} of ${shortName(arn)} is under way already`
    : `Started the ${kind} of ${shortName(arn)}`;
  output.result({ workflowId, runId, joined }, () => `${what}. Follow it: ${dmsCommand('status', arn, '--watch')}`);
  return exitCodes.success;
}

export function warningRows(warnings: readonly Warning[]): (readonly [string, string])[] {
  return warnings.map(({ code, message }) => ['warning', `${code}: ${message}`] as const);
}
