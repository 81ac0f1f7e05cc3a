/** Commands ready to paste, for hints. An ARN and a workflow id need no quotes in a shell. */

/** Returns a command of `temporal-dms`, as the Temporal CLI runs it. `rest`: what follows the ARN. */
export function dmsCommand(command: string, replicationConfigArn: string, rest = ''): string {
  return `temporal dms ${command} ${replicationConfigArn}${rest === '' ? '' : ` ${rest}`}`;
}

/** Returns the command of the Temporal CLI that sends a person's decision to a workflow as an update. */
export function updateCommand(workflowId: string, update: string): string {
  return `temporal workflow update execute --workflow-id ${workflowId} --name ${update} --input '{"by":"<name>","reason":"<why>"}'`;
}

/** Options of every decision of a person. */
export const decisionOptions = '--by <name> --reason <why>';
