import { CancellationScope, condition, isCancellation, log, setHandler } from '@temporalio/workflow';
import { nudgingActivities } from './activity-proxies.js';
import { nudgeSignal } from '../messages.js';

/** Maximum number of nudges that a wait passes on. More might fill its history. */
const MAX_NUDGES = 100;

/**
 * Waits, and passes nudges on to the worker that holds the wait. Nudges that arrive during a pass are merged into one.
 */
export async function waitWithNudges<Result>(
  replicationConfigArn: string,
  wait: () => Promise<Result>,
  taskQueue: string | undefined,
): Promise<Result> {
  let isNudged = false;
  setHandler(nudgeSignal, () => void (isNudged = true), { description: 'Makes the operation look at DMS now.' });
  const passScope = new CancellationScope();
  const passNudges = async () => {
    for (let passed = 0; passed < MAX_NUDGES; passed++) {
      await condition(() => isNudged);
      isNudged = false;
      const { 'dms.nudge': nudge } = nudgingActivities(taskQueue);
      await nudge({ replicationConfigArn }).catch((err: unknown) => {
        if (isCancellation(err)) throw err;
        // The wait looks by itself, only later.
        log.warn('A nudge found no worker that holds the wait', { error: String(err) });
      });
    }
  };
  const passingOn = passScope.run(passNudges).catch((err: unknown) => {
    if (!isCancellation(err)) throw err;
  });
  try {
    return await wait();
  } finally {
    passScope.cancel();
    await passingOn;
  }
}
