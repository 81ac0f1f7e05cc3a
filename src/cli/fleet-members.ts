/** Replications of a fleet: by name, from a file, or by their AWS tags. */
import type { ReplicationSummary } from '../client/index.js';
import { listText } from './commands/list.js';
import { CliError, exitCodes } from './exit-codes.js';
import { readText } from './input.js';
import type { Session } from './session.js';
import type { WantedTag } from './tags.js';
import { findArns } from './targets.js';

/** Maximum number of replications that are shown before a start. */
const MAX_SHOWN = 100;

/** Returns the replications that are named: as arguments, in a file, or on stdin. */
export async function namedArns(
  session: Session,
  given: readonly string[],
  file: string | undefined,
): Promise<readonly string[]> {
  const listed = file === undefined ? [] : readNames(await readText(session, file));
  const names = [...given, ...listed];
  if (names.length > 0) return findArns(session, names);
  throw new CliError(
    'No replications are named',
    'Give their names or ARNs, or --file with one in each line, or --file - for stdin, or --tag.',
  );
}

/** Returns the replications that have every one of the tags. Throws if there are none. */
export async function taggedArns({ output }: Session, tags: readonly WantedTag[]): Promise<readonly string[]> {
  const { findTagged } = await import('./tags.js');
  const { arns, region } = await findTagged(tags);
  const wanted = tags.map(({ key, value }) => (value === null ? key : `${key}=${value}`)).join(', ');
  if (arns.length === 0)
    throw new CliError(
      `No replication in ${region} has the tags: ${wanted}`,
      'Check them, AWS_REGION and AWS_PROFILE. See the tags of one: aws dms list-tags-for-resource --resource-arn <arn>',
      exitCodes.notFound,
    );
  output.say(`${arns.length} in ${region} with the tags: ${wanted}`);
  return arns;
}

/** Lists replications before a fleet of them is started. */
export function foundText(arns: readonly string[]): string {
  const more = arns.length > MAX_SHOWN ? [`and ${arns.length - MAX_SHOWN} more: see them with --dry-run`] : [];
  return [...arns.slice(0, MAX_SHOWN), ...more].map((line) => `  ${line}`).join('\n');
}

/** Reads one replication from each line. Empty lines, and what follows a `#`, do not count. */
export function readNames(text: string): readonly string[] {
  return text.split('\n').flatMap((line) => line.replace(/#.*$/, '').trim() || []);
}

/** Lists replications, as `list` does, also those that have no ledger. */
export async function listMembers(session: Session, arns: readonly string[]): Promise<number> {
  const { unrecorded } = await import('../client/listing.js');
  const known = new Map<string, ReplicationSummary>();
  for await (const each of (await session.replications()).list()) known.set(each.replicationConfigArn, each);
  const found = arns.map((arn) => known.get(arn) ?? unrecorded(arn));
  const { place } = await session.connect();
  session.output.list(found, () => listText(found, place));
  return exitCodes.success;
}
