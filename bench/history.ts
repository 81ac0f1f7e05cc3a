/** Measures the length of the history of a stop, for short and long waits. */
import { randomUUID } from 'node:crypto';
import { DatabaseMigrationServiceClient } from '@aws-sdk/client-database-migration-service';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, DefaultLogger, Worker, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { findServer } from '../scripts/temporal-server.js';
import { createDmsActivities } from '../src/activities/index.js';
import { createAwsDmsApi, createDmsClient } from '../src/aws/index.js';
import { startDmsSimulator, type DmsSimulator } from '../src/simulator/index.js';
import { naiveActivities, naiveWorkflowsPath } from './naive-worker.js';
import { workflowsPath } from './paths.js';

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;

export interface HistoryFigures {
  readonly ours: { readonly minute: number; readonly hour: number; readonly day: number };
  /** No figure for a day, which is 24 times the hour. The test server would take hours to replay it. */
  readonly naive: { readonly minute: number; readonly hour: number };
}

interface Way {
  readonly type: string;
  readonly input: (arn: string) => unknown;
  readonly id: (arn: string) => string;
  readonly bundle: WorkflowBundleWithSourceMap;
  readonly activities: (simulator: DmsSimulator) => object;
}

export async function measureHistories(): Promise<HistoryFigures> {
  const logger = new DefaultLogger('ERROR');
  const ours: Way = {
    type: 'dmsStopReplication',
    input: (arn) => ({ replicationConfigArn: arn, settleSeconds: 0, stopTimeoutSeconds: 2 * 86_400 }),
    id: (arn) => `dms:${arn}`,
    bundle: await bundleWorkflowCode({ workflowsPath, logger }),
    activities: (simulator) =>
      createDmsActivities({
        dms: createAwsDmsApi({ clientFor: ({ region }) => createDmsClient(simulator.clientConfig(region)) }),
        holdSeconds: 0,
        // The server skips time, but the request budget uses the real clock.
        looksPerSecond: 1000,
      }),
  };
  const naive: Way = {
    type: 'naiveStop',
    input: (arn) => arn,
    id: () => randomUUID(),
    bundle: await bundleWorkflowCode({ workflowsPath: naiveWorkflowsPath, logger }),
    activities: (simulator) => naiveActivities(new DatabaseMigrationServiceClient(simulator.clientConfig())),
  };
  const env = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: await findServer('time-skipping') },
  });
  try {
    return {
      ours: {
        minute: await eventsOfStop(env, ours, MINUTE),
        hour: await eventsOfStop(env, ours, HOUR),
        day: await eventsOfStop(env, ours, DAY),
      },
      naive: { minute: await eventsOfStop(env, naive, MINUTE), hour: await eventsOfStop(env, naive, HOUR) },
    };
  } finally {
    await env.teardown();
  }
}

async function eventsOfStop(env: TestWorkflowEnvironment, way: Way, seconds: number): Promise<number> {
  const simulator = await startDmsSimulator({ speed: 1, durations: { stopping: 1e9 } });
  try {
    const arn = simulator.createReplication();
    const taskQueue = randomUUID();
    const worker = await Worker.create({
      connection: env.nativeConnection,
      taskQueue,
      workflowBundle: way.bundle,
      activities: way.activities(simulator),
    });
    return await worker.runUntil(async () => {
      const begun = await env.currentTimeMs();
      const handle = await env.client.workflow.start(way.type, {
        workflowId: way.id(arn),
        taskQueue,
        args: [way.input(arn)],
      });
      while (simulator.row(arn).Status !== 'stopping') await new Promise((resolve) => setTimeout(resolve, 20));
      const left = begun + seconds * 1000 - (await env.currentTimeMs());
      await env.sleep(Math.max(0, left));
      const row = simulator.row(arn);
      row.Status = 'stopped';
      row.StopReason = 'Stop Reason NORMAL';
      row.ReplicationLastStopTime = Date.now() / 1000;
      await handle.result();
      const { events } = await handle.fetchHistory();
      // The time-skipping server dispatches workflow tasks again while it skips. Only completed tasks count, because a
      // real server would dispatch only those.
      const isTask = (event: NonNullable<typeof events>[number]) =>
        event.workflowTaskScheduledEventAttributes ??
        event.workflowTaskStartedEventAttributes ??
        event.workflowTaskTimedOutEventAttributes ??
        event.workflowTaskFailedEventAttributes ??
        event.workflowTaskCompletedEventAttributes;
      const completed = events?.filter((event) => event.workflowTaskCompletedEventAttributes).length ?? 0;
      return (events?.filter((event) => !isTask(event)).length ?? 0) + 3 * completed;
    });
  } finally {
    await simulator.close();
  }
}
