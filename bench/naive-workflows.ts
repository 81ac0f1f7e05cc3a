/** Naive ways to wait. Most people first write a loop of a look and a timer, in workflow code. */
import { proxyActivities, sleep } from '@temporalio/workflow';
import type { naiveActivities } from './naive-worker.js';

const { stop, describe } = proxyActivities<ReturnType<typeof naiveActivities>>({ startToCloseTimeout: '1 minute' });

export async function naiveStop(arn: string): Promise<string | null> {
  await stop(arn);
  for (;;) {
    const { status, checkpoint } = await describe(arn);
    if (status === 'stopped') return checkpoint;
    await sleep('30 seconds');
  }
}

/** Waits as {@link naiveStop} does, at the given interval, without requesting the stop. */
export async function naiveWait(arn: string, every: '5 seconds' | '30 seconds'): Promise<string | null> {
  for (;;) {
    const { status, checkpoint } = await describe(arn);
    if (status === 'stopped') return checkpoint;
    await sleep(every);
  }
}

const { describeStopped } = proxyActivities<ReturnType<typeof naiveActivities>>({
  startToCloseTimeout: '1 minute',
  retry: { initialInterval: '5 seconds', backoffCoefficient: 1 },
});

/** Waits by retries of an activity. Each attempt looks once. */
export async function attemptWait(arn: string): Promise<string | null> {
  return describeStopped(arn);
}
