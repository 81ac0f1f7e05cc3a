/** Commands on the archive of records in DynamoDB. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Command } from 'commander';
import { readDecision, type DecisionOptions } from '../ask.js';
import { accessErrorOf } from '../aws-access.js';
import { CliError, exitCodes } from '../exit-codes.js';
import type { Runner, Session } from '../session.js';
import { findArn, findArns } from '../targets.js';
import { table as textTable } from '../text.js';
import { addDecisionOptions } from './operation-options.js';

/** Actions of IAM that the commands need. */
const CREATE_ACTIONS = 'dynamodb:CreateTable and dynamodb:DescribeTable';
const READ_ACTIONS = 'dynamodb:Query';

interface TableOptions {
  readonly table: string;
}

export function addArchive(program: Command, run: Runner): void {
  const archive = program.command('archive').description('read the archive of records, and rebuild ledgers from it');
  const withTable = (command: Command) =>
    command.option('--table <name>', 'table in DynamoDB', 'temporal-dms-checkpoints');
  withTable(archive.command('create-table').description('create the table, if it is missing')).action(run(createTable));
  withTable(
    archive.command('list <replication>').description('list the records of a replication, newest first'),
  ).action(run(listRecords));
  addDecisionOptions(
    withTable(
      archive
        .command('rebuild <replication...>')
        .description('restore lost ledgers from the archive; existing records stay unchanged'),
    ),
  ).action(run(rebuild));
}

async function createTable({ output }: Session, { table }: TableOptions): Promise<void> {
  const { createArchiveTable } = await import('../../dynamodb/table.js');
  const did = await withDynamoDb(CREATE_ACTIONS, (client) => createArchiveTable(client, table));
  output.result({ table, did }, () =>
    did === 'created' ? `Created the table ${table}` : `The table ${table} already exists, with the right key`,
  );
}

async function listRecords(session: Session, text: string, { table }: TableOptions): Promise<void> {
  const { output } = session;
  const { createDynamoDbArchive } = await import('../../dynamodb/index.js');
  const arn = await findArn(session, text);
  const records = await withDynamoDb(READ_ACTIONS, (client) =>
    createDynamoDbArchive({ tableName: table, client }).list(arn),
  );
  output.list(records, () =>
    records.length === 0
      ? `The table ${table} has no records of ${arn}`
      : textTable(
          ['RECORD', 'STOPPED AT', 'INTENT', 'CHECKPOINT'],
          records.map(({ sequence, stoppedAt, intent, recoveryCheckpoint }) => [
            String(sequence),
            stoppedAt ?? '',
            intent,
            recoveryCheckpoint ?? '',
          ]),
        ),
  );
}

async function rebuild(session: Session, texts: readonly string[], options: DecisionOptions & TableOptions) {
  const { createDynamoDbArchive } = await import('../../dynamodb/index.js');
  const { table } = options;
  const decision = await readDecision(session, options);
  const arns = await findArns(session, texts);
  const replications = await session.replications();
  await withDynamoDb(READ_ACTIONS, async (client) => {
    const archive = createDynamoDbArchive({ tableName: table, client });
    const rebuilt: object[] = [];
    const lines: string[] = [];
    for (const arn of arns) {
      const { archived, added } = await replications.rebuildLedger(arn, { archive, ...decision });
      if (archived === 0)
        throw new CliError(
          `The table ${table} has no records of ${arn}`,
          'Check the ARN and --table. Ledgers before it were rebuilt.',
          exitCodes.notFound,
        );
      rebuilt.push({ replicationConfigArn: arn, archived, added });
      lines.push(`${arn}: records in the archive: ${archived}, restored to the ledger: ${added}`);
    }
    session.output.list(rebuilt, () => lines.join('\n'));
  });
}

/** Loads the SDK of DynamoDB only for these commands. `actions`: what IAM must allow. */
async function withDynamoDb<T>(actions: string, use: (client: DynamoDBClient) => Promise<T>): Promise<T> {
  const { DynamoDBClient: Client } = await import('@aws-sdk/client-dynamodb');
  const client = new Client({});
  try {
    return await use(client);
  } catch (err) {
    const cause = err instanceof Error && err.cause instanceof Error ? err.cause : err;
    throw accessErrorOf(cause, { by: 'The archive', failed: "DynamoDB can't be used", actions }) ?? err;
  } finally {
    client.destroy();
  }
}
