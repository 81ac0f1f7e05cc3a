import { isNewerStop, type StopMark } from '../dms/checkpoint.js';
import { factsOf, lifecycleState } from '../dms/lifecycle.js';
import type { Replication } from '../dms/replication.js';

/** How long a look may still show what was there before the start. */
export const STALE_SECONDS = 60;

/** The replication in the look before the start; `null` when it was starting already. */
export interface StartMark {
  readonly status: string;
  readonly stop: StopMark;
}

/** What a wait remembers from look to look. Times are seconds since the wait began. JSON-safe: it outlives the attempt. */
export interface StartWaitMemory {
  /** It was seen on its way. */
  readonly sawStart: boolean;
  readonly runningSince: number | null;
  /** Fingerprint of the table statistics when it was first seen running. */
  readonly firstRows: string | null;
  readonly isMoving: boolean;
}

export type StartVerdict =
  | { readonly type: 'wait'; readonly phase: 'starting'; readonly why: string }
  | { readonly type: 'verify'; readonly secondsLeft: number }
  | { readonly type: 'done' }
  | { readonly type: 'failed' }
  | { readonly type: 'deleting' };

export function beginStartWait(): StartWaitMemory {
  return { sawStart: false, runningSince: null, firstRows: null, isMoving: false };
}

/** One look at a replication that is to become running: what it means, and what to remember of it. */
export function judgeStart(
  memory: StartWaitMemory,
  replication: Replication,
  elapsedSeconds: number,
  rules: { readonly before: StartMark | null; readonly verifyProgressSeconds: number },
): { readonly memory: StartWaitMemory; readonly verdict: StartVerdict } {
  const { status } = lifecycleState(replication);
  const seen: StartWaitMemory = {
    ...memory,
    sawStart: memory.sawStart || factsOf(status).phase === 'active',
    runningSince: status === 'running' ? (memory.runningSince ?? elapsedSeconds) : null,
  };
  const verdict = (): StartVerdict => {
    if (status === 'running') {
      const secondsLeft = rules.verifyProgressSeconds - (elapsedSeconds - (seen.runningSince ?? elapsedSeconds));
      return secondsLeft > 0 ? { type: 'verify', secondsLeft } : { type: 'done' };
    }
    if (status === 'deleting') return { type: 'deleting' };
    const isStale = !seen.sawStart && showsTheTimeBefore(replication, rules.before);
    if (status === 'failed' && !(isStale && elapsedSeconds < STALE_SECONDS)) return { type: 'failed' };
    if (status === 'stopped' && !isStale) return { type: 'done' };
    return {
      type: 'wait',
      phase: 'starting',
      why: isStale ? `DMS still shows "${replication.status}"` : `DMS is starting it ("${replication.status}")`,
    };
  };
  return { memory: seen, verdict: verdict() };
}

/** What is remembered once the table statistics have been read; rows that differ from the first ones are moving. */
export function withRows(memory: StartWaitMemory, rows: string): StartWaitMemory {
  if (memory.firstRows === null) return { ...memory, firstRows: rows };
  return { ...memory, isMoving: memory.isMoving || rows !== memory.firstRows };
}

/** A row that has not caught up with the accepted start: same status as before it, and no newer stop. */
function showsTheTimeBefore(replication: Replication, before: StartMark | null): boolean {
  if (before === null || lifecycleState(replication).status !== before.status) return false;
  return !isNewerStop(replication, before.stop);
}
