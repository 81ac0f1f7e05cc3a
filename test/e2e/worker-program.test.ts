import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { afterAll, describe, expect, inject, test } from 'vitest';
import { ReplicationClient } from '../../src/client/index.js';
import { startDmsSimulator, type DmsSimulator } from '../../src/simulator/index.js';
import { quick, until } from '../support/stage.js';

const program = fileURLToPath(new URL('../../dist/worker.js', import.meta.url));
const running = new Set<ChildProcess>();
afterAll(() => {
  for (const each of running) each.kill('SIGKILL');
});

/** The ready-made worker, with nothing in its environment but what is given. */
function start(env: Record<string, string>) {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, ['--no-warnings', program], {
    env: {
      PATH,
      HOME,
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_SHARED_CREDENTIALS_FILE: '/nonexistent',
      AWS_CONFIG_FILE: '/nonexistent',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.add(child);
  const lines: { phase: string; error?: string; warning?: string }[] = [];
  createInterface(child.stdout).on('line', (line) => lines.push(JSON.parse(line) as (typeof lines)[number]));
  const exit = once(child, 'close').then(([code]) => {
    running.delete(child);
    return code as number | null;
  });
  return { child, lines, exit, has: (phase: string) => lines.find((line) => line.phase === phase) };
}

/** The environment of a worker on the tests' server, whose AWS is the simulator. */
const working = (taskQueue: string, simulator: DmsSimulator) => ({
  ...credentials,
  TEMPORAL_ADDRESS: inject('temporalAddress'),
  TEMPORAL_TASK_QUEUE: taskQueue,
  AWS_ENDPOINT_URL_DATABASE_MIGRATION_SERVICE: simulator.endpoint,
});

const credentials = { AWS_ACCESS_KEY_ID: 'simulated', AWS_SECRET_ACCESS_KEY: 'simulated' };

/** `PendingActivityState` of Temporal's API. */
const STARTED = 2;

describe.concurrent('the ready-made worker', () => {
  test('says that no Temporal server answers, and exits with 1', async () => {
    const worker = start({ ...credentials, TEMPORAL_ADDRESS: '127.0.0.1:1' });
    expect(await worker.exit).toBe(1);
    expect(worker.has('failed')?.error).toMatch(/No Temporal server answers at 127\.0\.0\.1:1/);
  });

  test('says that there are no credentials, and exits with 1', async () => {
    const worker = start({ TEMPORAL_ADDRESS: inject('temporalAddress') });
    expect(await worker.exit).toBe(1);
    expect(worker.has('failed')?.error).toMatch(/No AWS credentials/);
  });

  test('refuses a setting that is not a number', async () => {
    const worker = start({
      ...credentials,
      TEMPORAL_ADDRESS: inject('temporalAddress'),
      TEMPORAL_DMS_HOLD_SECONDS: 'soon',
    });
    expect(await worker.exit).toBe(1);
    expect(worker.has('failed')?.error).toMatch(/TEMPORAL_DMS_HOLD_SECONDS is "soon"/);
  });

  test('drains on SIGTERM in the middle of a wait, keeps its status, and another goes on; SIGKILL only takes longer', async () => {
    const simulator = await startDmsSimulator({ ...quick, durations: { ...quick.durations, stopping: 9000 } });
    const connection = await Connection.connect({ address: inject('temporalAddress') });
    const taskQueue = `worker-program-${randomUUID()}`;
    const env = { ...working(taskQueue, simulator), TEMPORAL_DMS_HOLD_SECONDS: '5' };
    try {
      const replicationConfigArn = simulator.createReplication();
      const dms = new ReplicationClient({ client: new Client({ connection }), taskQueue });
      const handle = await dms.startStop({ replicationConfigArn, settleSeconds: 0 });
      const first = start(env);
      await until('it is stopping', async () => (await handle.progress()).lastStatus === 'stopping');
      expect(first.has('warning')?.warning).toContain(simulator.endpoint);
      first.child.kill('SIGTERM');
      expect(await first.exit).toBe(0);
      expect(first.has('drained')).toBeDefined();
      expect(await handle.progress()).toMatchObject({ phase: 'stopping', lastStatus: 'stopping' });

      const second = start(env);
      const { workflow } = new Client({ connection });
      await until('the second worker is in the middle of a held attempt', async () => {
        const [pending] = (await workflow.getHandle(handle.workflowId).describe()).raw.pendingActivities ?? [];
        const isHeld = Number(pending?.state) === STARTED && (pending?.attempt ?? 0) > 1;
        return isHeld && pending?.lastWorkerIdentity?.startsWith(`${second.child.pid}@`);
      });
      second.child.kill('SIGKILL');
      await second.exit;
      expect(simulator.row(replicationConfigArn).Status).toBe('stopping');
      simulator.clock.advance({ seconds: 9000 });
      const third = start(env);
      expect((await handle.result()).outcome).toBe('stopped');
      expect(simulator.count('StopReplication')).toBe(1);
      third.child.kill('SIGTERM');
      expect(await third.exit).toBe(0);
    } finally {
      await connection.close();
      await simulator.close();
    }
  });

  test('killed during the record leaves one record, and another worker finishes it', async () => {
    const simulator = await startDmsSimulator(quick);
    const connection = await Connection.connect({ address: inject('temporalAddress') });
    const taskQueue = `worker-program-${randomUUID()}`;
    const env = working(taskQueue, simulator);
    try {
      const replicationConfigArn = simulator.createReplication();
      const dms = new ReplicationClient({ client: new Client({ connection }), taskQueue });
      simulator.fault({ operation: 'DescribeReplicationTableStatistics', type: 'hang' });
      const handle = await dms.startStop({ replicationConfigArn, settleSeconds: 0 });
      const first = start(env);
      const isRecorded = async () => (await dms.ledger(replicationConfigArn)).checkpoints.length === 1;
      await until('the checkpoint is recorded', () => first.has('running') && isRecorded());
      first.child.kill('SIGKILL');
      await first.exit;
      const second = start(env);
      const result = await handle.result();
      expect(result).toMatchObject({ outcome: 'stopped', tables: { total: 3 } });
      expect((await dms.ledger(replicationConfigArn)).checkpoints).toEqual([result.checkpoint]);
      second.child.kill('SIGTERM');
      expect(await second.exit).toBe(0);
    } finally {
      await connection.close();
      await simulator.close();
    }
  });

  test('that is versioned pins operations, and moves a ledger on with the deployment', async () => {
    const simulator = await startDmsSimulator(quick);
    const connection = await Connection.connect({ address: inject('temporalAddress') });
    const deploymentName = `deployment-${randomUUID()}`;
    const versioned = (buildId: string) => ({
      ...working(deploymentName, simulator),
      TEMPORAL_DEPLOYMENT_NAME: deploymentName,
      TEMPORAL_WORKER_BUILD_ID: buildId,
    });
    const client = new Client({ connection });
    const makeCurrent = (buildId: string) =>
      until('the version is current', async () => {
        const request = { namespace: 'default', deploymentName, buildId };
        return client.workflowService.setWorkerDeploymentCurrentVersion(request).catch(() => null);
      });
    const versionOf = async (workflowId: string) => {
      const { raw } = await client.workflow.getHandle(workflowId).describe();
      return raw.workflowExecutionInfo?.versioningInfo;
    };
    const PINNED = 1;
    const AUTO_UPGRADE = 2;
    try {
      const replicationConfigArn = simulator.createReplication();
      const dms = new ReplicationClient({ client, taskQueue: deploymentName });
      const first = start(versioned('one'));
      await makeCurrent('one');
      await dms.stop({ replicationConfigArn, settleSeconds: 0 });
      expect(await versionOf(`dms:${replicationConfigArn}`)).toMatchObject({ behavior: PINNED });
      expect(await versionOf(`dms-ledger:${replicationConfigArn}`)).toMatchObject({
        behavior: AUTO_UPGRADE,
        deploymentVersion: { buildId: 'one' },
      });
      const second = start(versioned('two'));
      await makeCurrent('two');
      first.child.kill('SIGTERM');
      expect(await first.exit).toBe(0);
      expect((await dms.resume({ replicationConfigArn, verifyProgressSeconds: 0 })).outcome).toBe('resumed');
      expect(await versionOf(`dms-ledger:${replicationConfigArn}`)).toMatchObject({
        deploymentVersion: { buildId: 'two' },
      });
      second.child.kill('SIGTERM');
      expect(await second.exit).toBe(0);
    } finally {
      await connection.close();
      await simulator.close();
    }
  });
});
