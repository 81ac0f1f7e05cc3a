import { copyFile, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { expect, test } from 'vitest';
import { findServer } from '../../scripts/temporal-server.js';
import { manual } from '../support/held-wait.js';
import { failureOf, simulatedApi, Stage, until } from '../support/stage.js';

const brief = { settleSeconds: 0 };

/** Dev server that keeps its data in a folder, and that restarts on the same port. */
class Server {
  #running: TestWorkflowEnvironment | null = null;
  #port: number | undefined;

  constructor(private readonly folder: string) {}

  async start(): Promise<string> {
    const log = { level: 'error', format: 'json' } as const;
    const server = { executable: await findServer('dev'), log, dbFilename: join(this.folder, 'temporal.db') };
    const port = this.#port === undefined ? {} : { port: this.#port };
    const begin = () => TestWorkflowEnvironment.createLocal({ server: { ...server, ...port } });
    // The SDK gives the server five seconds to start. A busy machine may need a second try.
    this.#running = await begin().catch(begin);
    this.#port = Number(this.#running.address.split(':')[1]);
    return this.#running.address;
  }

  async stop(): Promise<void> {
    await this.#running?.teardown();
    this.#running = null;
  }
}

async function copyFiles(from: string, to: string): Promise<void> {
  for (const name of await readdir(from)) await copyFile(join(from, name), join(to, name));
}

test('a stop restored from a backup fails without another call when the replication was started since', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'temporal-dms-restored-'));
  const backup = await mkdtemp(join(tmpdir(), 'temporal-dms-backup-'));
  const server = new Server(folder);
  try {
    await using stage = await Stage.set(manual, { address: await server.start() });
    const { simulator, dms } = stage;
    const api = simulatedApi(simulator);
    // The first answer is lost, and the next attempt comes once the backup is made.
    const stopReplication: typeof api.stopReplication = async (arn, options) => {
      const answer = await api.stopReplication(arn, options);
      if (simulator.count('StopReplication') > 1) return answer;
      throw ApplicationFailure.create({ message: 'The answer was lost', nextRetryDelay: '8 s' });
    };
    await stage.work({ dms: { ...api, stopReplication } });
    const replicationConfigArn = simulator.createReplication();
    const stop = await dms.startStop({ replicationConfigArn, operationId: 'night', ...brief });
    await until('its answer is lost', async () => (await stop.progress()).detail.includes('The answer was lost'));
    await server.stop();
    await copyFiles(folder, backup);

    await server.start();
    simulator.clock.advance({ minutes: 1 });
    expect(await until('it is recorded', () => stop.result().catch(() => null))).toMatchObject({ outcome: 'stopped' });
    simulator.start(replicationConfigArn);
    simulator.clock.advance({ minutes: 5 });
    expect(simulator.row(replicationConfigArn).Status).toBe('running');
    await server.stop();

    for (const name of await readdir(folder)) await rm(join(folder, name));
    await copyFiles(backup, folder);
    await server.start();
    const failure = await until('it is over', async () => {
      const { type, message } = await failureOf(stop.result());
      return type === 'DmsStopReverted' ? message : null;
    });
    expect(failure).toContain('after this stop had asked for it');
    expect(await dms.ledger(replicationConfigArn)).toMatchObject({
      checkpoints: [],
      operations: [{ operationId: 'night', failureType: 'DmsStopReverted', finishedAt: expect.any(String) }],
    });
    expect(simulator.row(replicationConfigArn).Status).toBe('running');
    expect(simulator.count('StopReplication')).toBe(1);
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
    await rm(backup, { recursive: true, force: true });
  }
});
