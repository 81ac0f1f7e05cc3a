import { CreateTableCommand, ScanCommand, ThrottlingException } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RecordRefused } from '../../src/activities/index.js';
import { createArchiveTable, createDynamoDbArchive } from '../../src/dynamodb/index.js';
import { tableDefinition } from '../../src/dynamodb/table.js';
import { dynamoDbClient, type LocalDynamoDb } from '../support/dynamodb.js';
import { arn } from '../support/operations.js';
import { archivedRecord } from '../support/records.js';
import { failureOf } from '../support/stage.js';

/** Tests of the archive that every DynamoDB engine must pass. */
export function describeArchive(engine: string, start: () => Promise<LocalDynamoDb>): void {
  let db: LocalDynamoDb;
  beforeAll(async () => {
    db = await start();
  }, 300_000);
  afterAll(() => db[Symbol.asyncDispose]());

  async function archiveIn(tableName: string) {
    await createArchiveTable(db.client, tableName);
    return createDynamoDbArchive({ tableName, client: db.client });
  }

  describe.concurrent(`the DynamoDB archive, on ${engine}`, () => {
    test('keeps records verbatim, each once, newest first, and apart for each replication', async () => {
      const archive = await archiveIn('usual');
      const deadline = { policy: 'warn', leadSeconds: 60, onResumeDeadline: null } as const;
      const first = archivedRecord(1, { recoveryCheckpoint: 'checkpoint:V1#1#" ünï#\n\u{1f600}' });
      const second = archivedRecord(2, {
        sealed: { by: 'ada', reason: null, at: 'now' },
        deadline,
        recoveryCheckpoint: null,
      });
      const other = archivedRecord(1, { replicationConfigArn: `${arn}-2` });
      for (const record of [second, first, other, first, second]) await archive.append(record);
      expect(await archive.list(arn)).toEqual([second, first]);
      expect(await archive.list(`${arn}-2`)).toEqual([other]);
      expect(await archive.list(`${arn}-3`)).toEqual([]);
      const { Items: items = [] } = await db.client.send(new ScanCommand({ TableName: 'usual' }));
      expect(items.find(({ sequence }) => sequence?.N === '2')).toMatchObject({ intent: { S: 'pause' } });
      expect(items).toHaveLength(3);
    });

    test('lists records of several pages', async () => {
      const archive = await archiveIn('pages');
      const reason = 'x'.repeat(300_000);
      for (let n = 1; n <= 8; n++) await archive.append(archivedRecord(n, { reason }));
      expect((await archive.list(arn)).map(({ sequence }) => sequence)).toEqual([8, 7, 6, 5, 4, 3, 2, 1]);
    });

    test('never lets a record replace another', async () => {
      const archive = await archiveIn('replaced');
      const record = archivedRecord(1);
      await archive.append(record);
      // The same record with another seal counts as stored. The first seal stays.
      await archive.append({ ...record, sealed: { by: 'ada', reason: null, at: 'now' } });
      const failure = await failureOf(archive.append({ ...record, recoveryCheckpoint: 'another' }));
      expect(failure).toBeInstanceOf(RecordRefused);
      expect(failure.message).toContain('holds another record under 2026-');
      expect(await archive.list(arn)).toEqual([record]);
    });

    test('refuses a record that no item can hold, before anything is sent', async () => {
      const archive = createDynamoDbArchive({ tableName: 'nowhere', client: dynamoDbClient('http://127.0.0.1:1') });
      const failure = await failureOf(archive.append(archivedRecord(1, { reason: 'ü'.repeat(210_000) })));
      expect(failure).toBeInstanceOf(RecordRefused);
      expect(failure.message).toMatch(/takes 42\d{4} bytes in DynamoDB, which stores items of at most 409600/);
    });

    test('reports a missing or wrong table with the way out, and creates a table only once', async () => {
      const missing = createDynamoDbArchive({ tableName: 'missing', client: db.client });
      const message = /store a record in the DynamoDB table missing \(ResourceNotFoundException.*create-table/;
      await expect(missing.append(archivedRecord(1))).rejects.toThrow(message);
      await expect(missing.list(arn)).rejects.toThrow(/read the DynamoDB table missing/);
      const { AttributeDefinitions, KeySchema, ...definition } = tableDefinition('wrong');
      await db.client.send(
        new CreateTableCommand({
          ...definition,
          AttributeDefinitions: [{ ...AttributeDefinitions[0], AttributeType: 'N' }],
          KeySchema: [KeySchema[0]],
        }),
      );
      const wrong = createDynamoDbArchive({ tableName: 'wrong', client: db.client });
      const key = /ValidationException: .*Its key must be replicationConfigArn and recorded, both strings/;
      await expect(wrong.append(archivedRecord(1))).rejects.toThrow(key);
      await expect(createArchiveTable(db.client, 'wrong')).rejects.toThrow(
        'The table wrong exists with another key: replicationConfigArn (HASH, N) instead of replicationConfigArn (HASH, S), recorded (RANGE, S)',
      );
      expect(await createArchiveTable(db.client, 'right')).toBe('created');
      expect(await createArchiveTable(db.client, 'right')).toBe('existed');
    });

    test('reports throttling without refusing the record, and stores it later', async () => {
      await createArchiveTable(db.client, 'busy');
      const client = dynamoDbClient(db.endpoint);
      let throttled = 4;
      client.middlewareStack.add(
        (next) => (args) => {
          const refusal = { message: 'Rate exceeded', $metadata: { httpStatusCode: 400 } };
          return throttled-- > 0 ? Promise.reject(new ThrottlingException(refusal)) : next(args);
        },
        { step: 'finalizeRequest', priority: 'low' },
      );
      const archive = createDynamoDbArchive({ tableName: 'busy', client });
      const failure = await failureOf(archive.append(archivedRecord(1)));
      expect(failure).not.toBeInstanceOf(RecordRefused);
      expect(failure.message).toContain(
        'store a record in the DynamoDB table busy (ThrottlingException: Rate exceeded)',
      );
      await archive.append(archivedRecord(1));
      expect(await archive.list(arn)).toHaveLength(1);
      client.destroy();
    });
  });
}
