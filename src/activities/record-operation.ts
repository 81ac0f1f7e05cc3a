import { ApplicationFailure } from '@temporalio/common';
import { SETTLE_GRACE_SECONDS } from '../dms/checkpoint.js';
import { statusFacts, lifecycleState } from '../dms/lifecycle.js';
import type { Replication } from '../dms/replication.js';
import { draftCheckpoint } from '../rules/checkpoint-draft.js';
import type { StopIntent } from '../contract/inputs.js';
import type { Ended, RecordRequest } from '../contract/ledger-protocol.js';
import type { RecordedOperation, RecordOperation } from '../contract/activity-protocol.js';
import type { CheckpointRecord, Settled } from '../contract/records.js';
import type { ReplicationLag } from '../dms/lag.js';
import type { TableStatisticsSummary, Warning } from '../contract/results.js';
import { beginStopWait, judgeSettling, type StopWaitMemory } from '../rules/stop-settling.js';
import { tableWarnings } from '../rules/table-summary.js';
import { limitFlaggedTables } from '../ledger/entries.js';
import { endpointsUnknown, stopWarnings } from '../rules/warnings.js';
import type { Attempt } from './runtime/attempt.js';
import { valueWithin } from './runtime/value-within.js';
import { beginAttempt } from './runtime/begin-attempt.js';
import { askLedger } from './runtime/ledger-access.js';
import type { WorkerContext } from './runtime/worker-context.js';
import { OperationUnknown, LedgerBusyError } from './runtime/ledger-errors.js';
import { readEndpoints } from './runtime/endpoints.js';
import { readTableSummary, type ReadTables } from './runtime/table-statistics.js';

/** Time limit for table statistics. Reading ten thousand tables takes about a minute. */
const STATISTICS_SECONDS = 75;
/** Longest time a checkpoint waits for statistics, to record both in one update. Slower statistics are added later. */
const QUICK_STATISTICS_SECONDS = 1.5;
/** Maximum length of a recorded failure message. */
const MESSAGE_LENGTH = 500;
const MAX_REQUEST_IDS = 20;
/**
 * Longest time the record of a failed replication waits for a stop reason and a stop time. DMS leaves both out of many
 * failures.
 */
const FAILED_SECONDS = 30;

/** Records the end of an operation in the ledger. */
export function recordOperation(worker: WorkerContext, request: RecordOperation): Promise<RecordedOperation> {
  const { operation } = request;
  const about = { operationId: operation.operationId, phase: 'recording', mayHaveCalled: true } as const;
  const attempt = beginAttempt(worker, request, 'dms.recordOperation', about);
  const recorder = new Recorder(attempt, request);
  return attempt.withHeartbeat(() => {
    switch (request.end) {
      case 'stopped':
        return recorder.recordStop(request);
      case 'resumed':
        return recorder.recordResume(request);
      case 'failed-replication':
        return recorder.recordFailedReplication(request);
      case 'ended':
        return recorder.ended(request);
    }
  });
}

type End<Kind extends RecordOperation['end']> = Extract<RecordOperation, { readonly end: Kind }>;

/** Facts of a stop to record. */
interface StopToRecord {
  readonly replication: Replication;
  readonly intent: StopIntent;
  readonly settled: Settled;
  readonly dmsTime: number;
  readonly lagAtStop: ReplicationLag | null;
}

interface RecordedCheckpoint {
  readonly checkpoint: CheckpointRecord;
  /** Reason the record lacks the addresses of the endpoints. `null`: no problem. */
  readonly problem: string | null;
}

type EndFacts = Pick<Ended, 'outcome' | 'failureType' | 'failureMessage'>;

class Recorder {
  constructor(
    private readonly attempt: Attempt,
    private readonly request: RecordOperation,
  ) {}

  /** Records a stop. The checkpoint never waits long, and slower facts are added later. */
  async recordStop(request: End<'stopped'>): Promise<RecordedOperation> {
    const { outcome, replication, dmsTime } = request;
    const reading = this.#readTables(replication);
    const quick = await valueWithin(reading, QUICK_STATISTICS_SECONDS);
    const ended = { outcome, failureType: null, failureMessage: null };
    const recorded = (this.attempt.memory ?? null) as RecordedCheckpoint | null;
    const { checkpoint, problem } = recorded ?? (await this.#recordCheckpoint(request, ended, quick?.tables ?? null));
    if (quick === null) this.attempt.remember({ checkpoint, problem } satisfies RecordedCheckpoint);
    const { tables, warnings } = quick ?? (await reading);
    // An earlier attempt may have recorded the checkpoint without the tables.
    const isLater = quick === null || recorded !== null;
    if (isLater && tables !== null) await this.#record({ type: 'tables', tables: limitFlaggedTables(tables) });
    const all = [
      ...stopWarnings(checkpoint, replication, dmsTime),
      ...endpointsUnknown(problem, "a resume can't check whether they have changed"),
      ...warnings,
      ...(await this.#overrideWarnings()),
    ];
    const { operationId } = request.operation;
    return { checkpoint, result: { outcome, operationId, checkpoint, replication, tables, warnings: all } };
  }

  async recordResume({ result }: End<'resumed'>): Promise<RecordedOperation> {
    const { outcome, startReplicationType, progress, resumedFrom } = result;
    const checkpointSequence = resumedFrom?.sequence ?? null;
    const ended = { outcome, failureType: null, failureMessage: null };
    await this.#record({ type: 'resumed', startReplicationType, progress, checkpointSequence, ...this.#endOf(ended) });
    const warnings = [...result.warnings, ...(await this.#overrideWarnings())];
    return { checkpoint: null, result: { ...result, warnings } };
  }

  async recordFailedReplication(request: End<'failed-replication'>): Promise<RecordedOperation> {
    const { failureMessage } = request;
    const ended = { outcome: null, failureType: 'DmsReplicationFailed', failureMessage };
    const seen = await this.#lookAtFailed(request);
    if (seen === null) return this.ended({ ...request, end: 'ended', failureType: ended.failureType });
    const { checkpoint } = await this.#recordCheckpoint({ ...request, ...seen }, ended, null);
    return { checkpoint, result: null };
  }

  async ended({
    failureType,
    failureMessage,
  }: Pick<End<'ended'>, 'failureType' | 'failureMessage'> & { end: 'ended' }) {
    const ended = { outcome: null, failureType, failureMessage };
    await this.#record({ type: 'ended', ...this.#endOf(ended) });
    return { checkpoint: null, result: null };
  }

  /**
   * Looks at a failed replication, and returns the look to record. `null`: there is none, so no checkpoint is recorded.
   * Waits 30 s for a look that describes the stop, and 120 s if `seen` is null.
   */
  async #lookAtFailed({
    before,
    seen,
    settleSeconds,
  }: End<'failed-replication'>): Promise<Pick<StopToRecord, 'replication' | 'settled' | 'dmsTime'> | null> {
    const { attempt } = this;
    const memory = (attempt.memory as StopWaitMemory | null | undefined) ?? beginStopWait(before !== null);
    const isPatienceOver = attempt.elapsedSeconds >= (seen === null ? SETTLE_GRACE_SECONDS : FAILED_SECONDS);
    const look = await attempt.look().catch((err: unknown) => {
      if (!(err instanceof ApplicationFailure) || attempt.signal.aborted) throw err;
      if (err.nonRetryable === true || isPatienceOver) return null;
      throw err;
    });
    const isOver = look !== null && ['stopped', 'failed'].includes(lifecycleState(look.replication).status);
    // The replication may be gone or running again by now. Only the earlier look is left then.
    if (!isOver) {
      // Without an answer of DMS, the Temporal server's clock stands in for DMS's clock.
      const dmsTime = look?.dmsTime ?? attempt.token;
      return seen === null ? null : { replication: seen, settled: 'grace-expired', dmsTime };
    }
    const { replication, dmsTime } = look;
    const judged = judgeSettling(
      memory,
      { ...look, elapsedSeconds: attempt.elapsedSeconds },
      {
        settleSeconds,
        selfRestartGraceSeconds: 0,
        before,
      },
    );
    if (judged.verdict.type === 'settled') return { replication, settled: judged.verdict.settled, dmsTime };
    if (isPatienceOver) return { replication, settled: 'grace-expired', dmsTime };
    attempt.remember(judged.memory);
    attempt.phase = 'settling';
    throw attempt.stillWaiting(judged.verdict.why, Math.min(2, judged.verdict.lookInSeconds ?? 2));
  }

  async #recordCheckpoint(
    { replication, intent, settled, lagAtStop, dmsTime }: StopToRecord,
    how: EndFacts,
    tables: TableStatisticsSummary | null,
  ): Promise<RecordedCheckpoint> {
    const { attempt, request } = this;
    const { endpoints, problem } = await readEndpoints(attempt, replication);
    const draft = { ...draftCheckpoint(request.operation, replication, intent, settled), lagAtStop, endpoints };
    const now = dmsTime + attempt.elapsedSeconds * 1000;
    const { checkpoint } = await this.#record({
      type: 'stopped',
      checkpoint: draft,
      tables: tables === null ? null : limitFlaggedTables(tables),
      taskQueue: attempt.taskQueue,
      archives: attempt.worker.archive !== null,
      resumeWithinSeconds: draft.resumeBy === null ? null : (Date.parse(draft.resumeBy) - now) / 1000,
      ...this.#endOf(how),
    });
    if (checkpoint === null) throw new Error('The ledger recorded a stop and returned no record');
    return { checkpoint, problem };
  }

  #endOf(how: EndFacts): Ended {
    const { isAnswered, awsRequestIds, finishedBy } = this.request;
    const failureMessage = how.failureMessage?.slice(0, MESSAGE_LENGTH) ?? null;
    return { ...how, failureMessage, isAnswered, finishedBy, awsRequestIds: awsRequestIds.slice(-MAX_REQUEST_IDS) };
  }

  /** Reads the table statistics now, because DMS loses them when it deprovisions. A problem only adds a warning. */
  async #readTables(replication: Replication): Promise<TablesAndWarnings> {
    const unavailable = (why: string): readonly Warning[] => [
      { code: 'statistics-unavailable', message: `Table statistics: ${why}` },
    ];
    const { status, provisionState } = lifecycleState(replication);
    if (statusFacts(status).stop === 'never-started')
      return { tables: null, warnings: unavailable('none, because it never ran') };
    if (provisionState === 'deprovisioned')
      return { tables: null, warnings: unavailable('none, because DMS has deprovisioned it') };
    const { summary, problem }: ReadTables = await readTableSummary(this.attempt, STATISTICS_SECONDS, true);
    const warnings = problem === null ? [] : unavailable(problem);
    if (summary === null) return { tables: null, warnings };
    return { tables: summary, warnings: [...tableWarnings(summary), ...warnings] };
  }

  async #overrideWarnings(): Promise<readonly Warning[]> {
    const host = await this.attempt.worker.dms.endpointOverride(this.attempt.arn);
    if (host === null) return [];
    return [{ code: 'endpoint-override', message: `Requests went to ${host}, which is not AWS's own endpoint` }];
  }

  async #record(what: DistributiveOmit<RecordRequest, 'operation' | 'token'>) {
    const { operation } = this.request;
    const { token, taskQueue } = this.attempt;
    return askLedger(this.attempt, async (ledger) => {
      try {
        return await ledger.record({ ...what, operation, token });
      } catch (err) {
        if (!(err instanceof OperationUnknown)) throw err;
        const nothing = { call: null, isAnswered: true, intent: null, sequence: null, status: 'unknown' };
        const { busy } = await ledger.begin({ operation, token, taskQueue, ...nothing });
        if (busy !== null) throw new LedgerBusyError(busy.why, busy.seconds);
        return ledger.record({ ...what, operation, token });
      }
    });
  }
}

type DistributiveOmit<Union, Keys extends PropertyKey> = Union extends unknown ? Omit<Union, Keys> : never;

interface TablesAndWarnings {
  readonly tables: TableStatisticsSummary | null;
  readonly warnings: readonly Warning[];
}
