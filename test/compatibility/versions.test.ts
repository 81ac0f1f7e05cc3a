import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { compileConsumer, makeConsumer, moduleKinds } from '../support/consumer.js';
import { installPackage, run } from './support.js';

let folder: string;
beforeAll(async () => {
  folder = await makeConsumer();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.concurrent('a consumer of the packed tarball', () => {
  for (const version of ['5.9.3', '6.0.3']) {
    test(`compiles with TypeScript ${version}`, async () => {
      const typescript = await installPackage('typescript', version);
      for (const kind of moduleKinds) await compileConsumer(folder, typescript, kind);
    });
  }

  // The oldest version that package.json allows, and the major versions after it.
  for (const version of ['20.19.0', '22.23.3', '24.21.0']) {
    test(`stops and resumes a replication on Node ${version}`, async () => {
      const node = await installPackage(`node-${process.platform}-${process.arch}`, version);
      const program = join(folder, `main-job-${version}.mjs`);
      await writeFile(program, mainJob);
      const env = { ...process.env, TEMPORAL_ADDRESS: inject('temporalAddress') };
      const { stdout } = await run(join(node, 'bin/node'), ['--no-warnings', program], { env });
      expect(stdout).toContain(`v${version} stopped resumed`);
    });
  }

  test('gets an error that names the needed Node version from each program on Node 18', async () => {
    const node = await installPackage(`node-${process.platform}-${process.arch}`, '18.20.8');
    const stderr = expect.stringMatching(/^temporal-dms: temporal-dms needs Node >= 20\.19; this is v18\.20\.8\n$/);
    for (const program of ['worker', 'cli/main']) {
      const script = join(folder, 'node_modules/temporal-dms/dist', `${program}.js`);
      const refused: unknown = await run(join(node, 'bin/node'), [script]).catch((err: unknown) => err);
      expect(refused).toMatchObject({ code: 1, stdout: '', stderr });
    }
  });
});

const mainJob = `
  import { fileURLToPath } from 'node:url';
  import { Client, Connection } from '@temporalio/client';
  import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
  import { createDmsActivities } from 'temporal-dms/activities';
  import { createAwsDmsApi, createDmsClient } from 'temporal-dms/aws';
  import { ReplicationClient } from 'temporal-dms/client';
  import { startDmsSimulator } from 'temporal-dms/simulator';

  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const address = process.env.TEMPORAL_ADDRESS;
  const taskQueue = 'main-job-' + process.pid;
  const simulator = await startDmsSimulator({ speed: 60 });
  const connection = await Connection.connect({ address });
  const native = await NativeConnection.connect({ address });
  const worker = await Worker.create({
    connection: native,
    taskQueue,
    workflowsPath: fileURLToPath(import.meta.resolve('temporal-dms/workflows')),
    activities: createDmsActivities({
      dms: createAwsDmsApi({ clientFor: ({ region }) => createDmsClient(simulator.clientConfig(region)) }),
    }),
  });
  await worker.runUntil(async () => {
    const dms = new ReplicationClient({ client: new Client({ connection }), taskQueue });
    const replicationConfigArn = simulator.createReplication();
    const stopped = await dms.stop({ replicationConfigArn, settleSeconds: 1 });
    const resumed = await dms.resume({ replicationConfigArn, verifyProgressSeconds: 0 });
    console.log(process.version, stopped.outcome, resumed.outcome);
  });
  await native.close();
  await connection.close();
  await simulator.close();
`;
