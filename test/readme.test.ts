import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Worker } from '@temporalio/worker';
import { expect, inject, test } from 'vitest';
import { assumed, startDmsSimulator } from '../src/simulator/index.js';
import { createDmsActivities } from '../src/activities/index.js';
import { simulatedApi, Stage, until } from './support/stage.js';

const example = (name: string) => new URL(`../examples/readme/${name}`, import.meta.url);

test.each([
  'worker.ts',
  'client.ts',
  'deadline.ts',
  'fleet.ts',
  'host.ts',
  'pause-schedule.ts',
  'test.ts',
  'versioned-workflows.ts',
])('the README shows examples/readme/%s as it is run here', async (name) => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  expect(readme).toContain(`\`\`\`ts\n${await readFile(example(name), 'utf8')}\`\`\``);
});

test('the page about the simulator shows examples/readme/simulator.ts, which says what it says', async () => {
  const page = await readFile(new URL('../docs/simulator.md', import.meta.url), 'utf8');
  expect(page).toContain(`\`\`\`ts\n${await readFile(example('simulator.ts'), 'utf8')}\`\`\``);
  const program = spawn(process.execPath, ['--no-warnings', '--import', 'tsx', fileURLToPath(example('simulator.ts'))]);
  let said = '';
  program.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await once(program, 'close');
  expect(said).toBe('deprovisioned\n');
});

test('the page about the simulator has a row for every switch, with its default', async () => {
  const page = await readFile(new URL('../docs/simulator.md', import.meta.url), 'utf8');
  for (const [name, value] of Object.entries(assumed)) {
    expect(page).toContain(`\`${name}: ${typeof value === 'string' ? `'${value}'` : String(value)}\``);
  }
});

test.concurrent("the README's worker, client and fleet stop and resume replications", async () => {
  const simulator = await startDmsSimulator({ speed: 60 });
  const arn = simulator.createReplication();
  const env = {
    ...process.env,
    TEMPORAL_ADDRESS: inject('temporalAddress'),
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
    expect(await said('client.ts', arn)).toEqual([
      0,
      expect.stringMatching(/^stopped checkpoint:\S+ can be resumed until \S+\nresumed, rows are moving\n$/),
    ]);
    expect(await said('deadline.ts', arn)).toEqual([
      0,
      expect.stringMatching(/^the operators are paged at \S+ unless somebody has resumed it\n$/),
    ]);
    expect(await said('pause-schedule.ts', arn, randomUUID())).toEqual([
      0,
      expect.stringMatching(/^capacity-still-billed: a stopped replication stays provisioned .*\n$/),
    ]);
    await said('fleet.ts', arn);
    const fleet = [arn, simulator.createReplication()];
    expect(await said('fleet.ts', ...fleet)).toEqual([0, '{ stopped: 2 } 0 failed\n{ resumed: 2 }\n']);
  } finally {
    worker.kill('SIGTERM');
    await once(worker, 'exit');
    await simulator.close();
  }
});

test.concurrent("the README's host changes a schema between a stop and a resume", async () => {
  await using stage = await Stage.set();
  const { activities } = await import('../examples/readme/test.js');
  expect(Object.keys(activities)).toContain('dms.requestStop');
  const taskQueue = `host-${randomUUID()}`;
  const { simulator, replicationConfigArn } = await import('../examples/readme/test.js');
  try {
    const worker = await Worker.create({
      connection: stage.native,
      taskQueue,
      workflowsPath: fileURLToPath(new URL('support/readme-workflows.ts', import.meta.url)),
      activities,
    });
    const outcome = await worker.runUntil(
      stage.client.workflow.execute('changeSchema', {
        workflowId: randomUUID(),
        taskQueue,
        args: [replicationConfigArn],
      }),
    );
    expect(outcome).toBe('resumed');
    expect(simulator.count('StopReplication')).toBe(2);
  } finally {
    await simulator.close();
  }
});

test.concurrent(
  "the README's versioned workflows stop a replication, and move its ledger on with the deployment",
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
