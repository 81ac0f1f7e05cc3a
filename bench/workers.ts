/**
 * Measures four workers that share an account-region without knowing of each other: the sum of their requests, and
 * whether any of them starves.
 */
import { ReplicationClient } from '../src/client/index.js';
import { workerProgram } from './paths.js';
import { say, type Report } from './report.js';
import { detectionDelays, stopping } from './scale.js';
import { AWS_THROTTLE, onStage, percentile } from './stage.js';

const WORKERS = 4;
const WAITS_EACH = 250;

export async function measureWorkers({ promised }: Report): Promise<void> {
  await onStage({ uncertain: { throttle: AWS_THROTTLE } }, async ({ simulator, client, start }) => {
    const arns = stopping(simulator, WORKERS * WAITS_EACH);
    const begunAt = Date.now();
    const queues = Array.from({ length: WORKERS }, (_, n) => `bench-${n + 1}`);
    for (const queue of queues) start([workerProgram], queue);
    const queueOf = (n: number) => queues[n % WORKERS] ?? '';
    const handles = await Promise.all(
      arns.map((replicationConfigArn, n) =>
        new ReplicationClient({ client, taskQueue: queueOf(n) }).startStop({
          replicationConfigArn,
          selfRestartGraceSeconds: 0,
        }),
      ),
    );
    const ends = await Promise.allSettled(handles.map((handle) => handle.result()));
    const seconds = (Date.now() - begunAt) / 1000;
    const failures = ends.filter(({ status }) => status === 'rejected').length;
    const { calls } = simulator;
    const throttled = calls.filter(({ outcome }) => outcome === 'ThrottlingException').length;
    const rate = calls.length / seconds;
    const delays = detectionDelays(simulator, arns);
    const p99 = queues.map((_, n) =>
      percentile(
        delays.filter((__, i) => i % WORKERS === n),
        99,
      ),
    );
    say(`${WORKERS} workers with ${WAITS_EACH} waits each, ${seconds.toFixed(0)} s:`);
    say();
    const { burst, refill } = AWS_THROTTLE;
    const limit = `at most AWS's ${refill} requests a second and ${burst} at once`;
    say(`- ${promised('four workers', limit, calls.length <= burst + refill * seconds)} (${rate.toFixed(1)} a second)`);
    const share = throttled / calls.length;
    say(`- ${promised('four workers', 'at most 5 % throttled', share <= 0.05)} (${throttled} of ${calls.length})`);
    const each = p99.map((value) => value.toFixed(1)).join(' / ');
    say(
      `- ${promised('four workers', 'none starves', Math.max(...p99) <= 2 * Math.min(...p99) + 2)} (seen after, p99 of each: ${each} s)`,
    );
    say(`- ${promised('four workers', 'none failed', failures === 0)}`);
  });
}
