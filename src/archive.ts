#!/usr/bin/env node
/**
 * `temporal-dms-archive`: the table of the archive, what it holds, and ledgers that are rebuilt from it. Temporal and AWS settings come from their
 * standard variables and files.
 */
import { parseArgs } from 'node:util';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { ReplicationClient } from './client/index.js';
import { createDynamoDbArchive } from './dynamodb/index.js';
import { createArchiveTable, DEFAULT_TABLE_NAME } from './dynamodb/table.js';

const USAGE = `temporal-dms-archive create-table
temporal-dms-archive list <ARN>
temporal-dms-archive rebuild <ARN> … --by <who> --reason <why> [--task-queue temporal-dms]

  --table <name>   default ${DEFAULT_TABLE_NAME}

"list" prints the records of a replication as lines of JSON, newest first. "rebuild" brings the records of ledgers back whose workflows were lost:
terminated, or left behind in another namespace. It may be run again: what is there stays as it is. A worker must serve the task queue.
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    table: { type: 'string', default: DEFAULT_TABLE_NAME },
    by: { type: 'string' },
    reason: { type: 'string' },
    'task-queue': { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
const [command, ...arns] = positionals;
const client = new DynamoDBClient({});
const archive = createDynamoDbArchive({ tableName: values.table, client });

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function rebuild(): Promise<void> {
  const { by, reason, 'task-queue': taskQueue } = values;
  if (by === undefined || reason === undefined) throw new Error('Say who rebuilds it and why, with --by and --reason');
  const { connectionOptions, namespace = 'default' } = loadClientConnectConfig();
  const connection = await Connection.connect(connectionOptions);
  try {
    const replications = new ReplicationClient({ client: new Client({ connection, namespace }), taskQueue });
    for (const arn of arns) {
      const { archived, added } = await replications.rebuildLedger(arn, { archive, by, reason });
      if (archived === 0) throw new Error(`The table ${values.table} holds nothing of ${arn}`);
      say(`${arn}: ${archived} records are archived, ${added} of them were missing in the ledger and are back`);
    }
  } finally {
    await connection.close();
  }
}

try {
  if (values.help) say(USAGE);
  else if (command === 'create-table' && arns.length === 0) {
    const did = await createArchiveTable(client, values.table);
    say(did === 'created' ? `The table ${values.table} is there` : `The table ${values.table} was there, and is right`);
  } else if (command === 'list' && arns.length === 1) {
    for (const record of await archive.list(arns[0] ?? '')) say(JSON.stringify(record));
  } else if (command === 'rebuild' && arns.length > 0) await rebuild();
  else throw new Error(`This is not a command:\n\n${USAGE}`);
} catch (err) {
  process.stderr.write(`${err instanceof Error ? err.message : String(err)}\n`);
  process.exitCode = 1;
} finally {
  client.destroy();
}
