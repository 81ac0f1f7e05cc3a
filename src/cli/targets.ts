import type { ReplicationClient } from '../client/index.js';
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

/** Finds the replication that a text names: its ARN, the last part of it, or a unique beginning of that part. */
export async function findTarget(session: Session, text: string): Promise<Target> {
  if (text.startsWith('arn:')) {
    const { readArn } = await import('../contract/failure-messages.js');
    const arn = readArn({ replicationConfigArn: text });
    return { replications: await session.replications(), arn };
  }
  const replications = await session.replications();
  const known: string[] = [];
  for await (const { replicationConfigArn } of replications.list()) known.push(replicationConfigArn);
  return { replications, arn: chooseArn(known, text) };
}

/** Chooses the ARN whose last part is the text, or else the only one whose last part begins with it. */
export function chooseArn(known: readonly string[], text: string): string {
  const named = known.filter((arn) => shortName(arn) === text);
  const found = named.length > 0 ? named : known.filter((arn) => shortName(arn).startsWith(text));
  const [arn] = found;
  if (arn === undefined || text === '')
    throw new CliError(
      `No replication that this namespace knows begins with "${text}"`,
      'Give the whole ARN, or see what is known: temporal dms list',
      exitCodes.notFound,
    );
  if (found.length === 1) return arn;
  const shown = found.slice(0, MAX_NAMED).join('\n  ');
  const more = found.length > MAX_NAMED ? `\n  and ${found.length - MAX_NAMED} more` : '';
  throw new CliError(`"${text}" names ${found.length} replications`, `Give one of these ARNs:\n  ${shown}${more}`);
}
