import { begin } from '../../src/ledger/begin.js';
import { record } from '../../src/ledger/record.js';
import type { BeginRequest, RecordRequest } from '../../src/contract/ledger-protocol.js';
import type { CheckpointDraft } from '../../src/contract/records.js';
import type { CallNote, Ledger, OperationRef } from '../../src/contract/ledger-state.js';
import { isDmsFailure } from '../../src/contract/failures.js';
import { at, arn } from './operations.js';

/** Returns the part of a note that describes the replication before the call. */
export const markOf = (status: string, lastStopTime: string | null = null): CallNote['before'] => ({
  status,
  stop: { lastStopTime, replicationCreateTime: null, freshStartDate: null },
  startedAt: null,
});

/** Returns the note of a call. Default: of a stop with intent `pause`. */
export const callOf = (more: Partial<CallNote> = {}): CallNote => ({
  intent: 'pause',
  startReplicationType: null,
  before: markOf('running'),
  ...more,
});

/** Returns the note of a resume's call. */
export const startOf = (more: Partial<CallNote> = {}): CallNote =>
  callOf({ intent: null, startReplicationType: 'resume-processing', before: markOf('stopped'), ...more });

/** Returns a `dms.begin` request. `second` is its time, and gives its token. */
export const beginOf = (operation: OperationRef, second: number, more: Partial<BeginRequest> = {}): BeginRequest => ({
  token: Date.parse(at(second)),
  operation,
  call: null,
  isAnswered: false,
  intent: operation.kind === 'stop' ? 'pause' : null,
  sequence: null,
  status: 'running',
  taskQueue: 'dms',
  ...more,
});

export const withBegun = (ledger: Ledger, operation: OperationRef, second: number): Ledger =>
  begin(ledger, beginOf(operation, second), at(second)).ledger;

/** Returns the ledger after an operation has begun and noted its call. */
export const withNote = (
  ledger: Ledger,
  operation: OperationRef,
  second: number,
  more: Partial<CallNote> = {},
): Ledger => {
  const call = operation.kind === 'stop' ? callOf(more) : startOf(more);
  return begin(ledger, beginOf(operation, second, { call }), at(second)).ledger;
};

export const draftOf = (operationId: string, more: Partial<CheckpointDraft> = {}): CheckpointDraft => ({
  version: 1,
  replicationConfigArn: arn,
  operationId,
  intent: 'pause',
  recoveryCheckpoint: 'c',
  settled: 'agreed',
  stopReason: 'Stop Reason NORMAL',
  stopReasonCode: 'NORMAL',
  status: 'stopped',
  stoppedAt: at(1),
  resumeBy: at(172_801),
  resumeBySource: 'estimated',
  replicationType: 'cdc',
  sourceEndpointArn: null,
  targetEndpointArn: null,
  replicationCreateTime: null,
  freshStartDate: null,
  requestedBy: 'ada',
  reason: 'cutover',
  workflowId: `dms:${arn}`,
  runId: `run-${operationId}`,
  ...more,
});

const ended = { failureType: null, failureMessage: null, awsRequestIds: ['r'], finishedBy: null, isAnswered: true };

export type Stopped = Extract<RecordRequest, { readonly type: 'stopped' }>;

/** Returns a `dms.record` request for a stop. */
export const stoppedOf = (operation: OperationRef, second: number, more: Partial<Stopped> = {}): Stopped => ({
  token: Date.parse(at(second)),
  operation,
  type: 'stopped',
  checkpoint: draftOf(operation.operationId),
  tables: null,
  resumeWithinSeconds: 172_800,
  taskQueue: 'dms',
  archives: false,
  outcome: 'stopped',
  ...ended,
  ...more,
});

export const withRecord = (
  ledger: Ledger,
  operation: OperationRef,
  second: number,
  more: Partial<Stopped> = {},
): Ledger => record(ledger, stoppedOf(operation, second, more), at(second)).ledger;

/** Returns a `dms.record` request for a resume. */
export const resumedOf = (operation: OperationRef, second: number, isAnswered = true): RecordRequest => ({
  token: Date.parse(at(second)),
  operation,
  type: 'resumed',
  startReplicationType: 'resume-processing',
  progress: 'moving',
  checkpointSequence: 1,
  ...ended,
  outcome: 'resumed',
  isAnswered,
});

/** Returns a `dms.record` request for an operation that was cancelled. */
export const endedOf = (operation: OperationRef, second: number, isAnswered = false): RecordRequest => ({
  token: Date.parse(at(second)),
  operation,
  type: 'ended',
  ...ended,
  outcome: null,
  failureType: 'CancelledFailure',
  failureMessage: 'cancelled',
  isAnswered,
});

export const refusedOf = (operation: OperationRef, second: number): RecordRequest => ({
  token: Date.parse(at(second)),
  operation,
  type: 'refused',
});

/** Returns the failure type with which a request is refused. `undefined`: the request is accepted. */
export function refusalOf(act: () => void): string | undefined {
  try {
    act();
  } catch (err) {
    if (isDmsFailure(err)) return err.type;
    return err instanceof Error && 'type' in err ? String(err.type) : String(err);
  }
  return undefined;
}
