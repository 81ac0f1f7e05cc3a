/** The programs of README and docs, each run as it is shown. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from '@temporalio/worker';
import { expect, inject, test } from 'vitest';
import { startServer } from '../../scripts/temporal-server.js';
import { createDmsActivities } from '../../src/activities/index.js';
import { startDmsSimulator } from '../../src/simulator/index.js';
import { quick, simulatedApi, Stage, until } from '../support/stage.js';

const example = (name: string) => new URL(`../../examples/readme/${name}`, import.meta.url);

test('the program of the page about the simulator prints that its replication is deprovisioned', async () => {
  const program = spawn(process.execPath, ['--no-warnings', '--import', 'tsx', fileURLToPath(example('simulator.ts'))]);
  let said = '';
  program.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await once(program, 'close');
  expect(said).toBe('deprovisioned\n');
});

test.concurrent(
  "the README's quickstart shows its progress and resumes, and the test in the page about tests passes",
  async () => {
    // Use a separate server: this program's worker would take the operations of programs with another simulator.
    const server = await startServer();
    try {
      const program = spawn(
        process.execPath,
        ['--no-warnings', '--import', 'tsx', fileURLToPath(example('quickstart.ts'))],
        {
          env: { ...process.env, TEMPORAL_ADDRESS: server.address },
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      );
      let said = '';
      program.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
      expect(await once(program, 'close')).toEqual([0, null]);
      expect(said).toMatch(/^settling: "stopped"; .*$/mu);
      expect(said).toMatch(/^Recorded\nStopped at checkpoint:\S+\. Resume it by \S+\.\nresumed, rows: moving\n$/mu);
      // The page about tests shows a test. Its worker, too, would take the operations of the other programs.
      const tests = spawn(
        process.execPath,
        ['--no-warnings', '--import', 'tsx', '--test', fileURLToPath(example('host-test.ts'))],
        { env: { ...process.env, TEMPORAL_ADDRESS: server.address }, stdio: ['ignore', 'pipe', 'inherit'] },
      );
      let report = '';
      tests.stdout.on('data', (chunk: Buffer) => (report += chunk.toString()));
      expect(await once(tests, 'close')).toEqual([0, null]);
      expect(report).toMatch(/^# pass 1$/mu);
    } finally {
      await server.teardown();
    }
  },
);

test.concurrent('the example worker serves the example clients, a fleet and a host on another task queue', async () => {
  const simulator = await startDmsSimulator({ speed: 60, uncertain: { customStartPoint: true } });
  const temporalAddress = inject('temporalAddress');
  const env = {
    ...process.env,
    TEMPORAL_ADDRESS: temporalAddress,
    AWS_ENDPOINT_URL_DATABASE_MIGRATION_SERVICE: simulator.endpoint,
    AWS_ACCESS_KEY_ID: 'simulated',
    AWS_SECRET_ACCESS_KEY: 'simulated',
  };
  const run = (name: string, ...args: string[]) =>
    spawn(process.execPath, ['--no-warnings', '--import', 'tsx', fileURLToPath(example(name)), ...args], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  const worker = run('worker.ts');
  try {
    const said = async (name: string, ...args: string[]) => {
      const program = run(name, ...args);
      let out = '';
      program.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
      const [code] = (await once(program, 'close')) as [number];
      return [code, out];
    };
    const [old, created] = (['running', 'created'] as const).map((status) =>
      simulator.createReplication({ status, replicationType: 'cdc', durations: quick.durations }),
    ) as [string, string];
    const [client, host, deadline, pauseSchedule, newReplication] = await Promise.all([
      said('client.ts', simulator.createReplication()),
      said('host-worker.ts', simulator.createReplication()),
      said('deadline.ts', simulator.createReplication()),
      said('pause-schedule.ts', simulator.createReplication(), randomUUID()),
      said('new-replication.ts', old, created),
    ]);
    const pattern = /^stopped checkpoint:\S+ can be resumed until \S+\nresumed, rows are moving\n$/;
    expect(client).toEqual([0, expect.stringMatching(pattern)]);
    expect(host).toEqual([0, 'resumed\n']);
    const paged = /^the operators are paged at \S+ unless somebody has resumed it\n$/;
    expect(deadline).toEqual([0, expect.stringMatching(paged)]);
    const billed = /^capacity-still-billed: a stopped replication stays provisioned .*\n$/;
    expect(pauseSchedule).toEqual([0, expect.stringMatching(billed)]);
    const positioned = /^custom-start-position: .*\nendpoint-override: .*\n$/;
    expect(newReplication).toEqual([0, expect.stringMatching(positioned)]);
    const started = simulator.calls.find(({ input }) => isStartOf(created, input));
    expect(started?.input).toMatchObject({
      StartReplicationType: 'start-replication',
      CdcStartPosition: expect.stringMatching(/^checkpoint:/),
    });
    const [code, planned] = await said('cutover.ts', simulator.createReplication({ status: 'running' }));
    expect([code, planned]).toEqual([0, expect.stringContaining("phase: 'switching', what: 'Call switchToTarget'")]);
    const fleet = [simulator.createReplication(), simulator.createReplication()];
    expect(await said('fleet.ts', ...fleet)).toEqual([0, '{ stopped: 2 } 0 failed\n{ resumed: 2 }\n']);
  } finally {
    worker.kill('SIGTERM');
    await once(worker, 'exit');
    await simulator.close();
  }
});

function isStartOf(arn: string, input: Readonly<Record<string, unknown>>): boolean {
  return input['ReplicationConfigArn'] === arn && 'StartReplicationType' in input;
}

test.concurrent(
  'the example of versioned workflows stops a replication, and its ledger has the behavior AUTO_UPGRADE',
  async () => {
    await using stage = await Stage.set();
    const { simulator, client, taskQueue } = stage;
    const replicationConfigArn = simulator.createReplication();
    const version = { deploymentName: taskQueue, buildId: 'one' };
    const worker = await Worker.create({
      connection: stage.native,
      taskQueue,
      workflowsPath: fileURLToPath(example('versioned-workflows.ts')),
      activities: createDmsActivities({ dms: simulatedApi(simulator) }),
      workerDeploymentOptions: { version, useWorkerVersioning: true, defaultVersioningBehavior: 'PINNED' },
    });
    await worker.runUntil(async () => {
      await until('the version is current', () =>
        client.workflowService
          .setWorkerDeploymentCurrentVersion({ namespace: 'default', ...version })
          .catch(() => null),
      );
      expect((await stage.dms.stop({ replicationConfigArn, settleSeconds: 0 })).outcome).toBe('stopped');
      const { raw } = await client.workflow.getHandle(`dms-ledger:${replicationConfigArn}`).describe();
      const AUTO_UPGRADE = 2;
      expect(raw.workflowExecutionInfo?.versioningInfo?.behavior).toBe(AUTO_UPGRADE);
    });
  },
);
