/** Commands for people who have only the Temporal CLI, run by the Temporal CLI itself. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { inject } from 'vitest';
import { findServer } from '../../scripts/temporal-server.js';
import { commandsIn } from './hint-commands.js';

/**
 * Runs the first command in a text that contains the words, in a shell. Puts a name and a reason into it, as a reader
 * would. Returns what it prints.
 */
export async function runPlain(text: string, words: string, { by, reason }: { by: string; reason: string }) {
  const command = commandsIn(text).find((each) => each.startsWith('temporal workflow ') && each.includes(words));
  if (command === undefined) throw new Error(`No command of the Temporal CLI has "${words}": ${text}`);
  const executable = await findServer('dev');
  if (executable.type !== 'existing-path') throw new Error('The Temporal CLI is not there');
  const env = { ...process.env, TEMPORAL: executable.path, TEMPORAL_ADDRESS: inject('temporalAddress') };
  const line = command
    .replace(/^temporal /, '"$TEMPORAL" ')
    .replace('<name>', by)
    .replace('<why>', reason);
  return (await promisify(execFile)('sh', ['-c', line], { env })).stdout;
}
