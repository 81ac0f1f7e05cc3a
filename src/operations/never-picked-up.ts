/** `PendingWorkflowTaskState` of Temporal's API. */
const SCHEDULED = 1;

/** Events of an execution that no worker ever picked up: it started, its first task was scheduled, and perhaps a cancel was requested. */
const MOST_EVENTS = 3;

/** The part of an execution's description that tells whether a worker ever had it. */
export interface PickUpFacts {
  readonly status: { readonly name: string };
  readonly historyLength: number;
  readonly raw: {
    readonly pendingWorkflowTask?: { readonly state?: unknown; readonly attempt?: number | null } | null;
  };
}

/**
 * Whether no worker ever picked up an open execution. Such an execution has called nothing, so it can be terminated and replaced, once it is known
 * that no worker polls its task queue.
 */
export function isNeverPickedUp({ status, historyLength, raw }: PickUpFacts): boolean {
  const { pendingWorkflowTask: task } = raw;
  if (status.name !== 'RUNNING' || historyLength > MOST_EVENTS || !task) return false;
  return Number(task.state) === SCHEDULED && (task.attempt ?? 1) <= 1;
}
