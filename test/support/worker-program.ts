/** Runs the ready-made worker in a process of its own, and reads its log. */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { afterAll, expect, inject } from 'vitest';
import { ReplicationClient } from '../../src/client/index.js';
import { startDmsSimulator, type DmsSimulator, type DmsSimulatorOptions } from '../../src/simulator/index.js';
import { quick } from './stage.js';

export const program = fileURLToPath(new URL('../../dist/worker.js', import.meta.url));

const running = new Set<ChildProcess>();

/** Ends all workers of a test file after its tests, even if a test has failed. */
export function killWorkersAfterAll(): void {
  afterAll(() => {
    for (const each of running) each.kill('SIGKILL');
  });
}

/** Line of the log. */
interface Line {
  readonly time: string;
  readonly phase: string;
  readonly error?: string;
  readonly warning?: string;
  /** The rest is there in lines of Temporal's SDK. */
  readonly message?: string;
  readonly workflowRunId?: string;
  readonly activityId?: string;
  readonly attempt?: number;
}

/** Starts the ready-made worker with only the given environment. */
export function start(env: Readonly<Record<string, string>>, script = program) {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, ['--no-warnings', script], {
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
  const lines: Line[] = [];
  const texts: string[] = [];
  createInterface(child.stdout).on('line', (line) => {
    if (line.startsWith('{')) lines.push(JSON.parse(line) as Line);
    else texts.push(line);
  });
  let endedAt = NaN;
  child.once('exit', () => (endedAt = Date.now()));
  const exit = once(child, 'close').then(([code]) => {
    running.delete(child);
    return code as number | null;
  });
  return {
    child,
    lines,
    texts,
    exit,
    endedAt: () => endedAt,
    has: (phase: string) => lines.find((line) => line.phase === phase),
  };
}

export const credentials = { AWS_ACCESS_KEY_ID: 'simulated', AWS_SECRET_ACCESS_KEY: 'simulated' };

/** The environment of a worker on the tests' server, whose AWS is the simulator. */
export const workerEnv = (taskQueue: string, simulator: DmsSimulator) => ({
  ...credentials,
  TEMPORAL_ADDRESS: inject('temporalAddress'),
  TEMPORAL_TASK_QUEUE: taskQueue,
  AWS_ENDPOINT_URL_DATABASE_MIGRATION_SERVICE: simulator.endpoint,
});

type RunningWorker = ReturnType<typeof start>;

/** Ends workers as a process manager does. Each must drain, and exit with 0. */
export async function drain(...workers: readonly RunningWorker[]): Promise<void> {
  for (const { child } of workers) child.kill('SIGTERM');
  expect(await Promise.all(workers.map(({ exit }) => exit))).toEqual(workers.map(() => 0));
}

/** Simulator, connection and task queue of ready-made workers. The end of the stage drains every worker that still runs. */
export class ProgramStage implements AsyncDisposable {
  readonly taskQueue = `program-${randomUUID()}`;
  readonly #workers: RunningWorker[] = [];

  private constructor(
    readonly simulator: DmsSimulator,
    readonly connection: Connection,
  ) {}

  static async set(options: DmsSimulatorOptions = quick): Promise<ProgramStage> {
    const address = inject('temporalAddress');
    const [simulator, connection] = await Promise.all([startDmsSimulator(options), Connection.connect({ address })]);
    return new ProgramStage(simulator, connection);
  }

  /** Environment of a worker on this task queue. */
  get env() {
    return workerEnv(this.taskQueue, this.simulator);
  }

  get client(): Client {
    return new Client({ connection: this.connection });
  }

  get dms(): ReplicationClient {
    return new ReplicationClient({ client: this.client, taskQueue: this.taskQueue });
  }

  start(env: Readonly<Record<string, string>> = {}, script?: string): RunningWorker {
    const worker = start({ ...this.env, ...env }, script);
    this.#workers.push(worker);
    return worker;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await drain(...this.#workers.filter(({ child }) => child.exitCode === null && child.signalCode === null));
    } finally {
      await Promise.all([this.simulator.close(), this.connection.close()]);
    }
  }
}
