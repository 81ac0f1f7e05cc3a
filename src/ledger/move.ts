/** The move of a ledger to another task queue. */
import type { MoveRequest } from '../contract/ledger-protocol.js';
import type { Ledger } from '../contract/ledger-state.js';
import { withEvent, type Transition } from './entries.js';

/**
 * Moves a ledger from the task queue `from`. What waits for activities on that task queue moves along, because its
 * workers may be gone.
 */
export function move(ledger: Ledger, { taskQueue, by, reason }: MoveRequest, now: string, from: string) {
  const moved = (queue: string | null) => (queue === from ? taskQueue : queue);
  const { replicationConfigArn, pendingCall, guard, archive } = ledger;
  if (taskQueue === from) {
    const reply = `The ledger of ${replicationConfigArn} is on the task queue "${from}" already; nothing was changed`;
    return { ledger, reply } satisfies Transition<string>;
  }
  const onNewQueue = {
    ...ledger,
    taskQueue: moved(ledger.taskQueue),
    pendingCall: pendingCall && { ...pendingCall, taskQueue: moved(pendingCall.taskQueue) ?? taskQueue },
    guard: guard && { ...guard, taskQueue: moved(guard.taskQueue) },
    archive: archive && { ...archive, taskQueue: moved(archive.taskQueue) },
  };
  const detail = `From the task queue "${from}" to "${taskQueue}"`;
  const event = { type: 'moved', at: now, by, reason, workflowId: null, detail } as const;
  const reply = `The ledger of ${replicationConfigArn} moves to the task queue "${taskQueue}"`;
  return { ledger: withEvent(onNewQueue, event), reply } satisfies Transition<string>;
}
