/** Table of the archive, and its items. */
import {
  CreateTableCommand,
  DescribeTableCommand,
  ResourceInUseException,
  waitUntilTableExists,
  type AttributeValue,
  type CreateTableCommandInput,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import type { ArchivedRecord } from '../contract/ledger-state.js';

export const DEFAULT_TABLE_NAME = 'temporal-dms-checkpoints';
export const PARTITION_KEY = 'replicationConfigArn';
export const SORT_KEY = 'recorded';

const CREATE_SECONDS = 300;

export type Item = Record<string, AttributeValue>;

/** Returns the input of `CreateTable`: a partition for each replication, sorted by time, billed by request. */
export function tableDefinition(tableName: string) {
  return {
    TableName: tableName,
    BillingMode: 'PAY_PER_REQUEST',
    DeletionProtectionEnabled: true,
    AttributeDefinitions: [
      { AttributeName: PARTITION_KEY, AttributeType: 'S' },
      { AttributeName: SORT_KEY, AttributeType: 'S' },
    ],
    KeySchema: [
      { AttributeName: PARTITION_KEY, KeyType: 'HASH' },
      { AttributeName: SORT_KEY, KeyType: 'RANGE' },
    ],
  } as const satisfies CreateTableCommandInput;
}

/**
 * Returns the sort key of a record, such as `2026-02-09T12:12:12.000Z#0000000057#<operation id>`. Sort keys are unique
 * and in order of time. A record keeps its sort key.
 */
function sortKeyOf({ recordedAt, sequence, operationId }: ArchivedRecord): string {
  return `${recordedAt}#${String(sequence).padStart(10, '0')}#${operationId}`;
}

/** Returns the item of a record: the whole record as JSON, and the fields that people look for in the console. */
export function itemOf(record: ArchivedRecord): Item {
  const { replicationConfigArn, sequence, version, intent, recoveryCheckpoint, stoppedAt, resumeBy } = record;
  const shown = { intent, recoveryCheckpoint, stoppedAt, resumeBy };
  return {
    [PARTITION_KEY]: { S: replicationConfigArn },
    [SORT_KEY]: { S: sortKeyOf(record) },
    sequence: { N: String(sequence) },
    version: { N: String(version) },
    ...Object.fromEntries(
      Object.entries(shown).flatMap(([name, text]) => (text === null ? [] : [[name, { S: text }]])),
    ),
    record: { S: JSON.stringify(record) },
  };
}

export function recordOf(item: Item): ArchivedRecord {
  const record = item['record']?.S;
  if (record === undefined) throw new Error(`The item ${item[SORT_KEY]?.S ?? '(without a key)'} holds no record`);
  return JSON.parse(record) as ArchivedRecord;
}

/** Returns the size of an item as DynamoDB counts it: the names and values of all attributes, in UTF-8. */
export function bytesOf(item: Item): number {
  return Object.entries(item).reduce(
    (sum, [name, { S = '', N = '' }]) => sum + Buffer.byteLength(name) + Buffer.byteLength(S) + Buffer.byteLength(N),
    0,
  );
}

/** Creates the table and waits until it is active. Keeps an existing table, and throws if its key differs. */
export async function createArchiveTable(client: DynamoDBClient, tableName: string): Promise<'created' | 'existed'> {
  const definition = tableDefinition(tableName);
  const isNew = await client.send(new CreateTableCommand(definition)).then(
    () => true,
    (err: unknown) => {
      if (err instanceof ResourceInUseException) return false;
      throw err;
    },
  );
  await waitUntilTableExists(
    { client, maxWaitTime: CREATE_SECONDS, minDelay: 1, maxDelay: 5 },
    { TableName: tableName },
  );
  if (isNew) return 'created';
  const { Table: table } = await client.send(new DescribeTableCommand({ TableName: tableName }));
  const typeOf = (name: string | undefined) =>
    table?.AttributeDefinitions?.find(({ AttributeName }) => AttributeName === name)?.AttributeType;
  const described = (table?.KeySchema ?? []).map(
    ({ AttributeName, KeyType }) => `${AttributeName} (${KeyType}, ${typeOf(AttributeName)})`,
  );
  const wanted = `${PARTITION_KEY} (HASH, S), ${SORT_KEY} (RANGE, S)`;
  if (described.join(', ') === wanted) return 'existed';
  throw new Error(`The table ${tableName} exists with another key: ${described.join(', ')} instead of ${wanted}`);
}
