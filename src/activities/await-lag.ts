import { Context } from '@temporalio/activity';
import type { AwaitLag } from '../contract/reading-protocol.js';
import type { CutoverLag } from '../contract/cutover.js';
import { dmsFailure } from '../contract/failures.js';
import { readSharedRequest } from '../contract/input-schemas.js';
import { lagProblem, nameOf } from '../rules/cutover/gates.js';
import type { Attempt } from './runtime/attempt.js';
import { beginAttempt } from './runtime/begin-attempt.js';
import { readLag } from './read-replications.js';
import type { WorkerContext } from './runtime/worker-context.js';

/** Seconds of start-to-close that the wait keeps for its last reading. */
const RESERVE_SECONDS = 15;

/** Samples so far. Outlives the attempt. */
interface Memory {
  /** Number of accepted samples in a row. */
  readonly accepted: number;
  /** Time of the oldest value in the newest sample that was accepted or rejected, ISO 8601. `null`: none. */
  readonly at: string | null;
}

/**
 * Waits until the lag of all replications is low in several samples in a row. A sample counts once, although a source
 * returns the same value again until DMS publishes the next one.
 */
export async function awaitLag(worker: WorkerContext, request: AwaitLag): Promise<readonly CutoverLag[]> {
  const { replicationConfigArns, maxSeconds, samples, everySeconds } = readSharedRequest('dms.awaitLag', request);
  const attempts = replicationConfigArns.map((replicationConfigArn) =>
    beginAttempt(worker, { replicationConfigArn }, 'dms.awaitLag', { phase: 'checking' }),
  );
  const [first] = attempts;
  if (first === undefined) return [];
  if (worker.lag === null) throw noLagSource(first);
  const slot = worker.takeHoldSlot();
  const holdSeconds = slot === null ? 0 : Math.min(worker.holdSeconds, first.secondsLeft - RESERVE_SECONDS);
  let memory = (first.memory as Memory | undefined) ?? { accepted: 0, at: null };
  const sample = async (): Promise<readonly CutoverLag[]> => {
    for (;;) {
      const read = await Promise.all(attempts.map((attempt) => readLag(attempt)));
      const at = read.flatMap(({ lag }) => lag?.at ?? []).toSorted()[0] ?? null;
      const problems = attempts.flatMap(({ arn }, n) => {
        const problem = lagProblem(read[n] ?? { lag: null, problem: null }, maxSeconds);
        return problem === null ? [] : [`${nameOf(arn.arn)} ${problem}`];
      });
      const isNewer = at !== null && (memory.at === null || at > memory.at);
      memory = problems.length > 0 ? { accepted: 0, at } : isNewer ? { accepted: memory.accepted + 1, at } : memory;
      first.remember(memory);
      if (memory.accepted >= samples)
        return replicationConfigArns.map((replicationConfigArn, n) => ({
          replicationConfigArn,
          lag: read[n]?.lag ?? null,
        }));
      const why = problems[0] ?? `${memory.accepted} of ${samples} samples in a row are at most ${maxSeconds} s`;
      if (slot?.isWanted() === true || first.attemptSeconds + everySeconds > holdSeconds)
        throw first.stillWaiting(why, everySeconds);
      await Context.current().sleep(everySeconds * 1000);
    }
  };
  try {
    return await first.withHeartbeat(sample);
  } catch (err) {
    throw first.failure(err);
  } finally {
    slot?.release();
  }
}

function noLagSource({ subject }: Attempt) {
  return dmsFailure(
    'DmsInvalidInput',
    subject,
    'The cutover has a lag gate, and this worker has no source of the lag',
    'Set TEMPORAL_DMS_LAG=cloudwatch for the worker, or pass lag: createCloudWatchLag() to createDmsActivities. To cut over without a lag gate, set gates.lag to "ignore".',
  );
}
