import { ApplicationFailure, ActivityFailure, sleep, workflowInfo } from '@temporalio/workflow';
import { dmsFailure } from '../../contract/failures.js';

/** Failure types by which SDKs report that a worker does not know an activity. */
export const NOT_REGISTERED = ['NotFoundError', 'ActivityNotRegisteredError'];
/** Longest time for which an activity is tried on workers that do not know it. Another worker may know it. */
const MISSING_SECONDS = 300;
/** Time between two tries: at first, and at most. */
const [FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS] = [2, 15];

/** True if an activity failed because its worker does not know it. */
export function isNotRegistered(err: unknown): boolean {
  const cause = err instanceof ActivityFailure ? err.cause : err;
  return cause instanceof ApplicationFailure && NOT_REGISTERED.includes(cause.type ?? '');
}

/**
 * Runs an activity again and again while the workers of its task queue do not know it. Throws `DmsWorkerMissing` after
 * five minutes.
 *
 * The activity must fail at once on such a worker: {@link NOT_REGISTERED} belongs to its retry policy.
 */
export async function untilKnown<T>(
  { activityType, replicationConfigArn, taskQueue = workflowInfo().taskQueue }: MissingActivity,
  run: () => Promise<T>,
): Promise<T> {
  let missingSince: number | null = null;
  for (let pause = FIRST_PAUSE_SECONDS; ; pause = Math.min(LONGEST_PAUSE_SECONDS, pause * 2)) {
    try {
      return await run();
    } catch (err) {
      if (!isNotRegistered(err)) throw err;
      missingSince ??= Date.now();
      if (Date.now() - missingSince >= MISSING_SECONDS * 1000)
        throw dmsFailure(
          'DmsWorkerMissing',
          { replicationConfigArn },
          `No worker of the task queue "${taskQueue}" has the activity ${activityType}. It was tried for ${MISSING_SECONDS / 60} minutes`,
          `Start a worker with the activities of this package there (temporal dms worker --task-queue ${taskQueue}), or name the task queue of one. Then run the operation again.`,
        );
      await sleep(pause * 1000, { summary: `Wait for a worker that has ${activityType}` });
    }
  }
}

interface MissingActivity {
  readonly activityType: string;
  readonly replicationConfigArn: string;
  /** Task queue of the activity. Default: that of the workflow. */
  readonly taskQueue?: string | undefined;
}
