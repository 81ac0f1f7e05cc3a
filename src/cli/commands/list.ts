import { Option, type Command } from 'commander';
import type { ReplicationSummary } from '../../client/index.js';
import { readDuration } from '../arguments.js';
import type { Runner, Session } from '../session.js';
import type { Place } from '../connection.js';
import { distance, shortName, table } from '../text.js';

interface ListOptions {
  readonly state?: readonly string[];
  readonly expiresWithin?: number;
  readonly sealed?: boolean;
  readonly reserved?: boolean;
}

const states = ['running', 'starting', 'stopping', 'stopped', 'failed', 'deleted', 'unknown', 'lost', 'unreadable'];

export function addList(program: Command, run: Runner): void {
  program
    .command('list')
    .description('list the replications that have a ledger; needs no worker')
    .addOption(new Option('--state <state...>', 'only in these states').choices(states))
    .option('--expires-within <duration>', 'only if the resume window ends within this time, such as 6h', readDuration)
    .option('--sealed', 'only sealed replications')
    .option('--reserved', 'only reserved replications')
    .action(run(list));
}

async function list(session: Session, options: ListOptions): Promise<void> {
  const replications = await session.replications();
  const found: ReplicationSummary[] = [];
  for await (const summary of replications.list()) if (isWanted(summary, options, Date.now())) found.push(summary);
  found.sort((one, other) => (one.resumeBy ?? '~').localeCompare(other.resumeBy ?? '~'));
  const { place } = await session.connect();
  session.output.list(found, () => listText(found, place));
}

/** True if a replication is in one of the states, and fits every other option. */
export function isWanted(summary: ReplicationSummary, options: ListOptions, now: number): boolean {
  const { state, sealed, reservedBy, resumeBy } = summary;
  if (options.state !== undefined && !options.state.includes(state)) return false;
  if (options.sealed === true && !sealed) return false;
  if (options.reserved === true && reservedBy === null) return false;
  if (options.expiresWithin === undefined) return true;
  return resumeBy !== null && Date.parse(resumeBy) - now <= options.expiresWithin * 1000;
}

export function listText(found: readonly ReplicationSummary[], { address, namespace }: Place): string {
  if (found.length === 0) return `No such replications in the namespace "${namespace}" at ${address}.`;
  const names = found.map(({ replicationConfigArn, identifier }) => identifier ?? shortName(replicationConfigArn));
  const isUnique = (name: string) => names.indexOf(name) === names.lastIndexOf(name);
  const rows = found.map(({ replicationConfigArn, state, resumeBy, sealed, reservedBy }, index) => [
    isUnique(names[index] ?? '') ? (names[index] ?? '') : replicationConfigArn,
    state,
    resumeBy === null ? '' : distance(resumeBy),
    [...(sealed ? ['sealed'] : []), ...(reservedBy === null ? [] : [`reserved by ${reservedBy}`])].join(', '),
  ]);
  return table(['REPLICATION', 'STATE', 'RESUME BY', 'NOTES'], rows);
}
