import {
  CancellationScope,
  log,
  setCurrentDetails,
  setHandler,
  upsertMemo,
  uuid4,
  workflowInfo,
} from '@temporalio/workflow';
import { resumeDeadline } from '../dms/checkpoint.js';
import type { Replication } from '../dms/replication.js';
import { findDmsFailure, withCheckpoint } from '../operations/failures.js';
import type { OperationInput, OperationKind } from '../operations/inputs.js';
import { memoKeys, operationWorkflowId } from '../operations/names.js';
import { progressMarkdown, type OperationPhase, type OperationProgress } from '../operations/progress.js';
import type { BegunOperation, RecordOperation } from '../operations/protocol.js';
import type { CheckpointRecord, Settled } from '../operations/records.js';
import { changingActivities, cleaningActivities } from './activity-proxies.js';
import { isCancelled, readArn, unwrapped } from './failures.js';
import { progressQuery } from './messages.js';
import { runAsChild } from './run-as-child.js';

/** What the workflow of an operation shows of itself, in the query and in the Web UI. */
export class Tracker {
  #progress: OperationProgress = { phase: 'beginning', lastStatus: null, since: now(), detail: 'Checking the input' };
  #facts: Record<string, string | null> = {};

  constructor() {
    setHandler(progressQuery, () => this.#progress);
  }

  enter(phase: OperationPhase, detail: string, lastStatus: string | null = this.#progress.lastStatus): void {
    this.#progress = { phase, detail, lastStatus, since: now() };
    this.#show();
  }

  facts(facts: Readonly<Record<string, string | null>>): void {
    this.#facts = { ...this.#facts, ...facts };
    this.#show();
  }

  #show(): void {
    setCurrentDetails(progressMarkdown(this.#progress, this.#facts));
  }
}

/** What an operation has done so far, for whoever has to end it. */
export interface Trail {
  begun: BegunOperation | null;
  /** How to end it when it is cancelled. */
  cancelled: Omit<Extract<RecordOperation, { end: 'cancelled' }>, 'end' | 'operation' | 'replicationConfigArn'>;
}

/**
 * Runs an operation in the workflow whose id is the lock, begins it, and sees to it that it ends in the ledger however it ends. Under any other
 * workflow id it is run as a child with that one.
 */
export async function runOperation<Result>(
  kind: OperationKind,
  input: OperationInput,
  act: (begun: BegunOperation, tracker: Tracker, trail: Trail) => Promise<Result>,
): Promise<Result> {
  const replicationConfigArn = readArn(input);
  const tracker = new Tracker();
  const { workflowId, parent } = workflowInfo();
  if (workflowId !== operationWorkflowId(replicationConfigArn)) {
    tracker.enter('joined', `Runs as ${operationWorkflowId(replicationConfigArn)}`);
    return runAsChild<Result>(kind, input, {});
  }
  const operationId = typeof input.operationId === 'string' ? input.operationId : uuid4();
  showIdentity(kind, operationId);

  const trail: Trail = { begun: null, cancelled: { stop: null, clearsCall: true, awsRequestIds: [] } };
  try {
    const begun = await changingActivities('Check the input, look once, note the operation in the ledger')[
      'dms.beginOperation'
    ]({
      kind,
      input,
      operationId,
      parentWorkflowId: parent?.workflowId ?? null,
    });
    trail.begun = begun;
    const result = begun.repeated === null ? await act(begun, tracker, trail) : (begun.repeated as Result);
    tracker.enter('done', 'Recorded');
    return result;
  } catch (err) {
    const ended = await endInLedger(err, replicationConfigArn, trail);
    tracker.enter('failed', ended instanceof Error ? ended.message : String(ended));
    throw ended;
  }
}

/** The checkpoint as it will be recorded, visible even while the ledger can't be reached. */
export function showCheckpoint(tracker: Tracker, replication: Replication, settled: Settled): void {
  const { recoveryCheckpoint, stopReason, replicationLastStopTime: stoppedAt } = replication;
  const { resumeBy } = resumeDeadline(replication);
  upsertMemo({ [memoKeys.checkpoint]: { recoveryCheckpoint, stoppedAt, stopReason, resumeBy, settled } });
  tracker.facts({
    checkpoint: recoveryCheckpoint,
    'stopped at': stoppedAt,
    'stop reason': stopReason,
    'resume by': resumeBy,
  });
}

/** Clients and steps put the memo there when they start the workflow; one started by name does it itself. */
function showIdentity(kind: OperationKind, operationId: string): void {
  const memo = workflowInfo().memo ?? {};
  if (memo[memoKeys.kind] === kind && memo[memoKeys.operationId] === operationId) return;
  upsertMemo({ [memoKeys.kind]: kind, [memoKeys.operationId]: operationId });
}

async function endInLedger(err: unknown, replicationConfigArn: string, trail: Trail): Promise<unknown> {
  const { begun, cancelled } = trail;
  const ended = unwrapped(err);
  if (begun === null) return ended;
  const { operation } = begun;
  const failure = findDmsFailure(ended);
  if (failure?.type === 'DmsReplicationFailed') {
    const replication = failure.details[0].replication ?? null;
    const recorded = await CancellationScope.nonCancellable(() =>
      changingActivities('Record the failed replication')['dms.recordOperation']({
        end: 'failed',
        replicationConfigArn,
        operation,
        failureType: failure.type,
        replication,
        clearsCall: true,
        awsRequestIds: cancelled.awsRequestIds,
      }),
    ).catch((problem: unknown) => {
      log.warn('The failed replication is not recorded', { error: String(problem) });
      return null;
    });
    return recorded?.checkpoint ? withCheckpoint(failure, recorded.checkpoint) : failure;
  }
  const clearsCall = cancelled.clearsCall || failure?.type === 'DmsStopReverted';
  const how: RecordOperation = isCancelled(err)
    ? { end: 'cancelled', replicationConfigArn, operation, ...cancelled }
    : {
        end: 'failed',
        replicationConfigArn,
        operation,
        failureType: failure?.type ?? (ended instanceof Error ? ended.name : 'Error'),
        replication: null,
        clearsCall,
        awsRequestIds: cancelled.awsRequestIds,
      };
  const written = await CancellationScope.nonCancellable(() => cleanUp(how));
  return failure !== undefined && written !== null ? withCheckpoint(failure, written) : ended;
}

/** Bounded: an operation that is over anyway does not wait for a ledger out of reach. What it asked of DMS is noted there already. */
async function cleanUp(how: RecordOperation): Promise<CheckpointRecord | null> {
  try {
    const { checkpoint } = await cleaningActivities('Note in the ledger how it ended')['dms.recordOperation'](how);
    return checkpoint;
  } catch (err) {
    // Its pending call, if any, stays in the ledger for the next operation to find; how the operation ended is what the caller must see.
    log.warn('The ledger does not know how this operation ended', { error: String(err), end: how.end });
    return null;
  }
}

function now(): string {
  return new Date().toISOString();
}
