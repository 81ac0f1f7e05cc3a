/** Commands in the hints of failures: finds them, and checks that they can be run. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findServer } from '../../scripts/temporal-server.js';
import * as v from 'valibot';
import { createProgram } from '../../src/cli/run.js';
import type { Terminal } from '../../src/cli/terminal.js';
import { readCutoverRequest } from '../../src/contract/cutover-request-schemas.js';
import { schemas } from '../../src/contract/ledger-schemas.js';
import { readResumeInput, readStopInput } from '../../src/contract/input-schemas.js';
import { messageNames } from '../../src/contract/names.js';
import { cutoverRequests } from '../../src/rules/cutover/requests.js';

/** Returns the commands in a text, in order, each as a shell would read it. */
export function commandsIn(text: string): readonly string[] {
  const starts = [...text.matchAll(/\btemporal(?= (?:dms|workflow) )|\btemporal-dms(?= worker)/g)];
  return starts.map(({ index }) => commandAt(text.slice(index)));
}

/** Returns the command at the start of a text. Outside quotes, punctuation ends it. */
function commandAt(text: string): string {
  const [command = ''] = /^(?:'[^']*'|[^'\s();.,:]|[.,:](?=\S)| (?!\())+/.exec(text) ?? [];
  return command.trim();
}

/** Returns the words of a command, without quotes. */
export function wordsOf(command: string): readonly string[] {
  return [...command.matchAll(/(?:'[^']*'|"[^"]*"|\\'|[^\s'"])+/g)].map(([word]) =>
    word.replace(
      /'([^']*)'|"([^"]*)"|\\'/g,
      (whole, single?: string, double?: string) => single ?? double ?? whole.slice(1),
    ),
  );
}

/** Returns the subcommand that the program would run with the words after `temporal dms`. Throws if it refuses them. */
export async function parseOwn(words: readonly string[]): Promise<string> {
  const stream = { write: () => true };
  const terminal = { stdout: stream, stderr: stream } as unknown as Terminal;
  const problems: string[] = [];
  let ran = '';
  const program = createProgram(
    terminal,
    () =>
      async (...given) => {
        ran = (given.at(-1) as { name(): string }).name();
      },
    problems,
  );
  await program.parseAsync([...words], { from: 'user' }).catch((err: unknown) => {
    throw new Error(problems.join(' ') || String(err), { cause: err });
  });
  return ran;
}

const helps = new Map<string, Promise<string>>();

/** Returns the help of a subcommand of `temporal workflow`, from the Temporal CLI itself. */
function helpOf(subcommand: readonly string[]): Promise<string> {
  const key = subcommand.join(' ');
  const read = async () => {
    const executable = await findServer('dev');
    if (executable.type !== 'existing-path') throw new Error('The Temporal CLI is not there');
    return (await promisify(execFile)(executable.path, ['workflow', ...subcommand, '--help'])).stdout;
  };
  const help = helps.get(key) ?? read();
  helps.set(key, help);
  return help;
}

/** Throws if the Temporal CLI does not know a flag of the command, or if the package does not know its message or its input. */
export async function checkPlain(words: readonly string[]): Promise<void> {
  const firstFlag = words.findIndex((word) => word.startsWith('--'));
  const subcommand = words.slice(2, firstFlag);
  const help = await helpOf(subcommand);
  if (!help.includes(`temporal workflow ${subcommand.join(' ')}`))
    throw new Error(`No such subcommand: ${subcommand.join(' ')}`);
  const flags = new Map<string, string>();
  for (let index = firstFlag; index < words.length; index += 2) {
    const [flag = '', value] = words.slice(index);
    if (value === undefined || value.startsWith('--')) throw new Error(`${flag} has no value`);
    if (!new RegExp(`^ .*${flag} `, 'm').test(help))
      throw new Error(`temporal workflow ${subcommand.join(' ')} has no ${flag}`);
    flags.set(flag, value);
  }
  const [name, type, input] = ['--name', '--type', '--input'].map((flag) => flags.get(flag));
  if (name !== undefined && !(Object.values(messageNames) as string[]).includes(name))
    throw new Error(`No message ${name}`);
  if (input === undefined) return;
  const value = JSON.parse(input) as unknown;
  const cutoverRequest = cutoverRequests.find((request) => messageNames[request] === name);
  if (type === 'dmsStopReplication') readStopInput(value);
  else if (type === 'dmsResumeReplication') readResumeInput(value);
  else if (cutoverRequest !== undefined) readCutoverRequest(cutoverRequest, value);
  else v.parse(name === messageNames.move ? schemas.move : schemas.decision, value);
}
