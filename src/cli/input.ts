import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { messageOf } from '../program.js';
import { CliError } from './exit-codes.js';
import type { Session } from './session.js';

/** Reads JSON from a file, or from stdin for `-`. */
export async function readJsonFile(session: Session, file: string): Promise<unknown> {
  const written = await readText(session, file);
  try {
    return JSON.parse(written.replace(/^\uFEFF/, '')) as unknown;
  } catch (err) {
    const where = file === '-' ? 'The input' : `The file ${file}`;
    throw new CliError(`${where} is no JSON: ${messageOf(err)}`, 'Check it, for example with: jq . <file>');
  }
}

/** Reads a text from a file, or from stdin for `-`. */
export async function readText({ terminal }: Session, file: string): Promise<string> {
  if (file === '-') return text(terminal.stdin);
  try {
    return await readFile(file, 'utf8');
  } catch (err) {
    throw new CliError(`The file ${file} can't be read: ${messageOf(err)}`, 'Check its name, or give - for stdin.');
  }
}
