/**
 * Joining: what an operation does about the operation that is open on its replication.
 *
 * An operation **joins** the open one when both ask DMS for the same thing. Both then share one result.
 */
import type {
  OperationInput,
  OperationKind,
  ResumeReplicationInput,
  StopReplicationInput,
} from '../contract/inputs.js';
import type { WantedOperation } from '../contract/joining-protocol.js';
import { memoKeys, workflowTypes } from '../contract/names.js';

/** Execution that holds a replication's workflow id. */
export interface OpenOperation {
  readonly kind: string;
  /** Operation id. `null` for a moment if the execution was started without a memo. */
  readonly operationId: string | null;
  /** Result of {@link requestKeyOf}. `null` while `operationId` is null. */
  readonly asks: string | null;
  readonly workflowId: string;
  readonly runId: string;
  /** Id of the execution's first run. A reset does not change it. */
  readonly firstRunId: string;
  /** Workflow that runs the operation as a step. `null`: none. */
  readonly hostWorkflowId: string | null;
}

/** Part of an execution's description by Temporal's client. */
interface ExecutionDescription {
  readonly type: string;
  readonly workflowId: string;
  readonly runId: string;
  readonly status: { readonly name: string };
  readonly memo?: Record<string, unknown>;
  readonly parentExecution?: { readonly workflowId?: string | null | undefined };
  readonly raw: { readonly workflowExecutionInfo?: { readonly firstRunId?: string | null } | null };
}

/** Returns the open operation that a description shows, or null if it has closed. A paused execution is open. */
export function openOperation(description: ExecutionDescription): OpenOperation | null {
  const { name } = description.status;
  return name === 'RUNNING' || name === 'PAUSED' ? operationOfExecution(description) : null;
}

/** Returns the operation that a description shows, open or closed. */
export function operationOfExecution(description: ExecutionDescription): OpenOperation {
  const { memo, type, workflowId, runId, parentExecution } = description;
  return {
    kind: stringOrNull(memo?.[memoKeys.kind]) ?? kindOfType(type),
    operationId: stringOrNull(memo?.[memoKeys.operationId]),
    asks: stringOrNull(memo?.[memoKeys.requestKey]),
    workflowId,
    runId,
    firstRunId: firstRunIdOf(description),
    hostWorkflowId: parentExecution?.workflowId ?? null,
  };
}

/** Returns the id of an execution's first run. A reset does not change it. */
export function firstRunIdOf({ raw, runId }: Pick<ExecutionDescription, 'raw' | 'runId'>): string {
  return raw.workflowExecutionInfo?.firstRunId || runId;
}

/** Returns the operation that an input asks for. */
export function wantedOperation(kind: OperationKind, input: OperationInput): WantedOperation {
  return { kind, operationId: input.operationId ?? null, asks: requestKeyOf(kind, input) };
}

/**
 * Returns the key of a request to DMS, as {@link relationTo} compares it. The key of a stop is its intent.
 *
 * A resume has its start type, the sequence of its record, and its CDC fields. Fields that the input leaves out are empty.
 */
export function requestKeyOf(
  kind: OperationKind,
  input: Partial<StopReplicationInput & ResumeReplicationInput>,
): string {
  if (kind === 'stop') return input.intent ?? 'pause';
  const { startReplicationType, checkpoint, cdcStartPosition, cdcStartTime, cdcStopPosition } = input;
  const sequence = typeof checkpoint === 'object' && checkpoint !== null ? checkpoint.sequence : '';
  const cdc = [cdcStartPosition ?? null, cdcStartTime ?? null, cdcStopPosition ?? null];
  return `${startReplicationType ?? ''}|${sequence}|${JSON.stringify(cdc)}`;
}

/** True if two keys ask for the same. A start type or a sequence that one leaves out fits any, except a reload. */
function isSameRequest(one: string, other: string): boolean {
  const [[type = '', sequence = '', ...cdc], [otherType = '', otherSequence = '', ...otherCdc]] = [
    one.split('|'),
    other.split('|'),
  ];
  const isReload = type === 'reload-target' || otherType === 'reload-target';
  const isSameType = type === otherType || (!isReload && (type === '' || otherType === ''));
  const isSameRecord = sequence === otherSequence || sequence === '' || otherSequence === '';
  return isSameType && isSameRecord && cdc.join('|') === otherCdc.join('|');
}

/**
 * Decides what an operation does about the open one.
 *
 * - `join`: the operation shares the result, because both ask for the same thing.
 * - `wait`: the operation runs afterwards, as a final stop does after a pause.
 * - `refuse`: the operation fails, and the failure names the open one.
 */
export function relationTo(
  open: OpenOperation,
  { kind, operationId, asks }: WantedOperation,
): 'join' | 'wait' | 'refuse' {
  if (open.kind !== kind) return 'refuse';
  if (kind === 'stop' && asks === 'final' && open.asks !== 'final') return 'wait';
  const isSameId = operationId === null || open.operationId === null || operationId === open.operationId;
  // An execution that was started without a memo sets one a moment later. Until then, assume the default request.
  const isSame = isSameRequest(asks, open.asks ?? requestKeyOf(kind, {}));
  return isSameId && isSame ? 'join' : 'refuse';
}

/** True if an operation of this kind may end the open one on request. A stop may end a resume. */
export function mayPreempt(open: OpenOperation, kind: OperationKind): boolean {
  return kind === 'stop' && open.kind === 'resume';
}

function kindOfType(type: string): string {
  return type === workflowTypes.stop ? 'stop' : type === workflowTypes.resume ? 'resume' : type;
}

function stringOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
