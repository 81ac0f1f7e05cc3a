/** Options and texts that a stop and a resume share. */
import type { Command } from 'commander';
import type { OperationHandle } from '../../client/index.js';
import { dmsCommand } from '../../contract/commands.js';
import type { OperationKind } from '../../contract/inputs.js';
import type { Warning } from '../../contract/results.js';
import { exitCodes } from '../exit-codes.js';
import type { Session } from '../session.js';
import { shortName } from '../text.js';

export interface OperationOptions {
  readonly operationId?: string;
  readonly owner?: string;
  readonly wait: boolean;
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
    .option('--no-wait', 'start it, and do not wait for its end');
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
