/** Measures the worker's memory while five thousand waits begin and wait. */
import { setTimeout as delay } from 'node:timers/promises';
import { ReplicationClient } from '../src/client/index.js';
import { workerProgram } from './paths.js';
import { cpuSeconds, peakMemory } from './processes.js';
import { say, type Report } from './report.js';
import { AWS_THROTTLE, onStage } from './stage.js';

const WAITS = 5000;
/** Seconds of measurement once all waits have begun. */
const HELD_SECONDS = 60;

export async function measureMemory({ promised }: Report): Promise<void> {
  await onStage({ uncertain: { throttle: AWS_THROTTLE } }, async ({ simulator, client, start, serverCpuSeconds }) => {
    const durations = { stopping: 86_400 };
    const arns = Array.from({ length: WAITS }, () => simulator.createReplication({ status: 'stopping', durations }));
    const dms = new ReplicationClient({ client, taskQueue: 'bench' });
    const begunAt = Date.now();
    const worker = start([workerProgram]);
    for (const replicationConfigArn of arns) await dms.startStop({ replicationConfigArn, selfRestartGraceSeconds: 0 });
    const ledgers = async () => (await client.workflow.count('WorkflowType = "dmsReplicationLedger"')).count;
    while ((await ledgers()) < WAITS) await delay(1000);
    const begun = (Date.now() - begunAt) / 1000;
    const [server, own] = [serverCpuSeconds() ?? 0, cpuSeconds(worker.pid ?? 0) ?? 0];
    await delay(HELD_SECONDS * 1000);
    const share = (before: number, now: number | null) =>
      `${((((now ?? 0) - before) / HELD_SECONDS) * 100).toFixed(0)} %`;
    const memory = peakMemory(worker.pid ?? 0);
    say(`${WAITS} waits, all begun after ${begun.toFixed(0)} s:`);
    say();
    const what = `worker memory at most 1.2 GB (${memory === null ? 'not known here' : `${memory.toFixed(0)} MB`})`;
    say(`- ${promised(`${WAITS} waits`, what, (memory ?? 0) <= 1200)}`);
    const throttled = simulator.calls.filter(({ outcome }) => outcome === 'ThrottlingException').length;
    say(`- ${throttled} requests throttled`);
    say(
      `- while they wait: ${share(server, serverCpuSeconds())} of a core of the server, ${share(own, cpuSeconds(worker.pid ?? 0))} of the worker`,
    );
  });
}
