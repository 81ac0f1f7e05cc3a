/** Measures how long a cutover stops writes, beyond the user's hooks, DMS's own stop and the settling. */
import { setTimeout as sleep } from 'node:timers/promises';
import { NativeConnection, Worker } from '@temporalio/worker';
import { ReplicationClient } from '../src/client/index.js';
import { workerProgram } from './paths.js';
import { say, type Report } from './report.js';
import { onStage } from './stage.js';

const DRAIN_SECONDS = 5;
const STOP_SECONDS = 20;
const SETTLE_SECONDS = 10;
const MOST_OWN_SECONDS = 3;
const MOST_EVENTS = 150;

export async function measureCutover({ promised }: Report): Promise<void> {
  await onStage({}, async ({ simulator, client, start, address }) => {
    const durations = { stopping: STOP_SECONDS, describingStop: 0, flushingCheckpoint: 0 };
    const arn = simulator.createReplication({ status: 'running', durations });
    let fencedAt = Infinity;
    let side = 'source';
    const connection = await NativeConnection.connect({ address });
    const hooks = await Worker.create({
      connection,
      taskQueue: 'hooks',
      activities: {
        fence: async () => void (fencedAt = Date.now()),
        unfence: async () => undefined,
        isDrained: async () => ({ drained: Date.now() >= fencedAt + DRAIN_SECONDS * 1000 }),
        switchToTarget: async () => void (side = 'target'),
        whereIsTraffic: async () => side,
      },
    });
    start([workerProgram], 'bench', { TEMPORAL_DMS_LAG: 'cloudwatch', AWS_ENDPOINT_URL: simulator.endpoint });
    const hook = (activityType: string) => ({ activityType, taskQueue: 'hooks' });
    const cutover = await new ReplicationClient({ client, taskQueue: 'bench' }).startCutover({
      cutoverId: 'bench',
      replicationConfigArns: [arn],
      requestedBy: 'bench',
      reason: 'rehearsal',
      writesStoppedSeconds: 300,
      stop: { settleSeconds: SETTLE_SECONDS },
      hooks: {
        fence: hook('fence'),
        unfence: hook('unfence'),
        isDrained: hook('isDrained'),
        switchToTarget: hook('switchToTarget'),
        whereIsTraffic: hook('whereIsTraffic'),
      },
    });
    const approve = async () => {
      for (let status = await cutover.status(); !status.ready; status = await cutover.status()) {
        if (status.cause !== null) return;
        await sleep(200);
      }
      await cutover.approve({ by: 'bench', reason: 'ready', confirm: 'bench' });
    };
    const [{ outcome, writesStoppedSeconds }] = await hooks.runUntil(Promise.all([cutover.result(), approve()]));
    await connection.close();
    const { historyLength } = await client.workflow.getHandle(cutover.workflowId).describe();
    const stopped = writesStoppedSeconds ?? Infinity;
    const own = stopped - DRAIN_SECONDS - STOP_SECONDS - SETTLE_SECONDS;
    say(
      `A cutover (${outcome}) stopped writes for ${stopped.toFixed(1)} s: drain ${DRAIN_SECONDS} s, stop ${STOP_SECONDS} s, settling ${SETTLE_SECONDS} s, the package ${own.toFixed(1)} s. It has ${historyLength} history events.`,
    );
    say();
    const kept = (what: string, isKept: boolean) => say(`- ${promised('a cutover', what, isKept)}`);
    kept('it switches', outcome === 'switched');
    kept(`the package adds at most ${MOST_OWN_SECONDS} s`, own <= MOST_OWN_SECONDS);
    kept(`at most ${MOST_EVENTS} history events`, historyLength <= MOST_EVENTS);
  });
}
