import type { ReplicationClient, ReplicationSummary } from '../client/index.js';
import { messageOf } from '../program.js';
import { CliError, exitCodes } from './exit-codes.js';
import type { Session } from './session.js';
import { shortName } from './text.js';

/** Maximum number of replications that a message names. */
const MAX_NAMED = 5;

/** Client, and the replication that a command is about. */
export interface Target {
  readonly replications: ReplicationClient;
  readonly arn: string;
}

/**
 * Finds the replication that a text names: its ARN, its identifier, the last part of the ARN, or a unique beginning of
 * one of the two.
 */
export async function findTarget(session: Session, text: string): Promise<Target> {
  const arn = await findArn(session, text);
  return { replications: await session.replications(), arn };
}

/** Finds the ARN of one replication, as {@link findTarget} does. An ARN needs no server. */
export async function findArn(session: Session, text: string): Promise<string> {
  return isArn(text) ? readArn(text) : chooseArn(await readKnown(session), text);
}

/**
 * Finds the ARNs of many replications, with one listing at most. Throws an error that names all texts that are not known,
 * not unique or not valid.
 */
export async function findArns(session: Session, texts: readonly string[]): Promise<readonly string[]> {
  const known = texts.every(isArn) ? [] : await readKnown(session);
  const arns = new Map<string, string>();
  const problems = new Map<string, string>();
  let exitCode: number = exitCodes.notFound;
  for (const text of new Set(texts)) {
    try {
      arns.set(text, isArn(text) ? await readArn(text) : chooseArn(known, text, 'whole'));
    } catch (err) {
      problems.set(text, messageOf(err));
      if (!(err instanceof CliError && err.exitCode === exitCodes.notFound)) exitCode = exitCodes.usage;
    }
  }
  if (problems.size === 0) return texts.map((text) => arns.get(text) ?? text);
  const lines = [...problems.values()].map((problem) => `\n  ${problem}`);
  throw new CliError(
    `Some of these replications can't be used, so nothing was changed:${lines.join('')}`,
    'Give whole ARNs, or see what is known: temporal dms list',
    exitCode,
  );
}

function isArn(text: string): boolean {
  return text.startsWith('arn:');
}

async function readArn(text: string): Promise<string> {
  const messages = await import('../contract/failure-messages.js');
  return messages.readArn({ replicationConfigArn: text });
}

/** Replication that the namespace knows. */
export type Known = Pick<ReplicationSummary, 'replicationConfigArn' | 'identifier'>;

async function readKnown(session: Session): Promise<readonly Known[]> {
  const known: Known[] = [];
  for await (const each of (await session.replications()).list()) known.push(each);
  return known;
}

/**
 * Chooses the replication that has the text as a name, or else the only one with a name that begins with it. `whole`: only
 * a whole name counts.
 */
export function chooseArn(known: readonly Known[], text: string, names: 'whole' | 'begun' = 'begun'): string {
  const arnsWith = (fits: (name: string) => boolean) =>
    known.filter((each) => namesOf(each).some(fits)).map(({ replicationConfigArn }) => replicationConfigArn);
  const named = arnsWith((name) => name === text);
  const found = named.length > 0 || names === 'whole' ? named : arnsWith((name) => name.startsWith(text));
  const [arn] = found;
  if (arn === undefined || text === '')
    throw new CliError(
      `No replication that this namespace knows ${names === 'whole' ? 'has the name' : 'begins with'} "${text}"`,
      'Give the whole ARN, or see what is known: temporal dms list',
      exitCodes.notFound,
    );
  if (found.length === 1) return arn;
  const shown = found.slice(0, MAX_NAMED).join('\n  ');
  const more = found.length > MAX_NAMED ? `\n  and ${found.length - MAX_NAMED} more` : '';
  throw new CliError(`"${text}" names ${found.length} replications`, `Give one of these ARNs:\n  ${shown}${more}`);
}

function namesOf({ replicationConfigArn, identifier }: Known): readonly string[] {
  return [shortName(replicationConfigArn), ...(identifier === null ? [] : [identifier])];
}
