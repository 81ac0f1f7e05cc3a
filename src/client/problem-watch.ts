/** Warns when an execution that a client waits for does not move. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Problem } from './problems.js';

/** Looks for a problem. `undefined`: this check could not find out. */
export type FindProblem = () => Promise<Problem | null | undefined>;

/**
 * Minimum seconds between two checks of one execution, except before a second check. A warning takes two checks: ten
 * seconds at most for up to 30 executions. With more, the first check comes after a tenth of their number in seconds.
 */
const CHECK_SECONDS = 3;
/** Seconds until the second check of a task that no worker takes, and of a problem that the execution reports. */
const [SECOND_CHECK_SECONDS, SECOND_CHECK_OF_REPORT_SECONDS] = [4, 1.5];
/** Maximum number of checks in a second, for all executions that one watch waits for. */
const MAX_CHECKS = 10;

/**
 * Warns when an execution that a client waits for does not move. All operations of a client share a watch.
 * Each fleet and each cutover has its own.
 */
export class ProblemWatch {
  /** Task queues without a worker that a warning has named. */
  readonly #warned = new Set<string>();
  #watched = 0;

  /**
   * Waits for the result, and checks for problems meanwhile. `report` receives each confirmed problem. Default: a
   * warning.
   */
  async during<T>(
    findProblem: FindProblem,
    result: Promise<T>,
    report = (problem: Problem) => this.warn(problem),
  ): Promise<T> {
    const over = new AbortController();
    this.#watched++;
    // A failed check must not end the wait for the result.
    this.#watch(findProblem, over.signal, report).catch(() => {});
    try {
      return await result;
    } finally {
      this.#watched--;
      over.abort();
    }
  }

  /** Reports a problem once two checks have found it, with no clean check between them. Equal `since`: the same task. */
  async #watch(findProblem: FindProblem, signal: AbortSignal, report: (problem: Problem) => void): Promise<void> {
    /** Kind of the problem that was reported last. `null`: none since the last clean check. */
    let reported: 'no worker' | 'other' | null = null;
    let hasFailed = false;
    for (let before: Problem | null = null; ;) {
      // The second check comes soon, however many executions are waited for.
      const isUnsure = before !== null && reported === null && !hasFailed;
      const secondCheck = before?.isReported === true ? SECOND_CHECK_OF_REPORT_SECONDS : SECOND_CHECK_SECONDS;
      const seconds = isUnsure ? secondCheck : Math.max(CHECK_SECONDS, this.#watched / MAX_CHECKS);
      await sleep(seconds * 1000, undefined, { signal, ref: false });
      const found: Problem | null | undefined = await findProblem().catch(() => undefined);
      hasFailed = found === undefined;
      if (found === undefined) continue; // a check that failed proves nothing
      const isSame: boolean = before !== null && found?.noWorker?.since === before.noWorker?.since;
      if (found === null) {
        reported = null; // a problem that is over may come again
      } else if (isSame) {
        // Another task queue may be without workers later.
        if (found.noWorker !== null || reported !== 'other') report(found);
        reported = found.noWorker === null ? 'other' : 'no worker';
      }
      before = isSame ? null : found;
    }
  }

  /** Warns of a problem, of a task queue only once. */
  warn({ text, noWorker }: Problem): void {
    if (noWorker !== null && this.#warned.has(noWorker.taskQueue)) return;
    if (noWorker !== null) this.#warned.add(noWorker.taskQueue);
    const code = noWorker === null ? 'TEMPORAL_DMS_STUCK' : 'TEMPORAL_DMS_NO_WORKER';
    process.emitWarning(text, { code, type: 'TemporalDmsWarning' });
  }
}
