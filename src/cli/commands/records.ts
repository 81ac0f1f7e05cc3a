/** Commands that read what is recorded: history, ledger and checkpoint. */
import { Option, type Command } from 'commander';
import type { HistoryEntry, HistoryQuery } from '../../client/index.js';
import { readCount, readTime } from '../arguments.js';
import { CliError, exitCodes } from '../exit-codes.js';
import type { Runner, Session } from '../session.js';
import { findTarget } from '../targets.js';
import { table } from '../text.js';

export function addRecords(program: Command, run: Runner): void {
  program
    .command('history <replication>')
    .description('list operations and events, newest first')
    .addOption(new Option('--kind <kind>', 'only these').choices(['stop', 'resume', 'event']))
    .option('--since <time>', 'not before this time', readTime)
    .option('--until <time>', 'before this time', readTime)
    .option('--cursor <cursor>', 'where to go on, as the page before says')
    .option('--limit <number>', 'maximum number of entries, at most 200; default 50', readCount)
    .action(run(history));
  program.command('ledger <replication>').description('print everything that is recorded, as JSON').action(run(ledger));
  program
    .command('checkpoint <replication>')
    .description('print the RecoveryCheckpoint of the newest record, for scripts; needs no worker')
    .action(run(checkpoint));
}

async function history(session: Session, text: string, query: HistoryQuery): Promise<void> {
  const { replications, arn } = await findTarget(session, text);
  const page = await replications.history(arn, query);
  const { entries, next } = page;
  session.output.list(entries, () => historyText(entries), page);
  if (next !== null) session.output.say(`There is more: --cursor '${next}'`);
}

export function historyText(entries: readonly HistoryEntry[]): string {
  return entries.length === 0 ? 'Nothing is recorded.' : table(['AT', 'WHAT', 'BY', 'HOW'], entries.map(historyRow));
}

function historyRow(entry: HistoryEntry): string[] {
  const at = entry.at.slice(0, 19).replace('T', ' ');
  if ('event' in entry) {
    const { type, by, reason, detail } = entry.event;
    return [at, type, by ?? '', [detail, reason].filter(Boolean).join('; ')];
  }
  const { kind, requestedBy, reason, outcome, failureType, failureMessage } = entry.operation;
  const how = outcome ?? (failureType === null ? 'under way' : `${failureType}: ${failureMessage ?? ''}`);
  return [at, kind, requestedBy ?? '', reason === null ? how : `${how} (${reason})`];
}

async function ledger(session: Session, text: string): Promise<void> {
  const { replications, arn } = await findTarget(session, text);
  const found = await replications.ledger(arn);
  session.output.value(found, JSON.stringify(found, null, 2));
}

async function checkpoint(session: Session, text: string): Promise<void> {
  const { replications, arn } = await findTarget(session, text);
  const { recoveryCheckpoint, state } = (await replications.summary(arn)) ?? {
    recoveryCheckpoint: null,
    state: 'unknown',
  };
  if (state === 'unreadable') {
    const { CODEC_HINT } = await import('../failures.js');
    throw new CliError(`What is recorded of ${arn} can't be read`, CODEC_HINT, exitCodes.failure);
  }
  if (recoveryCheckpoint === null)
    throw new CliError(
      `No checkpoint of ${arn} is recorded`,
      `See what is known: temporal dms status ${arn}`,
      exitCodes.notFound,
    );
  session.output.value(recoveryCheckpoint);
}
