/**
 * Commands ready to paste, for hints. An ARN needs no quotes in a shell, nor does an id that contains one. The program
 * asks for the reason of a decision.
 */
import { ledgerWorkflowId } from './names.js';

/** Returns a command of `temporal-dms`, as the Temporal CLI runs it. `rest`: what follows the ARN. */
export function dmsCommand(command: string, replicationConfigArn: string, rest = ''): string {
  return `temporal dms ${command} ${replicationConfigArn}${rest === '' ? '' : ` ${rest}`}`;
}

/** Returns the commands that send a person's decision to a ledger: with `temporal-dms`, and with the Temporal CLI alone. */
export function decisionCommands(command: string, replicationConfigArn: string, update: string): string {
  const input = `'{"by":"<name>","reason":"<why>"}'`;
  return `${dmsCommand(command, replicationConfigArn)} (or: temporal workflow update execute --workflow-id ${ledgerWorkflowId(replicationConfigArn)} --name ${update} --input ${input})`;
}

/** Returns the command that starts a worker. The Temporal CLI would kill it at the end, without a drain. */
export function workerCommand(taskQueue: string): string {
  return `temporal-dms worker --task-queue ${shellWord(taskQueue)}`;
}

/** Returns a text as one word of a POSIX shell: in single quotes, unless it is a plain word. */
export function shellWord(text: string): string {
  return /^[\w@%+:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
