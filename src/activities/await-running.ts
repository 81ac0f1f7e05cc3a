import { readActivityRequest } from '../contract/input-schemas.js';
import type { AwaitRunning, RunningReplication } from '../contract/activity-protocol.js';
import { replicationDeleting, replicationFailed, startReverted } from '../contract/failure-messages.js';
import { beginStartWait, judgeStart, withTableReading, type StartWaitMemory } from '../rules/start-progress.js';
import { stopReasonWarnings } from '../rules/warnings.js';
import { beginAttempt } from './runtime/begin-attempt.js';
import type { WorkerContext } from './runtime/worker-context.js';
import { holdAttempt } from './runtime/held-attempt.js';
import { readTableSummary } from './runtime/table-statistics.js';

/** Minimum seconds between two readings of the table statistics. */
const STATISTICS_SECONDS = 10;

/** Waits until the replication runs, then watches for movement, an early failure and an early stop. */
export async function awaitRunning(worker: WorkerContext, request: AwaitRunning): Promise<RunningReplication> {
  const before = request.before ?? null;
  const { startTimeoutSeconds, verifyProgressSeconds } = readActivityRequest('dms.awaitRunning', request);
  const deadline = {
    seconds: startTimeoutSeconds,
    failure: 'DmsStartTimedOut',
    what: 'after the wait for its start began',
    hint: 'DMS may still start it. To follow it, run the resume again',
    again: { kind: 'resume' },
  } as const;
  const attempt = beginAttempt(worker, request, 'dms.awaitRunning', { ...request, phase: 'starting', deadline });

  let readAt = -Infinity;
  /** Adds the rows moved so far, if they can be read. */
  const withStatistics = async (memory: StartWaitMemory): Promise<StartWaitMemory> => {
    const { summary } = await readTableSummary(attempt, 5, false);
    if (summary === null) return memory;
    readAt = attempt.elapsedSeconds;
    // Validation goes on without the source, so its counts do not show movement.
    const { validationPending: _p, validationFailed: _f, validationSuspended: _s, ...moved } = summary.rows;
    return withTableReading(memory, JSON.stringify([moved, summary.byState]));
  };

  const begin = beginStartWait(before === null);
  return holdAttempt<StartWaitMemory, RunningReplication>(attempt, begin, async (remembered, look) => {
    const { replication } = look;
    const { elapsedSeconds } = attempt;
    const rules = { before, verifyProgressSeconds };
    const { memory, verdict } = judgeStart(remembered, replication, elapsedSeconds, rules);
    const subject = { ...attempt.subject, replication };
    switch (verdict.type) {
      case 'wait':
        return { ...verdict, memory, isDeadlineActive: verdict.phase === 'starting' };
      case 'verify': {
        const isDue = elapsedSeconds - readAt >= STATISTICS_SECONDS && !memory.isMoving;
        return {
          memory: isDue ? await withStatistics(memory) : memory,
          phase: 'verifying',
          why: 'it runs; looking for movement and an early end',
          lookInSeconds: verdict.secondsLeft,
          isDeadlineActive: false,
        };
      }
      case 'done': {
        const isChecked = verifyProgressSeconds > 0 && memory.firstRows !== null;
        const isMoving = isChecked && (memory.isMoving || (await withStatistics(memory)).isMoving);
        const progress = !isChecked ? 'not-checked' : isMoving ? 'moving' : 'none-seen';
        const hasEnded = replication.status !== 'running';
        return {
          done: { replication, progress, warnings: hasEnded ? stopReasonWarnings(replication.stopReason) : [] },
        };
      }
      case 'failed': {
        const isEarly = remembered.runningSince === null;
        throw replicationFailed(subject, isEarly ? 'while it was starting' : 'shortly after it was running again');
      }
      case 'reverted':
        throw startReverted(subject, replication);
      case 'deleting':
        throw replicationDeleting(subject);
    }
  });
}
