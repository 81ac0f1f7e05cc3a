/** Measures how long many stops that begin at once take to send their calls, under the request limits of AWS. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { currentBuild, stopsOf, withBuildOf, type Build } from './builds.js';
import { say, type Report } from './report.js';
import { AWS_THROTTLE, onStage, timesCalled } from './stage.js';

const STOPS = 1000;
const MOST_SECONDS = 260;
/** Each stop takes at least a minute, and the longest three. */
const STOPPING_SECONDS = 60;
const SPREAD_SECONDS = 120;
/** `TaskQueueType` of activities in Temporal's API. */
const ACTIVITIES = 2;

export async function measureStops(
  { promised }: Report,
  [stops = STOPS]: readonly number[],
  before: string | undefined,
): Promise<void> {
  if (before !== undefined) {
    const { figures } = await withBuildOf(before, (build) => askForAll(build, stops));
    say(`${stops} stops begun at once, ${before}: ${figures}`);
    say();
  }
  const { askedSeconds, throttled, failures, isOnce, figures } = await askForAll(currentBuild, stops);
  say(`${stops} stops begun at once: ${figures}`);
  say();
  const kept = (what: string, isKept: boolean) => say(`- ${promised(`${stops} stops at once`, what, isKept)}`);
  kept(`all asked of DMS within ${MOST_SECONDS} s`, askedSeconds <= MOST_SECONDS);
  kept('none throttled', throttled === 0);
  kept('none failed', failures === 0);
  kept('none asked twice', isOnce);
}

function askForAll(build: Build, stops: number) {
  const { program, start } = stopsOf(build);
  return onStage({ uncertain: { throttle: AWS_THROTTLE } }, async (stage) => {
    const { simulator, client } = stage;
    const arns = Array.from({ length: stops }, (_, i) => {
      const stopping = STOPPING_SECONDS + (SPREAD_SECONDS * ((i * 7919) % stops)) / stops;
      return simulator.createReplication({ durations: { stopping, describingStop: 0, flushingCheckpoint: 0 } });
    });
    stage.start(program);
    await untilPolled(client, 'bench');
    const begunAt = Date.now();
    const ids = await Promise.all(arns.map((arn) => start(client, 'bench', arn)));
    const ends = await Promise.allSettled(ids.map((id) => client.workflow.getHandle(id).result()));
    const { calls } = simulator;
    const asked = calls.filter(({ operation, outcome }) => operation === 'StopReplication' && outcome === 'ok');
    const askedSeconds = asked.length < stops ? Infinity : (Math.max(...asked.map(({ at }) => at)) - begunAt) / 1000;
    const throttled = calls.filter(({ outcome }) => outcome === 'ThrottlingException').length;
    const counts = [
      `asked after ${askedSeconds.toFixed(0)} s (${(stops / askedSeconds).toFixed(1)} a second)`,
      `all over after ${((Date.now() - begunAt) / 1000).toFixed(0)} s`,
      `${throttled} throttled`,
      ...['DescribeReplications', 'StopReplication', 'DescribeReplicationTableStatistics'].map(
        (operation) => `${simulator.count(operation)} ${operation}`,
      ),
    ];
    return {
      askedSeconds,
      throttled,
      failures: ends.filter(({ status }) => status === 'rejected').length,
      isOnce: timesCalled(simulator, arns, 'StopReplication'),
      figures: counts.join(', '),
    };
  });
}

/** Waits until a worker serves the task queue, so that its start is not measured. */
async function untilPolled({ workflowService, options: { namespace } }: Client, name: string): Promise<void> {
  const request = { namespace, taskQueue: { name }, taskQueueType: ACTIVITIES };
  while ((await workflowService.describeTaskQueue(request)).pollers.length === 0) await delay(200);
}
