/**
 * `temporal-dms/dynamodb`: {@link createDynamoDbArchive}, records of ledgers in a DynamoDB table, for worker code and
 * tools. Beside it, only `cli/commands/archive.ts` imports `@aws-sdk/client-dynamodb`.
 *
 * @module
 */
import { isDeepStrictEqual } from 'node:util';
import {
  ConditionalCheckFailedException,
  DynamoDBClient,
  DynamoDBServiceException,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-dynamodb';
import { RecordRefused, type CheckpointArchive } from '../contract/archive.js';
import type { ArchivedRecord } from '../contract/ledger-state.js';
import { bytesOf, DEFAULT_TABLE_NAME, itemOf, PARTITION_KEY, recordOf, SORT_KEY, type Item } from './table.js';

export type { CheckpointArchive } from '../contract/archive.js';
export type { ArchivedRecord } from '../contract/ledger-state.js';
export { createArchiveTable } from './table.js';

/** Options of {@link createDynamoDbArchive}. */
export interface DynamoDbArchiveOptions {
  /** Name of the table. Default `temporal-dms-checkpoints`. */
  readonly tableName?: string | undefined;
  /** DynamoDB client. Default: one with the AWS SDK's standard settings, region included. */
  readonly client?: DynamoDBClient | undefined;
}

/** Maximum size of an item. @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html */
const MAX_ITEM_BYTES = 400 * 1024;
/** Time limit of an answer. By default, the SDK waits forever. */
const ANSWER_MS = 20_000;

/**
 * Creates an archive in a DynamoDB table. The partition key is `replicationConfigArn`. The sort key is `recorded`:
 * time, sequence and operation id of the record. A record is stored on the condition that its key is new. Storing it
 * again changes nothing, and no record ever replaces another.
 */
export function createDynamoDbArchive(options: DynamoDbArchiveOptions = {}): CheckpointArchive {
  const { tableName = DEFAULT_TABLE_NAME, client = new DynamoDBClient({}) } = options;
  const inTable = async <T>(what: string, ask: () => Promise<T>): Promise<T> => {
    try {
      return await ask();
    } catch (err) {
      throw explainError(err, what, tableName);
    }
  };
  return {
    async append(record) {
      const item = itemOf(record);
      const bytes = bytesOf(item);
      if (bytes > MAX_ITEM_BYTES) {
        throw new RecordRefused(`it takes ${bytes} bytes in DynamoDB, which stores items of at most ${MAX_ITEM_BYTES}`);
      }
      const known = await inTable('store a record in', () => put(client, tableName, item));
      if (known === null || isSame(recordOf(known), record)) return;
      throw new RecordRefused(`the table ${tableName} holds another record under ${item[SORT_KEY]?.S ?? ''}`);
    },

    async list(replicationConfigArn) {
      const records: ArchivedRecord[] = [];
      let next: Item | undefined;
      do {
        const page = await inTable('read', () =>
          client.send(
            new QueryCommand({
              TableName: tableName,
              KeyConditionExpression: '#arn = :arn',
              ExpressionAttributeNames: { '#arn': PARTITION_KEY },
              ExpressionAttributeValues: { ':arn': { S: replicationConfigArn } },
              ScanIndexForward: false,
              ConsistentRead: true,
              ExclusiveStartKey: next,
            }),
            { abortSignal: AbortSignal.timeout(ANSWER_MS) },
          ),
        );
        records.push(...(page.Items ?? []).map(recordOf));
        next = page.LastEvaluatedKey;
      } while (next !== undefined);
      return records;
    },
  };
}

/** Stores an item. Returns the item that already has its key. `null`: the item was stored. */
async function put(client: DynamoDBClient, tableName: string, item: Item): Promise<Item | null> {
  const abortSignal = AbortSignal.timeout(ANSWER_MS);
  try {
    await client.send(
      new PutItemCommand({
        TableName: tableName,
        Item: item,
        // DynamoDB checks this on the item with both keys. That item must not exist yet.
        ConditionExpression: 'attribute_not_exists(#recorded)',
        ExpressionAttributeNames: { '#recorded': SORT_KEY },
      }),
      { abortSignal },
    );
    return null;
  } catch (err) {
    if (!(err instanceof ConditionalCheckFailedException)) throw err;
    const Key = { [PARTITION_KEY]: item[PARTITION_KEY], [SORT_KEY]: item[SORT_KEY] } as Item;
    const { Item: known } = await client.send(new GetItemCommand({ TableName: tableName, Key, ConsistentRead: true }), {
      abortSignal,
    });
    if (known === undefined) throw err;
    return known;
  }
}

/** Compares records without their seal and deadline, because a restored ledger may have others. */
function isSame(known: ArchivedRecord, record: ArchivedRecord): boolean {
  const bare = { sealed: null, deadline: null };
  return isDeepStrictEqual({ ...known, ...bare }, JSON.parse(JSON.stringify({ ...record, ...bare })));
}

function explainError(err: unknown, what: string, tableName: string): unknown {
  if (!(err instanceof DynamoDBServiceException)) return err;
  const hint = hintOf(err);
  const message = `Can't ${what} the DynamoDB table ${tableName} (${err.name}: ${err.message})`;
  return new Error(hint === null ? message : `${message}. ${hint}`, { cause: err });
}

function hintOf(err: DynamoDBServiceException): string | null {
  if (err instanceof ResourceNotFoundException) {
    return 'Create it with "temporal dms archive create-table", or check the name, the account and the region.';
  }
  if (err.name === 'ValidationException') {
    return `Its key must be ${PARTITION_KEY} and ${SORT_KEY}, both strings; see "temporal dms archive create-table".`;
  }
  if (err.name === 'AccessDeniedException')
    return 'Allow dynamodb:PutItem and dynamodb:GetItem to store records, and dynamodb:Query to read them.';
  return null;
}
