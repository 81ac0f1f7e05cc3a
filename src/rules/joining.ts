import type {
  OperationInput,
  OperationKind,
  ResumeReplicationInput,
  StopReplicationInput,
} from '../contract/inputs.js';
import type { Wanted } from '../contract/activity-protocol.js';
import { memoKeys, workflowTypes } from '../contract/names.js';

/** The execution that holds a replication's workflow id. */
export interface OpenOperation {
  readonly kind: string;
  /** `null` for a moment after the start of an execution that was started without a memo. */
  readonly operationId: string | null;
  /** See {@link asksOf}. `null` for as long as `operationId` is. */
  readonly asks: string | null;
  readonly workflowId: string;
  readonly runId: string;
  /** Stays the same when the execution is reset. */
  readonly firstExecutionRunId: string;
  /** The workflow it is a step of. */
  readonly hostWorkflowId: string | null;
}

/** What Temporal's client says of an execution, as far as it matters here. */
interface ExecutionDescription {
  readonly type: string;
  readonly workflowId: string;
  readonly runId: string;
  readonly status: { readonly name: string };
  readonly memo?: Record<string, unknown>;
  readonly parentExecution?: { readonly workflowId?: string | null | undefined };
  readonly raw: { readonly workflowExecutionInfo?: { readonly firstRunId?: string | null } | null };
}

/** The open operation that a description shows; `null` when it is closed. A paused execution is open. */
export function openOperation(description: ExecutionDescription): OpenOperation | null {
  const { name } = description.status;
  return name === 'RUNNING' || name === 'PAUSED' ? operationIn(description) : null;
}

/** The operation that a description shows, open or closed. */
export function operationIn(description: ExecutionDescription): OpenOperation {
  const { memo, type, workflowId, runId, parentExecution } = description;
  return {
    kind: text(memo?.[memoKeys.kind]) ?? kindOfType(type),
    operationId: text(memo?.[memoKeys.operationId]),
    asks: text(memo?.[memoKeys.asks]),
    workflowId,
    runId,
    firstExecutionRunId: firstRunIdOf(description),
    hostWorkflowId: parentExecution?.workflowId ?? null,
  };
}

/** Stays the same when an execution is reset. */
export function firstRunIdOf({ raw, runId }: Pick<ExecutionDescription, 'raw' | 'runId'>): string {
  return raw.workflowExecutionInfo?.firstRunId || runId;
}

/** The operation that an input asks for. */
export function wantedBy(kind: OperationKind, input: OperationInput): Wanted {
  return { kind, operationId: input.operationId ?? null, asks: asksOf(kind, input) };
}

/** What an operation asks of DMS, as a text that is equal for equal requests: the intent of a stop, start type and CDC fields of a resume. */
export function asksOf(kind: OperationKind, input: Partial<StopReplicationInput & ResumeReplicationInput>): string {
  if (kind === 'stop') return input.intent ?? 'pause';
  const { startReplicationType, cdcStartPosition, cdcStartTime, cdcStopPosition } = input;
  const type = startReplicationType === 'reload-target' ? startReplicationType : 'go-on';
  return JSON.stringify([type, cdcStartPosition ?? null, cdcStartTime ?? null, cdcStopPosition ?? null]);
}

/**
 * What an operation does about the one that is open. `join`: it shares its result, because both ask for the same thing. `wait`: it runs after it, as a
 * final stop after a pause. `refuse`: it fails by the name of the open one.
 */
export function relationTo(open: OpenOperation, { kind, operationId, asks }: Wanted): 'join' | 'wait' | 'refuse' {
  if (open.kind !== kind) return 'refuse';
  if (kind === 'stop' && asks === 'final' && open.asks !== 'final') return 'wait';
  const isSameId = operationId === null || open.operationId === null || operationId === open.operationId;
  // An execution that was started by name without a memo says what it asks for in a moment; most ask for what is the default.
  const isSame = asks === (open.asks ?? asksOf(kind, {}));
  return isSameId && isSame ? 'join' : 'refuse';
}

/** Whether an operation of this kind may end the open one, when it is told to: a stop, a resume. */
export function mayPreempt(open: OpenOperation, kind: OperationKind): boolean {
  return kind === 'stop' && open.kind === 'resume';
}

function kindOfType(type: string): string {
  return type === workflowTypes.stop ? 'stop' : type === workflowTypes.resume ? 'resume' : type;
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
