/**
 * Rules of the wait for a start, as pure functions over looks: `(memory, look, rules) -> (memory, verdict)`.
 *
 * A look may be old, see `dms/staleness.ts`. Each look supports one conclusion. A conclusion counts once looks have
 * agreed on it for long enough. A look counts at once if it proves that it is newer than the look before the start.
 * The proof is a newer stop, a newer run, or another status beside the same stop.
 *
 * | looks show                                | verdict          | after                                      |
 * |-------------------------------------------|------------------|--------------------------------------------|
 * | running                                   | `verify`, `done` | at once, or staleness after the wait began |
 * | stopped again, described, ended by itself | `done`           | `SETTLE_SECONDS`                           |
 * | stopped again, described, DMS may undo it | `wait`           | until the deadline                         |
 * | stopped again, described                  | `reverted`       | `SETTLE_SECONDS`                           |
 * | stopped after it was starting             | as stopped again | `SETTLE_GRACE_SECONDS`                     |
 * | failed                                    | `failed`         | at once, or `SETTLE_GRACE_SECONDS`         |
 * | deleting                                  | `deleting`       | at once: nothing leads out of it           |
 * | anything else                             | `wait`           |                                            |
 */
import {
  isLaterRun,
  isNewerStop,
  isStopDescribed,
  SETTLE_GRACE_SECONDS,
  SETTLE_SECONDS,
  stopFingerprint,
  type CallMark,
} from '../dms/checkpoint.js';
import { statusFacts, lifecycleState } from '../dms/lifecycle.js';
import type { Replication } from '../dms/replication.js';
import { agreedSeconds, agreeOn, isBeyondStaleness, STALE_SECONDS, type Agreement } from '../dms/staleness.js';
import { isEndOfWork, isSelfRestartExpected } from '../dms/stop-reasons.js';

export interface StartWaitRules {
  /** Replication in the look before the start. `null`: it was already starting. */
  readonly before: CallMark | null;
  /** Seconds the replication must run to count as resumed. */
  readonly verifyProgressSeconds: number;
}

/** Memory of a wait from look to look. Times are seconds since the wait began. JSON-safe, because it outlives the attempt. */
export interface StartWaitMemory {
  /** True if the replication was seen starting or running after the start was asked for. */
  readonly hasSeenStart: boolean;
  /** Time of the first look that showed it running. Kept until looks agree on something else beyond staleness, or show it stopped again. */
  readonly runningSince: number | null;
  /** Conclusion that the newest looks agree on. */
  readonly agreement: Agreement | null;
  /** Fingerprint of the table statistics when the replication was first seen running. */
  readonly firstRows: string | null;
  /** True if a later reading of the table statistics differed from the first. */
  readonly isMoving: boolean;
}

export type StartVerdict =
  /**
   * Look again. `starting`: the deadline counts. `verifying`: the replication ran, or stopped again. The deadline does
   * not count while looks have yet to agree.
   */
  | {
      readonly type: 'wait';
      readonly phase: 'starting' | 'verifying';
      readonly lookInSeconds: number | null;
      readonly why: string;
    }
  /** The replication runs, and must run for `secondsLeft` more. */
  | { readonly type: 'verify'; readonly secondsLeft: number }
  /** The replication runs, or has ended what it was asked to do. */
  | { readonly type: 'done' }
  | { readonly type: 'failed' }
  /** The replication was started, and was stopped again. */
  | { readonly type: 'reverted' }
  | { readonly type: 'deleting' };

export interface StartJudgement {
  readonly memory: StartWaitMemory;
  readonly verdict: StartVerdict;
}

/** Begins a wait. `hasSeenStart`: a look before the wait showed the replication starting. */
export function beginStartWait(hasSeenStart: boolean): StartWaitMemory {
  return { hasSeenStart, runningSince: null, agreement: null, firstRows: null, isMoving: false };
}

/** Judges one look at a replication that should become running. */
export function judgeStart(
  memory: StartWaitMemory,
  replication: Replication,
  elapsedSeconds: number,
  rules: StartWaitRules,
): StartJudgement {
  const { status } = lifecycleState(replication);
  if (status === 'deleting') return { memory, verdict: { type: 'deleting' } };
  if (status === 'failed') return judgeFailed(memory, replication, elapsedSeconds, rules);
  if (status === 'stopped') return judgeStopped(memory, replication, elapsedSeconds, rules);
  if (statusFacts(status).phase === 'active') return judgeActive(memory, replication, elapsedSeconds, rules);
  const seen = { ...memory, agreement: agreeOn(memory.agreement, status, elapsedSeconds) };
  return waitOn(seen, elapsedSeconds, null, `DMS shows "${status}"`);
}

/** Adds a reading of the table statistics. Rows that differ from the first reading are moving. */
export function withTableReading(memory: StartWaitMemory, rows: string): StartWaitMemory {
  if (memory.firstRows === null) return { ...memory, firstRows: rows };
  return { ...memory, isMoving: memory.isMoving || rows !== memory.firstRows };
}

function judgeActive(
  memory: StartWaitMemory,
  replication: Replication,
  now: number,
  { before, verifyProgressSeconds }: StartWaitRules,
): StartJudgement {
  const { status } = lifecycleState(replication);
  const agreement = agreeOn(memory.agreement, status, now);
  // A look that may be older than the start can show the previous run.
  const isCurrent = before === null || isAfterMark(replication, before) || now > STALE_SECONDS;
  if (!isCurrent) return waitOn({ ...memory, agreement }, now, null, `DMS still shows "${status}"`);
  const seen: StartWaitMemory = { ...memory, hasSeenStart: true, agreement };
  if (status !== 'running') return waitOn(seen, now, null, `DMS is starting it ("${status}")`);
  const runningSince = memory.runningSince ?? now;
  const secondsLeft = verifyProgressSeconds - (now - runningSince);
  const verdict: StartVerdict = secondsLeft > 0 ? { type: 'verify', secondsLeft } : { type: 'done' };
  return { memory: { ...seen, runningSince }, verdict };
}

function judgeFailed(
  memory: StartWaitMemory,
  replication: Replication,
  now: number,
  { before }: StartWaitRules,
): StartJudgement {
  const seen = { ...memory, agreement: agreeOn(memory.agreement, 'failed', now) };
  const isAfter = before !== null && isAfterMark(replication, before);
  // DMS may show the earlier failure for some seconds after the start. The look itself may also be a minute old.
  const left = SETTLE_GRACE_SECONDS - agreedSeconds(seen.agreement, now);
  if (isAfter || left <= 0) return { memory: seen, verdict: { type: 'failed' } };
  const why = 'DMS shows "failed", which may be from before it was started';
  // A replication that ran is verified, and the deadline no longer counts.
  if (memory.runningSince !== null) return { memory: seen, verdict: waiting('verifying', left, why) };
  return waitOn(seen, now, SETTLE_GRACE_SECONDS, why);
}

function judgeStopped(
  memory: StartWaitMemory,
  replication: Replication,
  now: number,
  { before }: StartWaitRules,
): StartJudgement {
  const { stopReason } = replication;
  const isNewer = before !== null && isNewerStop(replication, before.stop);
  const isDescribed = isStopDescribed(replication, before?.stop ?? null);
  const agreement = agreeOn(memory.agreement, isDescribed ? stopFingerprint(replication) : 'undescribed', now);
  const seen: StartWaitMemory = { ...memory, hasSeenStart: memory.hasSeenStart || isNewer, agreement };
  if (!seen.hasSeenStart) return waitOn(seen, now, null, 'DMS still shows "stopped"');
  const needed = isDescribed && isNewer ? SETTLE_SECONDS : SETTLE_GRACE_SECONDS;
  const left = needed - agreedSeconds(agreement, now);
  if (left > 0 && !isNewer)
    return waitOn(seen, now, needed, 'DMS shows it stopped, which may be from before the start');
  const stopped = { ...seen, runningSince: null };
  if (left > 0)
    return { memory: stopped, verdict: waiting('verifying', left, 'it is stopped again; its stop is settling') };
  if (isDescribed && isEndOfWork(stopReason)) return { memory: stopped, verdict: { type: 'done' } };
  if (isDescribed && isSelfRestartExpected(stopReason)) {
    const why = `it stopped again with "${stopReason}", which DMS may undo by itself`;
    return { memory: stopped, verdict: waiting('starting', null, why) };
  }
  return { memory: stopped, verdict: { type: 'reverted' } };
}

/** True if the look was made after the one before the start. No older look can show the same. */
function isAfterMark(replication: Replication, { status, stop, startedAt }: CallMark): boolean {
  if (isNewerStop(replication, stop)) return true;
  if (isLaterRun(replication, startedAt)) return true;
  // A stopped replication leaves its status only by a start. A failed one may have no stop of its own that tells the runs apart.
  const isSameStop = replication.replicationLastStopTime === stop.lastStopTime;
  return isSameStop && status !== 'failed' && lifecycleState(replication).status !== status;
}

function isBelieved({ agreement }: StartWaitMemory, now: number): boolean {
  return agreement !== null && isBeyondStaleness(agreement, now);
}

/**
 * Waits for looks that agree for `seconds`. `null`: for another status.
 *
 * The look may be older than the one that showed it running. The phase therefore returns to `starting`, under the
 * deadline, only once looks agree on something else.
 */
function waitOn(seen: StartWaitMemory, now: number, seconds: number | null, why: string): StartJudgement {
  const { agreement } = seen;
  const runningSince = isBelieved(seen, now) ? null : seen.runningSince;
  const left = seconds === null || agreement === null ? null : seconds - agreedSeconds(agreement, now);
  const verdict = waiting(runningSince === null ? 'starting' : 'verifying', left, why);
  return { memory: { ...seen, runningSince }, verdict };
}

function waiting(phase: 'starting' | 'verifying', lookInSeconds: number | null, why: string): StartVerdict {
  return { type: 'wait', phase, lookInSeconds, why };
}
