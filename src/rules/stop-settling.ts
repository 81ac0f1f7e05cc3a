/**
 * Rules of the wait for a stop, as pure functions over looks: `(memory, look, rules) -> (memory, verdict)`.
 *
 * A look may be old, see `dms/staleness.ts`. Each look supports one conclusion. A conclusion counts once looks have
 * agreed on it for long enough:
 *
 * | looks show                          | verdict                     | after                                         |
 * |-------------------------------------|-----------------------------|-----------------------------------------------|
 * | stopped, described                  | `settled`                   | `settleSeconds`, then the self-restart grace  |
 * | stopped, not described              | `settled`, `grace-expired`  | `SETTLE_GRACE_SECONDS`                        |
 * | stopped, still changing after grace | `settled`, `grace-expired`  | at the next change                            |
 * | active, after the stop was seen     | `reverted`, `running-again` | staleness                                     |
 * | active, and the stop that DMS undid | `running-again`             | at once: no older look can show that stop     |
 * | active, a later run, no stop seen   | `running-again`             | staleness                                     |
 * | active, nobody has asked for a stop | `running-again`             | at once: asking for the stop does no harm     |
 * | failed, with a newer stop           | `failed`                    | at once: no older look can show that stop     |
 * | failed                              | `failed`                    | staleness: it may precede the last start      |
 * | deleting                            | `deleting`                  | at once: nothing leads out of it              |
 * | created                             | `never-started`             | `settleSeconds`; staleness if it may have run |
 * | anything else                       | `wait`                      |                                               |
 */
import {
  isLaterRun,
  isNewerStop,
  isStopDescribed,
  SETTLE_GRACE_SECONDS,
  stopFingerprint,
  type StopMark,
} from '../dms/checkpoint.js';
import { statusFacts, showsOnlyConfig, lifecycleState } from '../dms/lifecycle.js';
import type { Replication } from '../dms/replication.js';
import { agreedSeconds, agreeOn, isBeyondStaleness, STALE_SECONDS, type Agreement } from '../dms/staleness.js';
import { isSelfRestartExpected, maySelfRestart } from '../dms/stop-reasons.js';
import type { Settled } from '../contract/records.js';

/** Rules by which a stop counts as settled. */
export interface SettleRules {
  /** Seconds for which looks must agree on reason, time and checkpoint. */
  readonly settleSeconds: number;
  /** Seconds a stop must last if DMS usually undoes it by itself. */
  readonly selfRestartGraceSeconds: number;
  /** Last stop in the look before the call. `null`: no call was made here. */
  readonly before: StopMark | null;
}

export interface StopWaitRules extends SettleRules {
  /** True if a call of this operation was accepted, or may have been. */
  readonly mayHaveCalled: boolean;
  /** Start of the run that was to stop, in the look before the call. `null`: unknown. */
  readonly startedAt: string | null;
  /** True if the ledger has seen the replication run. A look that shows `created` then misses its row. */
  readonly hasRun: boolean;
}

/** Memory of a wait from look to look. Times are seconds since the wait began. JSON-safe, because it outlives the attempt. */
export interface StopWaitMemory {
  /** True if `stopping`, or a stop newer than the one before, was seen. */
  readonly hasSeenStop: boolean;
  /** True if DMS may undo the newest described stop by itself. */
  readonly mayRestart: boolean;
  /** Time of the first look that showed this stop described. Kept until looks agree on something else beyond staleness. */
  readonly describedSince: number | null;
  /** Conclusion that the newest looks agree on. */
  readonly agreement: Agreement | null;
}

export type StopVerdict =
  | {
      readonly type: 'wait';
      readonly phase: 'stopping' | 'settling';
      /** Seconds after which another look can decide. `null`: any time. */
      readonly lookInSeconds: number | null;
      readonly why: string;
    }
  | { readonly type: 'settled'; readonly settled: Settled }
  | { readonly type: 'failed' }
  | { readonly type: 'deleting' }
  /** Someone else started the replication again. */
  | { readonly type: 'reverted' }
  /** DMS undid the stop by itself, or only older looks showed it stopped. DMS must be asked to stop it. */
  | { readonly type: 'running-again' }
  | { readonly type: 'never-started' };

/** Look at a replication that should become stopped. */
export interface StopLook {
  readonly replication: Replication;
  /** Seconds since the wait began. */
  readonly elapsedSeconds: number;
}

export interface StopJudgement<Verdict = StopVerdict> {
  readonly memory: StopWaitMemory;
  readonly verdict: Verdict;
}

type SettleVerdict = Extract<StopVerdict, { readonly type: 'wait' | 'settled' }>;

export function beginStopWait(hasSeenStop: boolean): StopWaitMemory {
  return { hasSeenStop, mayRestart: false, describedSince: null, agreement: null };
}

/** Judges one look at a replication that should become stopped. */
export function judgeStop(memory: StopWaitMemory, look: StopLook, rules: StopWaitRules): StopJudgement {
  const { replication, elapsedSeconds: now } = look;
  const { status } = lifecycleState(replication);
  if (status === 'stopped') return judgeSettling(memory, look, rules);
  if (status === 'deleting') return { memory, verdict: { type: 'deleting' } };
  const isActive = statusFacts(status).phase === 'active';
  const seen: StopWaitMemory = {
    ...memory,
    hasSeenStop: memory.hasSeenStop || status === 'stopping' || showsNewerStop(replication, rules.before),
    agreement: agreeOn(memory.agreement, isActive ? 'active' : status, now),
  };
  if (isActive) return judgeActive(seen, look, rules);
  if (status === 'failed') return judgeFailed(seen, look, rules);
  if (status === 'created') return judgeCreated(seen, look, rules);
  const why = status === 'stopping' ? 'DMS is stopping it' : `it is in transition ("${status}")`;
  return waitOn(seen, now, null, why);
}

/** Judges one look at a stopped or failed replication: its stop must be described and stay the same. */
export function judgeSettling(
  memory: StopWaitMemory,
  look: StopLook,
  rules: SettleRules,
): StopJudgement<SettleVerdict> {
  const { replication, elapsedSeconds: now } = look;
  const { stopReason, status } = replication;
  const isDescribed = isStopDescribed(replication, rules.before);
  const agreement = agreeOn(memory.agreement, isDescribed ? stopFingerprint(replication) : 'undescribed', now);
  const seen: StopWaitMemory = {
    hasSeenStop: memory.hasSeenStop || showsNewerStop(replication, rules.before),
    mayRestart: isDescribed ? maySelfRestart(stopReason) : memory.mayRestart,
    describedSince: isDescribed ? (memory.describedSince ?? now) : memory.describedSince,
    agreement,
  };
  const describedFor = now - (seen.describedSince ?? now);
  const settleLeft = (isDescribed ? rules.settleSeconds : SETTLE_GRACE_SECONDS) - agreedSeconds(agreement, now);
  // A description that still changes after the grace may never settle.
  const isFlapping = isDescribed && secondsOfChange(memory, agreement) >= SETTLE_GRACE_SECONDS;
  if (settleLeft > 0 && !isFlapping) {
    const what = isDescribed ? 'its checkpoint is settling' : 'DMS has not described this stop yet';
    return { memory: seen, verdict: waiting('settling', settleLeft, `it is ${status}; ${what}`) };
  }
  const graceLeft = rules.selfRestartGraceSeconds - describedFor;
  if (isDescribed && isSelfRestartExpected(stopReason) && graceLeft > 0) {
    const why = `it stopped with "${stopReason}", which DMS may undo by itself`;
    return { memory: seen, verdict: waiting('settling', graceLeft, why) };
  }
  const settled = isDescribed && settleLeft <= 0 ? 'agreed' : 'grace-expired';
  return { memory: seen, verdict: { type: 'settled', settled } };
}

/**
 * Returns the seconds from the first description to the beginning of the agreement that this look broke. 0: this look
 * broke none.
 */
function secondsOfChange({ agreement: before, describedSince }: StopWaitMemory, agreement: Agreement): number {
  if (before === null || describedSince === null || before === agreement || !isFingerprint(before)) return 0;
  return before.since - describedSince;
}

/** True if looks agreed on a described stop. Any other conclusion is a word, and a fingerprint is a JSON array. */
function isFingerprint({ on }: Agreement): boolean {
  return on.startsWith('[');
}

function judgeActive(seen: StopWaitMemory, look: StopLook, rules: StopWaitRules): StopJudgement {
  const { replication, elapsedSeconds: now } = look;
  const isUndone = showsNewerStop(replication, rules.before) && maySelfRestart(replication.stopReason);
  const isUnasked = !seen.hasSeenStop && !rules.mayHaveCalled;
  if (isUndone || isUnasked) return { memory: seen, verdict: { type: 'running-again' } };
  if (!seen.hasSeenStop) {
    if (!isLaterRun(replication, rules.startedAt))
      return waitOn(seen, now, null, `DMS still shows "${replication.status}"`);
    // No look has shown the stop that DMS or somebody has undone. Another request to stop does no harm.
    if (isBelieved(seen, now)) return { memory: seen, verdict: { type: 'running-again' } };
    return waitOn(seen, now, STALE_SECONDS, 'DMS shows a later run than the one that was to stop');
  }
  if (isBelieved(seen, now)) {
    return { memory: seen, verdict: { type: seen.mayRestart ? 'running-again' : 'reverted' } };
  }
  const why = `it was stopping, and DMS shows "${replication.status}", which may be older`;
  return waitOn(seen, now, STALE_SECONDS, why);
}

function judgeFailed(seen: StopWaitMemory, look: StopLook, rules: StopWaitRules): StopJudgement {
  const { replication, elapsedSeconds: now } = look;
  if (showsNewerStop(replication, rules.before) || isBelieved(seen, now)) {
    return { memory: seen, verdict: { type: 'failed' } };
  }
  return waitOn(seen, now, STALE_SECONDS, 'DMS shows "failed", which may be from before its last start');
}

function judgeCreated(seen: StopWaitMemory, look: StopLook, rules: StopWaitRules): StopJudgement {
  const { elapsedSeconds: now } = look;
  if (rules.hasRun || rules.mayHaveCalled || seen.hasSeenStop || showsOnlyConfig(look.replication)) {
    if (isBelieved(seen, now)) return { memory: seen, verdict: { type: 'never-started' } };
    return waitOn(seen, now, STALE_SECONDS, 'DMS shows no run of it, and may miss its row');
  }
  const left = rules.settleSeconds - agreedFor(seen, now);
  if (left <= 0) return { memory: seen, verdict: { type: 'never-started' } };
  return { memory: seen, verdict: waiting('settling', left, 'it has never run, as far as DMS shows') };
}

/** True if the look shows a stop from after the look before the call. No older look can show its time. */
function showsNewerStop(replication: Replication, before: StopMark | null): boolean {
  return before !== null && isNewerStop(replication, before);
}

function isBelieved({ agreement }: StopWaitMemory, now: number): boolean {
  return agreement !== null && isBeyondStaleness(agreement, now);
}

function agreedFor({ agreement }: StopWaitMemory, now: number): number {
  return agreement === null ? 0 : agreedSeconds(agreement, now);
}

/**
 * Waits for looks that agree for `seconds`. `null`: for another status.
 *
 * The look may be older than the one that showed the stop. The phase therefore returns to `stopping`, under the
 * deadline, only once looks agree on something else.
 */
function waitOn(seen: StopWaitMemory, now: number, seconds: number | null, why: string): StopJudgement {
  const describedSince = isBelieved(seen, now) ? null : seen.describedSince;
  const left = seconds === null ? null : seconds - agreedFor(seen, now);
  const verdict = waiting(describedSince === null ? 'stopping' : 'settling', left, why);
  return { memory: { ...seen, describedSince }, verdict };
}

function waiting(phase: 'stopping' | 'settling', lookInSeconds: number | null, why: string): SettleVerdict {
  return { type: 'wait', phase, lookInSeconds, why };
}
