#!/usr/bin/env node
/** `temporal-dms-archive`: creates the archive's table, lists its records, and rebuilds ledgers from it. */
import { runProgram, UsageError, type ProgramArguments } from './program.js';

const usage = `Usage: temporal-dms-archive create-table
       temporal-dms-archive list <ARN>
       temporal-dms-archive rebuild <ARN> … --by <who> --reason <why> [--task-queue temporal-dms]

  --table <name>   default temporal-dms-checkpoints
  -h, --help       prints this
  -v, --version    prints the version

"list" prints the records of a replication as lines of JSON, newest first. "rebuild" brings the records of ledgers back whose workflows were lost:
terminated, or left behind in another namespace. It may be run again: what is there stays as it is. A worker must serve the task queue.
Temporal and AWS settings come from their standard variables and files.
`;

const options = {
  table: { type: 'string' },
  by: { type: 'string' },
  reason: { type: 'string' },
  'task-queue': { type: 'string' },
} as const;

await runProgram({ name: 'temporal-dms-archive', usage, options, allowPositionals: true }, run);

async function run({ values, positionals }: ProgramArguments<typeof options>): Promise<void> {
  const [command, ...arns] = positionals;
  const { table, by, reason, 'task-queue': taskQueue } = values;
  if (command === 'create-table' && arns.length === 0) return (await commands()).createTable(table);
  const [arn] = arns;
  if (command === 'list' && arn !== undefined && arns.length === 1) return (await commands()).list(table, arn);
  if (command !== 'rebuild' || arns.length === 0) throw new UsageError('Not a command of this program');
  if (by === undefined || reason === undefined) throw new UsageError('Say who rebuilds it and why: --by and --reason');
  return (await commands()).rebuild(table, arns, { by, reason, taskQueue });
}

function commands() {
  return import('./archive/commands.js');
}
