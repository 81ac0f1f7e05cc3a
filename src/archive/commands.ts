/** Commands of `temporal-dms-archive`. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { ReplicationClient } from '../client/index.js';
import { createDynamoDbArchive } from '../dynamodb/index.js';
import { createArchiveTable, DEFAULT_TABLE_NAME } from '../dynamodb/table.js';
import { messageOf } from '../program.js';

export async function createTable(table = DEFAULT_TABLE_NAME): Promise<void> {
  await withDynamoDb(async (client) => {
    const did = await createArchiveTable(client, table);
    say(did === 'created' ? `Created the table ${table}` : `The table ${table} already exists, with the right key`);
  });
}

export async function list(table = DEFAULT_TABLE_NAME, arn: string): Promise<void> {
  await withDynamoDb(async (client) => {
    const archive = createDynamoDbArchive({ tableName: table, client });
    for (const record of await archive.list(arn)) say(JSON.stringify(record));
  });
}

export interface RebuildOptions {
  readonly by: string;
  readonly reason: string;
  readonly taskQueue: string | undefined;
}

export async function rebuild(
  table = DEFAULT_TABLE_NAME,
  arns: readonly string[],
  { by, reason, taskQueue }: RebuildOptions,
): Promise<void> {
  await withDynamoDb(async (client) => {
    const archive = createDynamoDbArchive({ tableName: table, client });
    const { connectionOptions, namespace = 'default' } = loadClientConnectConfig();
    const connection = await connect(connectionOptions);
    try {
      const replications = new ReplicationClient({ client: new Client({ connection, namespace }), taskQueue });
      for (const arn of arns) {
        const { archived, added } = await replications.rebuildLedger(arn, { archive, by, reason });
        if (archived === 0) throw new Error(`The table ${table} has no records of ${arn}`);
        say(`${arn}: records in the archive: ${archived}, restored to the ledger: ${added}`);
      }
    } finally {
      await connection.close();
    }
  });
}

async function connect(options: Parameters<typeof Connection.connect>[0]): Promise<Connection> {
  try {
    return await Connection.connect({ connectTimeout: '4s', ...options });
  } catch (err) {
    const address = options?.address ?? 'localhost:7233';
    throw new Error(
      `No Temporal server answers at ${address}: ${messageOf(err)}. Check TEMPORAL_ADDRESS, or start a server: temporal server start-dev`,
      { cause: err },
    );
  }
}

async function withDynamoDb(use: (client: DynamoDBClient) => Promise<void>): Promise<void> {
  const client = new DynamoDBClient({});
  try {
    await use(client);
  } finally {
    client.destroy();
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
