/** Questions to a person. Every question has an option, so that a script never waits for an answer. */
import { userInfo } from 'node:os';
import { createInterface } from 'node:readline/promises';
import { messageOf } from '../program.js';
import { CliError } from './exit-codes.js';
import type { Session } from './session.js';

/** Options of everything that people decide. */
export interface DecisionOptions {
  readonly by?: string;
  readonly reason?: string;
}

/** Returns who decides, and why. Asks for the reason on a terminal. */
export async function readDecision(
  session: Session,
  { by, reason }: DecisionOptions,
): Promise<{ readonly by: string; readonly reason: string }> {
  return { by: by ?? userName(session), reason: reason ?? (await ask(session, 'Reason', '--reason')) };
}

/** Returns the name of the user. In a container, the user may have none. */
function userName({ terminal }: Session): string {
  try {
    return userInfo().username;
  } catch (err) {
    const name = terminal.env['USER'] || terminal.env['USERNAME'];
    if (name) return name;
    throw new CliError(`--by is missing: ${messageOf(err)}`, 'Add your name to the command: --by <name>');
  }
}

/** Asks a question on a terminal. Throws an error that names the option if there is no terminal, or no answer. */
export async function ask({ terminal, output }: Session, question: string, option: string): Promise<string> {
  const { stdin, stderr } = terminal;
  const missing = new CliError(`${option} is missing`, `Add it to the command: ${option} '<text>'`);
  if (stdin.isTTY !== true || stderr.isTTY !== true || !output.isText) throw missing;
  const reader = createInterface({ input: stdin, output: stderr });
  try {
    const answer = (await reader.question(`${question}: `)).trim();
    if (answer === '') throw missing;
    return answer;
  } finally {
    reader.close();
  }
}
