import { dmsFailure, type FailureSubject } from '../operations/failures.js';
import type { AwaitRunning, RunningReplication } from '../operations/protocol.js';
import type { Progress } from '../operations/results.js';
import { beginStartWait, judgeStart, type StartWaitMemory } from '../operations/start-wait.js';
import { awsErrorDetails } from './api-failures.js';
import type { Environment } from './environment.js';
import { holdAttempt } from './hold.js';
import { readTableSummary } from './table-statistics.js';
import { replicationDeleting, replicationFailed } from './terminal.js';

/** How far apart two readings of the table statistics are. */
const STATISTICS_SECONDS = 10;

/** Waits until the replication runs, and then looks for movement and for an early death. */
export function awaitRunning(environment: Environment, request: AwaitRunning): Promise<RunningReplication> {
  const arn = environment.target(request, 'dms.awaitRunning');
  const { operationId, before = null, accepted = false } = request;
  const verifyProgressSeconds = request.verifyProgressSeconds ?? 120;
  const about = (more: Partial<FailureSubject>): FailureSubject => ({
    replicationConfigArn: arn.arn,
    operationId,
    ...more,
  });

  /** A fingerprint of the rows moved so far; `null` when the statistics can't be read. */
  const readRows = async (): Promise<string | null> => {
    const { summary } = await readTableSummary(environment.dms, arn, { withinSeconds: 5 });
    return summary === null ? null : JSON.stringify([summary.rows, summary.byState]);
  };
  let statisticsReadAt = -Infinity;

  return holdAttempt<StartWaitMemory, RunningReplication>(environment, {
    arn,
    operationId,
    deadlineSeconds: request.startTimeoutSeconds ?? 5400,
    accepted,
    phase: 'starting',
    begin: beginStartWait(request.lastStatus),
    lastStatus: (memory) => memory.lastStatus,
    async judge(remembered, { replication }, elapsedSeconds) {
      const { memory, verdict } = judgeStart(remembered, replication, elapsedSeconds, {
        before,
        verifyProgressSeconds,
      });
      const done = (progress: Progress) => ({ done: { replication, progress, warnings: [] } });
      switch (verdict.type) {
        case 'wait':
          return { memory, phase: verdict.phase, why: verdict.why, lookInSeconds: null, underDeadline: true };
        case 'verify': {
          const isDue = elapsedSeconds - statisticsReadAt >= STATISTICS_SECONDS;
          const rows = isDue && !memory.isMoving ? await readRows() : null;
          if (rows !== null) statisticsReadAt = elapsedSeconds;
          return {
            memory: withRows(memory, rows),
            phase: 'verifying',
            why: 'it runs; looking for movement and for an early death',
            lookInSeconds: verdict.secondsLeft,
            underDeadline: false,
          };
        }
        case 'done': {
          if (verifyProgressSeconds === 0 || memory.firstRows === null) return done('not-checked');
          const isMoving = memory.isMoving || withRows(memory, await readRows()).isMoving;
          return done(isMoving ? 'moving' : 'none-seen');
        }
        case 'failed':
          throw replicationFailed(
            about({ replication, elapsedSeconds }),
            remembered.runningSince === null ? 'while it was starting' : 'shortly after it was running again',
          );
        case 'deleting':
          throw replicationDeleting(about({ replication, elapsedSeconds }));
      }
    },
    timedOut: ({ elapsedSeconds, status, replication, error }) =>
      dmsFailure(
        'DmsStartTimedOut',
        about({
          replication: replication ?? undefined,
          status: status ?? undefined,
          elapsedSeconds,
          awsError: error === null ? undefined : awsErrorDetails(error),
        }),
        `${arn.arn} in ${arn.region} was still "${status ?? 'not seen'}" ${Math.round(elapsedSeconds)} s after it was to start${error === null ? '' : ` (last look: ${error.awsName}: ${error.message})`}`,
        'DMS may still start it: run the resume again to follow it, with a longer startTimeoutSeconds.',
      ),
  });
}

function withRows(memory: StartWaitMemory, rows: string | null): StartWaitMemory {
  if (rows === null) return memory;
  if (memory.firstRows === null) return { ...memory, firstRows: rows };
  return { ...memory, isMoving: memory.isMoving || rows !== memory.firstRows };
}
