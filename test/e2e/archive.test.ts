import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { createArchiveTable, createDynamoDbArchive } from '../../src/dynamodb/index.js';
import type { ArchivedRecord } from '../../src/index.js';
import { startDynamoDb, type LocalDynamoDb } from '../support/dynamodb.js';
import { listen } from '../support/http-servers.js';
import { failureOf, quick, Stage, until } from '../support/stage.js';

const program = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const brief = { settleSeconds: 0, selfRestartGraceSeconds: 0 };

let db: LocalDynamoDb;
beforeAll(async () => {
  db = await startDynamoDb();
});
afterAll(() => db[Symbol.asyncDispose]());

/** The ready-made program, on the tests' Temporal and DynamoDB. */
const run = (...args: string[]) => runWith({}, ...args);

async function runWith(more: Record<string, string>, ...args: string[]) {
  const { PATH = '', HOME = '' } = process.env;
  const env = {
    PATH,
    HOME,
    AWS_ACCESS_KEY_ID: 'simulated',
    AWS_SECRET_ACCESS_KEY: 'simulated',
    AWS_REGION: 'eu-west-1',
    AWS_ENDPOINT_URL_DYNAMODB: db.endpoint,
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    ...more,
  };
  const ended = promisify(execFile)(process.execPath, ['--no-warnings', program, 'archive', ...args], { env });
  return ended.then(
    ({ stdout }) => ({ code: 0, said: stdout }),
    (err: { code: number; stderr: string }) => ({ code: err.code, said: err.stderr }),
  );
}

describe.concurrent('an archived ledger', () => {
  test('that was terminated is rebuilt with its records and guard, and a second rebuild changes nothing', async () => {
    const table = 'rebuilt';
    expect(await run('create-table', '--table', table)).toEqual({ code: 0, said: 'Created the table rebuilt\n' });
    const second = await run('create-table', '--table', table);
    expect(second.said).toBe('The table rebuilt already exists, with the right key\n');
    const archive = createDynamoDbArchive({ tableName: table, client: db.client });
    await using stage = await Stage.set(quick);
    await stage.work({ archive });
    const replicationConfigArn = stage.simulator.createReplication();
    await stage.dms.stop({ replicationConfigArn, ...brief });
    await stage.dms.resume({ replicationConfigArn, verifyProgressSeconds: 0 });
    const { checkpoint } = await stage.dms.stop({ replicationConfigArn, reason: 'tonight', ...brief });
    await until('both are archived', async () => (await archive.list(replicationConfigArn)).length === 2);
    const { guard } = await stage.dms.ledger(replicationConfigArn);

    await stage.client.workflow.getHandle(`dms-ledger:${replicationConfigArn}`).terminate('by mistake');
    expect(await failureOf(stage.dms.resume({ replicationConfigArn }))).toMatchObject({ type: 'DmsLedgerClosed' });
    const who = ['--by', 'ada', '--reason', 'terminated by mistake', '--task-queue', stage.taskQueue];
    const rebuild = (arn = replicationConfigArn) => run('rebuild', arn, '--table', table, ...who);
    expect(await rebuild()).toEqual({
      code: 0,
      said: `${replicationConfigArn}: records in the archive: 2, restored to the ledger: 2\n`,
    });
    const ledger = await stage.dms.ledger(replicationConfigArn);
    expect(ledger).toMatchObject({
      checkpoints: [checkpoint, { sequence: 1 }],
      lastSequence: 2,
      guard: { sequence: 2, resumeBy: checkpoint.resumeBy, plan: guard?.plan },
      events: [{ type: 'restored', by: 'ada', reason: 'terminated by mistake' }],
    });
    expect((await rebuild()).said).toContain('restored to the ledger: 0');
    expect(await stage.dms.ledger(replicationConfigArn)).toEqual(ledger);

    const resumed = await stage.dms.resume({ replicationConfigArn, verifyProgressSeconds: 0 });
    expect(resumed.resumedFrom).toEqual(checkpoint);
    expect((await stage.dms.stop({ replicationConfigArn, ...brief })).checkpoint.sequence).toBe(3);
    await until('that one is archived, too', async () => (await archive.list(replicationConfigArn)).length === 3);
    const listed = (await run('list', replicationConfigArn, '--table', table, '-o', 'jsonl')).said.trim().split('\n');
    expect(listed.map((line) => (JSON.parse(line) as ArchivedRecord).sequence)).toEqual([3, 2, 1]);
  });

  test('of a final stop is sealed again', async () => {
    const tableName = 'sealed';
    await createArchiveTable(db.client, tableName);
    const archive = createDynamoDbArchive({ tableName, client: db.client });
    await using stage = await Stage.set(quick);
    await stage.work({ archive });
    const replicationConfigArn = stage.simulator.createReplication();
    await stage.dms.stop({ replicationConfigArn, intent: 'final', requestedBy: 'ada', reason: 'moved', ...brief });
    await until('it is archived', async () => (await archive.list(replicationConfigArn)).length === 1);
    await stage.client.workflow.getHandle(`dms-ledger:${replicationConfigArn}`).terminate('by mistake');
    const request = { archive, by: 'grace', reason: 'it was terminated' };
    expect(await stage.dms.rebuildLedger(replicationConfigArn, request)).toEqual({ archived: 1, added: 1 });
    const failure = await failureOf(stage.dms.resume({ replicationConfigArn }));
    expect(failure).toMatchObject({
      type: 'DmsReplicationSealed',
      message: expect.stringContaining('ada stopped it for good'),
    });
    await stage.dms.unseal(replicationConfigArn, { by: 'grace', reason: 'once more' });
    expect(await stage.dms.rebuildLedger(replicationConfigArn, request)).toEqual({ archived: 1, added: 0 });
    expect((await stage.dms.ledger(replicationConfigArn)).sealed).toBeNull();
  });

  test('with records of a newer version is not rebuilt, and the failure names the record', async () => {
    const tableName = 'newer';
    await createArchiveTable(db.client, tableName);
    const archive = createDynamoDbArchive({ tableName, client: db.client });
    await using stage = await Stage.set(quick);
    await stage.work({ archive });
    const replicationConfigArn = stage.simulator.createReplication();
    await stage.dms.stop({ replicationConfigArn, ...brief });
    const [record] = await until('it is archived', async () => {
      const records = await archive.list(replicationConfigArn);
      return records.length > 0 ? records : null;
    });
    if (record === undefined) throw new Error('It is archived');
    await archive.append({ ...record, version: 2, sequence: 2, recordedAt: '2099-01-01T00:00:00.000Z' });
    const failure = await failureOf(stage.dms.rebuildLedger(replicationConfigArn, { archive, by: 'a', reason: 'b' }));
    expect(failure).toMatchObject({ type: 'DmsInvalidInput' });
    expect(failure.message).toContain('record 2 was written by a newer version of temporal-dms (2, this one reads 1)');
    expect((await stage.dms.ledger(replicationConfigArn)).checkpoints).toHaveLength(1);
  });

  test('without any record makes the archive command exit with 3, and a wrong command line with 2', async () => {
    const arn = 'arn:aws:dms:eu-west-1:123456789012:replication-config:NONE';
    await createArchiveTable(db.client, 'empty');
    const nothing = await run('rebuild', arn, '--table', 'empty', '--by', 'ada', '--reason', 'why');
    expect(nothing.code).toBe(3);
    expect(nothing.said).toContain(`temporal-dms: The table empty has no records of ${arn}\nCheck the ARN`);
    expect(await run('list', arn)).toMatchObject({ code: 1, said: expect.stringContaining('create-table') });
    expect(await run('rebuild', arn)).toMatchObject({ code: 2, said: expect.stringContaining('--reason is missing') });
    expect(await run('delete')).toMatchObject({ code: 2, said: expect.stringContaining("unknown command 'delete'") });
    expect(await run('--help')).toMatchObject({ code: 0, said: expect.stringContaining('create-table') });
  });
});

test.concurrent.each([
  ['create-table', [], 'Allow your own credentials dynamodb:CreateTable and dynamodb:DescribeTable.'],
  ['list', ['arn:aws:dms:eu-west-1:123456789012:replication-config:X'], 'Allow your own credentials dynamodb:Query.'],
])('archive %s exits with 7 if IAM denies access, and names the actions', async (command, args, hint) => {
  await using denying = await listen(
    createServer((_, answer) =>
      answer.writeHead(400).end(JSON.stringify({ __type: 'AccessDeniedException', message: 'not authorized' })),
    ),
  );
  const denied = await runWith({ AWS_ENDPOINT_URL_DYNAMODB: denying.endpoint }, command, ...args);
  expect(denied).toMatchObject({ code: 7, said: expect.stringContaining(hint) });
});

test.concurrent('the archive without credentials or a region names the setting', async () => {
  const none = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', AWS_EC2_METADATA_DISABLED: 'true', HOME: '/none' };
  const arn = 'arn:aws:dms:eu-west-1:123456789012:replication-config:X';
  expect(await runWith(none, 'list', arn)).toMatchObject({ code: 7, said: expect.stringContaining('AWS_PROFILE') });
  expect(await runWith({ AWS_REGION: '', HOME: '/none' }, 'list', arn)).toMatchObject({
    code: 2,
    said: expect.stringContaining('Set AWS_REGION'),
  });
});
