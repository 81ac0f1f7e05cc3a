/** The page for people who restored Temporal from a backup, followed on a server that was. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { expect, test } from 'vitest';
import { findServer } from '../../scripts/temporal-server.js';
import { createArchiveTable, createDynamoDbArchive } from '../../src/dynamodb/index.js';
import { startDynamoDb } from '../support/dynamodb.js';
import { quick, Stage, until } from '../support/stage.js';

const SHOWN_ARN = 'arn:aws:dms:eu-west-1:123456789012:replication-config:ORDERS';
const brief = { settleSeconds: 0 };

test('the documented steps terminate a restored stop that was undone, and rebuild its ledger', async () => {
  const executable = await findServer('dev');
  if (executable.type === 'cached-download') return; // the page's commands need the program itself
  const folder = await mkdtemp(join(tmpdir(), 'temporal-'));
  const [database, backup] = [join(folder, 'database'), join(folder, 'backup')];
  const log = { level: 'error', format: 'json' } as const;
  const serve = (port?: number) =>
    TestWorkflowEnvironment.createLocal({
      server: { executable, log, dbFilename: database, ...(port === undefined ? {} : { port }) },
    });
  let server = await serve().catch(() => serve());
  const { address } = server;
  const again = async (change: () => Promise<void>) => {
    await server.teardown();
    await change();
    const port = Number(address.split(':')[1]);
    server = await serve(port).catch(() => serve(port));
  };
  try {
    await using db = await startDynamoDb();
    await createArchiveTable(db.client, 'temporal-dms-checkpoints');
    const archive = createDynamoDbArchive({ client: db.client });
    await using stage = await Stage.set({ ...quick, durations: { ...quick.durations, stopping: 100 } }, { address });
    const { dms, simulator, taskQueue } = stage;
    const replicationConfigArn = simulator.createReplication();
    const firstWorker = await stage.work({ archive });
    const { workflowId } = await dms.startStop({ replicationConfigArn, ...brief });
    await until('it is stopping', () => simulator.row(replicationConfigArn).Status === 'stopping');
    await stage.stopWorkers(firstWorker);
    await again(() => copyFile(database, backup));

    const secondWorker = await stage.work({ archive });
    const { checkpoint } = await until('it is stopped', () => dms.stop({ replicationConfigArn }).catch(() => null));
    await dms.resume({ replicationConfigArn, verifyProgressSeconds: 0 });
    await until('it is archived', async () => (await archive.list(replicationConfigArn)).length === 1);
    await stage.stopWorkers(secondWorker);
    await again(() => copyFile(backup, database));

    const commands = await commandsOf(new URL('../../docs/restored-namespace.md', import.meta.url));
    const [operations, fleets, terminate, rebuild] = commands.map((each) =>
      each.replaceAll(SHOWN_ARN, replicationConfigArn),
    );
    const temporal = async (command = '') => {
      const shell = command.replace(/^temporal /, '"$TEMPORAL" ');
      const env = { ...process.env, TEMPORAL: executable.path, TEMPORAL_ADDRESS: address };
      return (await promisify(execFile)('sh', ['-c', shell], { env })).stdout;
    };
    await until('it is listed', async () => (await temporal(operations)).includes(workflowId));
    expect(await temporal(fleets)).not.toContain(workflowId);
    await temporal(terminate);

    const program = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
    const rebuilding = spawn(
      'sh',
      [
        '-c',
        `${(rebuild ?? '').replace(/^temporal dms /, '"$NODE" --no-warnings "$PROGRAM" ')} --task-queue ${taskQueue}`,
      ],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: {
          ...process.env,
          NODE: process.execPath,
          PROGRAM: program,
          TEMPORAL_ADDRESS: address,
          AWS_ENDPOINT_URL_DYNAMODB: db.endpoint,
          AWS_ACCESS_KEY_ID: 'simulated',
          AWS_SECRET_ACCESS_KEY: 'simulated',
          AWS_REGION: 'eu-west-1',
        },
      },
    );
    let said = '';
    rebuilding.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const { workflowService } = stage.client;
    await until('the rebuild waits for a worker', async () => {
      const execution = { workflowId: `dms-ledger:${replicationConfigArn}` };
      const { pendingWorkflowTask } = await workflowService.describeWorkflowExecution({
        namespace: 'default',
        execution,
      });
      return pendingWorkflowTask;
    });
    await stage.work({ archive });
    expect(await once(rebuilding, 'close')).toEqual([0, null]);
    expect(said).toContain('records in the archive: 1, restored to the ledger: 1');
    expect((await dms.ledger(replicationConfigArn)).checkpoints).toEqual([checkpoint]);
    expect(simulator.row(replicationConfigArn).Status).toBe('running');
    expect(simulator.count('StopReplication')).toBe(1);
  } finally {
    await server.teardown();
    await rm(folder, { recursive: true, force: true });
  }
});

/** The commands that a page shows, in their order. */
async function commandsOf(page: URL): Promise<string[]> {
  const text = await readFile(page, 'utf8');
  const blocks = [...text.matchAll(/```sh\n(.*?)```/gs)].map(([, block = '']) => block);
  return blocks.flatMap((block) =>
    block
      .replaceAll(/\\\n\s*/g, '')
      .split('\n')
      .map((line) => line.trim())
      .filter(Boolean),
  );
}
