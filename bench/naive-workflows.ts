/** The way everyone writes it first: a loop of a look and a timer, in workflow code. */
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

/** The same without asking for the stop, as often as told. */
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

/** The retry is the loop, and every attempt asks for itself. */
export async function attemptWait(arn: string): Promise<string | null> {
  return describeStopped(arn);
}
