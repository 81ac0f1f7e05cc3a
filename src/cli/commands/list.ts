import { Option, type Command } from 'commander';
import type { ReplicationSummary } from '../../client/index.js';
import { readDuration } from '../arguments.js';
import type { Runner, Session } from '../session.js';
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
    .option('--sealed', 'only if stopped for good')
    .option('--reserved', 'only if reserved')
    .action(run(list));
}

async function list(session: Session, options: ListOptions): Promise<void> {
  const replications = await session.replications();
  const found: ReplicationSummary[] = [];
  for await (const summary of replications.list()) if (isWanted(summary, options, Date.now())) found.push(summary);
  found.sort((one, other) => (one.resumeBy ?? '~').localeCompare(other.resumeBy ?? '~'));
  session.output.list(found, () => listText(found));
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

function listText(found: readonly ReplicationSummary[]): string {
  if (found.length === 0) return 'No replications.';
  const rows = found.map(({ replicationConfigArn, state, resumeBy, sealed, reservedBy }) => [
    shortName(replicationConfigArn),
    state,
    resumeBy === null ? '' : distance(resumeBy),
    [...(sealed ? ['sealed'] : []), ...(reservedBy === null ? [] : [`reserved by ${reservedBy}`])].join(', '),
  ]);
  return table(['REPLICATION', 'STATE', 'RESUME BY', 'NOTES'], rows);
}
