/** Measures a fleet of a thousand that is stopped and resumed while its worker is killed. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { ReplicationClient, type FleetHandle } from '../src/client/index.js';
import type { DmsSimulator } from '../src/simulator/index.js';
import { workerProgram } from './paths.js';
import { say, type Report } from './report.js';
import { onStage, timesCalled, type Stage } from './stage.js';

const REPLICATIONS = 1000;
const CONCURRENCY = 200;
const MAX_EVENTS = 5000;
/** Request budget so high that it does not limit the measurement. */
const QUICK = { TEMPORAL_DMS_LOOKS_PER_SECOND: '80' };

export async function measureFleet({ promised }: Report): Promise<void> {
  await onStage({}, async (stage) => {
    const { simulator, client } = stage;
    const starting = {
      initializing: 1,
      preparing_metadata_resources: 1,
      testing_connection: 1,
      fetching_metadata: 1,
      calculating_capacity: 1,
      provisioning_capacity: 1,
      replication_starting: 1,
    };
    const durations = { ...starting, stopping: 5, describingStop: 0, flushingCheckpoint: 0 };
    const arns = Array.from({ length: REPLICATIONS }, () => simulator.createReplication({ durations }));
    const dms = new ReplicationClient({ client, taskQueue: 'bench' });
    const settings = { fleetId: 'bench', concurrency: CONCURRENCY };
    const kept = (what: string, isKept: boolean) => say(`- ${promised(`a fleet of ${REPLICATIONS}`, what, isKept)}`);
    say(
      `A fleet of ${REPLICATIONS}, ${CONCURRENCY} at once, its worker killed in the middle of stopping and of resuming:`,
    );
    say();

    const stopping = await dms.startStopFleet({ ...settings, replicationConfigArns: arns, selfRestartGraceSeconds: 0 });
    const stopped = await throughKill(stage, stopping, 'StopReplication');
    const { results } = stopped.result;
    kept(
      'every one is stopped',
      Object.values(results).every((entry) => 'outcome' in entry && entry.outcome === 'stopped'),
    );
    kept('none is stopped twice', timesCalled(simulator, arns, 'StopReplication'));
    kept(
      `at most ${MAX_EVENTS} events a run (${stopped.events.join(', ')})`,
      Math.max(...stopped.events) <= MAX_EVENTS,
    );
    say(`- took ${stopped.seconds.toFixed(0)} s`);

    const resuming = await dms.startResumeFleet({ ...settings, stopped: results, verifyProgressSeconds: 0 });
    const resumed = await throughKill(stage, resuming, 'StartReplication');
    kept(
      'every one is resumed',
      Object.values(resumed.result.results).every((entry) => 'outcome' in entry),
    );
    kept('none is started twice', timesCalled(simulator, arns, 'StartReplication'));
    kept(
      `at most ${MAX_EVENTS} events a run (${resumed.events.join(', ')})`,
      Math.max(...resumed.events) <= MAX_EVENTS,
    );
    const order = startOrder(simulator, results);
    kept(
      `in the order of the nearest deadline, but for those under way at once (${order} places off at most)`,
      order <= CONCURRENCY,
    );
    say(`- took ${resumed.seconds.toFixed(0)} s`);
  });
}

/**
 * Kills the fleet's worker once a third of the calls are made. Returns the result, the seconds, and the events of each
 * run.
 */
async function throughKill({ simulator, client, start }: Stage, handle: FleetHandle, operation: string) {
  const begunAt = Date.now();
  const worker = start([workerProgram], 'bench', QUICK);
  while (simulator.count(operation) < REPLICATIONS / 3) await delay(200);
  worker.kill('SIGKILL');
  const next = start([workerProgram], 'bench', QUICK);
  const result = await handle.result();
  const seconds = (Date.now() - begunAt) / 1000;
  next.kill('SIGTERM');
  return { result, seconds, events: await eventsOfRuns(client, handle.workflowId) };
}

async function eventsOfRuns(client: Client, workflowId: string): Promise<readonly number[]> {
  const lengths: number[] = [];
  for await (const { runId } of client.workflow.list({ query: `WorkflowId = "${workflowId}"` }))
    lengths.push((await client.workflow.getHandle(workflowId, runId).describe()).historyLength);
  return lengths;
}

/** Returns the largest distance between the place of a start and the place that its deadline gives it. */
function startOrder(simulator: DmsSimulator, results: Readonly<Record<string, unknown>>): number {
  const deadline = (arn: unknown) => (results[String(arn)] as { resumeBy: string | null }).resumeBy ?? '';
  const started = simulator.calls
    .filter(({ operation, outcome }) => operation === 'StartReplication' && outcome === 'ok')
    .map(({ input }) => input['ReplicationConfigArn']);
  const wanted = started.toSorted((one, other) => deadline(one).localeCompare(deadline(other)));
  const place = new Map(wanted.map((arn, n) => [arn, n]));
  return Math.max(...started.map((arn, n) => Math.abs(n - (place.get(arn) ?? 0))));
}
