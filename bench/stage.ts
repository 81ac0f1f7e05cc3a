/** Server, simulator and workers under measurement. All but the simulator are processes of their own. */
import type { ChildProcess } from 'node:child_process';
import { Client, Connection } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { freePort } from '../scripts/free-port.js';
import { findServer } from '../scripts/temporal-server.js';
import { startDmsSimulator, type DmsSimulator, type DmsSimulatorOptions } from '../src/simulator/index.js';
import { childWith, cpuSeconds, endProgram, startProgram } from './processes.js';

/** Request limits of AWS: 200 at once, and 8 a second after that. */
export const AWS_THROTTLE = { burst: 200, refill: 8 };

export interface Stage {
  readonly simulator: DmsSimulator;
  readonly client: Client;
  /** Address of the server. */
  readonly address: string;
  /** Starts one more worker on the given task queue. */
  readonly start: (program: readonly string[], taskQueue?: string, env?: NodeJS.ProcessEnv) => ChildProcess;
  /** Returns the processor seconds of the server so far. `null`: the system does not tell. */
  readonly serverCpuSeconds: () => number | null;
  /** Returns the actions that Temporal Cloud would bill so far, by the server's own count. */
  readonly actions: () => Promise<number>;
}

export async function onStage<T>(options: DmsSimulatorOptions, work: (stage: Stage) => Promise<T>): Promise<T> {
  const simulator = await startDmsSimulator({ speed: 1, ...options });
  const metricsPort = await freePort();
  const server = await TestWorkflowEnvironment.createLocal({
    server: {
      executable: await findServer('dev'),
      log: { level: 'error', format: 'json' },
      extraArgs: ['--metrics-port', String(metricsPort)],
    },
  });
  const serverPid = childWith(String(metricsPort));
  const connection = await Connection.connect({ address: server.address });
  const workers = new Set<ChildProcess>();
  try {
    return await work({
      simulator,
      client: new Client({ connection }),
      address: server.address,
      start(program, taskQueue = 'bench', env = {}) {
        const worker = startProgram(program, {
          TEMPORAL_ADDRESS: server.address,
          TEMPORAL_TASK_QUEUE: taskQueue,
          AWS_ENDPOINT_URL_DATABASE_MIGRATION_SERVICE: simulator.endpoint,
          AWS_ACCESS_KEY_ID: 'simulated',
          AWS_SECRET_ACCESS_KEY: 'simulated',
          ...env,
        });
        workers.add(worker);
        return worker;
      },
      serverCpuSeconds: () => (serverPid === null ? null : cpuSeconds(serverPid)),
      actions: () => countActions(metricsPort),
    });
  } finally {
    await Promise.all(
      [...workers].filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null).map(endProgram),
    );
    await connection.close();
    await server.teardown();
    await simulator.close();
  }
}

/** Reads the server's `action` metric. See {@link https://docs.temporal.io/cloud/migrate/estimate-actions}. */
async function countActions(port: number): Promise<number> {
  const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const counts = metrics.matchAll(/^action\{[^}]*namespace="default"[^}]*\} (\S+)$/gm);
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}

export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.ceil((percent / 100) * sorted.length) - 1)] ?? NaN;
}

/** Returns true if DMS got exactly one call for each replication. Throttled calls do not count. */
export function timesCalled(simulator: DmsSimulator, arns: readonly string[], operation: string): boolean {
  const calls = new Map<unknown, number>();
  for (const { operation: called, input, outcome } of simulator.calls) {
    if (called !== operation || outcome === 'ThrottlingException') continue;
    const arn = input['ReplicationConfigArn'];
    calls.set(arn, (calls.get(arn) ?? 0) + 1);
  }
  return arns.every((arn) => calls.get(arn) === 1);
}
