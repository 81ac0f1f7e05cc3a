import type { OperationKind } from './inputs.js';
import { memoKeys, workflowTypes } from './names.js';

/** The execution that holds a replication's workflow id. */
export interface OpenOperation {
  readonly kind: string;
  /** `null` for a moment after the start of an execution that was started without a memo. */
  readonly operationId: string | null;
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

/** Whether a call can share the open operation's result: the same kind, and no other operation id than the one it names, if it names any. */
export function mayJoin(
  open: OpenOperation,
  wanted: { readonly kind: OperationKind; readonly operationId: string | null },
): boolean {
  if (open.kind !== wanted.kind) return false;
  return wanted.operationId === null || open.operationId === null || wanted.operationId === open.operationId;
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
