import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { messageOf } from '../program.js';
import { CliError } from './exit-codes.js';
import type { Session } from './session.js';

/** Reads a JSON object from a file, or from stdin for `-`. */
export async function readJsonFile(session: Session, file: string): Promise<object> {
  const written = await readText(session, file);
  const where = file === '-' ? 'The input' : `The file ${file}`;
  const hint = 'Check it, for example with: jq . <file>';
  let value: unknown;
  try {
    value = JSON.parse(written.replace(/^\uFEFF/, ''));
  } catch (err) {
    throw new CliError(`${where} is no JSON: ${messageOf(err)}`, hint);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new CliError(`${where} is no JSON object`, 'It must begin with { and end with }.');
  return value;
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
