/** The move of a ledger to another task queue. */
import type { MoveRequest } from '../contract/ledger-protocol.js';
import type { Ledger } from '../contract/ledger-state.js';
import { withEvent, type Transition } from './entries.js';

/**
 * Moves a ledger from the task queue `from`. The note, the guard and the queue of the archive move along, because the
 * workers of `from` may be gone.
 */
export function move(ledger: Ledger, { taskQueue, by, reason }: MoveRequest, now: string, from: string) {
  const toNewQueue = (queue: string | null) => (queue === from ? taskQueue : queue);
  const { replicationConfigArn, pendingCall, guard, archive } = ledger;
  if (taskQueue === from) {
    const reply = `The ledger of ${replicationConfigArn} is on the task queue "${from}" already; nothing was changed`;
    return { ledger, reply } satisfies Transition<string>;
  }
  const onNewQueue = {
    ...ledger,
    taskQueue: toNewQueue(ledger.taskQueue),
    pendingCall: pendingCall && { ...pendingCall, taskQueue: toNewQueue(pendingCall.taskQueue) ?? taskQueue },
    guard: guard && { ...guard, taskQueue: toNewQueue(guard.taskQueue) },
    archive: archive && { ...archive, taskQueue: toNewQueue(archive.taskQueue) },
  };
  const detail = `From the task queue "${from}" to "${taskQueue}"`;
  const event = { type: 'moved', at: now, by, reason, workflowId: null, detail } as const;
  const reply = `The ledger of ${replicationConfigArn} moves to the task queue "${taskQueue}"`;
  return { ledger: withEvent(onNewQueue, event), reply } satisfies Transition<string>;
}
