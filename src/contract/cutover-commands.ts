/** Commands that send a person's request to a cutover, in both forms. */
import { shellWord, updateCommand } from './commands.js';
import type { CutoverRequestName } from './cutover.js';
import { cutoverWorkflowId, messageNames } from './names.js';

/** Command of `temporal-dms`, and the same command for the Temporal CLI alone. */
export interface CommandForms {
  /** Command of the program. `null`: it finds only cutovers that have their own workflow. */
  readonly own: string | null;
  readonly plain: string;
}

/** Question of a decision: which side the application uses, whether it stays on the target, or how the way back goes on. */
export type CutoverQuestion = 'traffic' | 'verdict' | 'undo';

const answers: Readonly<Record<CutoverQuestion, readonly object[]>> = {
  traffic: [{ traffic: 'source' }, { traffic: 'target' }],
  verdict: [{ traffic: 'target' }],
  undo: [{ undo: 'retry' }, { undo: 'done' }],
};

const subcommands: Readonly<Record<CutoverRequestName, string>> = {
  approve: 'approve',
  revokeApproval: 'revoke',
  abort: 'abort',
  change: 'change',
  switchBack: 'switch-back',
  decide: 'decide',
};

/** Returns the commands that send a request to a cutover: one for each answer. The program asks for name and reason. */
export function cutoverCommands(
  name: CutoverRequestName,
  cutoverId: string,
  question: CutoverQuestion,
  workflowId = cutoverWorkflowId(cutoverId),
): readonly CommandForms[] {
  const isOwn = workflowId === cutoverWorkflowId(cutoverId);
  return inputsOf(name, cutoverId, question).map((input) => ({
    own: isOwn
      ? ['temporal dms cutover', subcommands[name], shellWord(cutoverId), ...flagsOf(name, input)].join(' ')
      : null,
    plain: updateCommand(workflowId, messageNames[name], input),
  }));
}

/** Returns the inputs of a request, beside name and reason. */
function inputsOf(name: CutoverRequestName, cutoverId: string, question: CutoverQuestion): readonly object[] {
  switch (name) {
    case 'approve':
      return [{ confirm: cutoverId }];
    case 'change':
      return [{ writesStoppedSeconds: 600 }];
    case 'decide':
      return answers[question];
    default:
      return [{}];
  }
}

function flagsOf(name: CutoverRequestName, input: object): readonly string[] {
  if (name === 'change') return [`--set ${shellWord(JSON.stringify(input))}`];
  return Object.entries(input).map(([field, value]) => `--${field} ${shellWord(String(value))}`);
}
