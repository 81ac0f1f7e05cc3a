import {
  isNewerStop,
  isStopDescribed,
  SETTLE_GRACE_SECONDS,
  stopFingerprint,
  type StopMark,
} from '../dms/checkpoint.js';
import { factsOf, lifecycleState } from '../dms/lifecycle.js';
import type { Replication } from '../dms/replication.js';
import { maySelfRestart } from '../dms/stop-reasons.js';
import type { Settled } from './records.js';

/** How far apart two looks must be to say that someone started it again. */
export const REVERT_SECONDS = 10;

export interface StopWaitRules {
  readonly settleSeconds: number;
  readonly selfRestartGraceSeconds: number;
  /** The last stop in the look before this one was asked for; `null` when there was none to make. */
  readonly before: StopMark | null;
}

/** What a wait remembers from look to look. Times are seconds since the wait began. JSON-safe: it outlives the attempt. */
export interface StopWaitMemory {
  /** `stopping`, or a stop newer than the one before, was seen. */
  readonly sawStop: boolean;
  /** The first look showed it at rest already, and it has not moved since: its stop was not seen happening. */
  readonly foundAtRest: boolean;
  /** The first look of an unbroken row that showed it stopped. */
  readonly stoppedSince: number | null;
  /** The first look of an unbroken row that agree. */
  readonly sample: { readonly fingerprint: string; readonly at: number } | null;
  /** The first look of an unbroken row that showed it running again. */
  readonly activeSince: number | null;
  /** DMS itself may undo the stop that was seen. */
  readonly mayRestart: boolean;
}

export type StopVerdict =
  | {
      readonly type: 'wait';
      readonly phase: 'stopping' | 'settling';
      readonly lookInSeconds: number | null;
      readonly why: string;
    }
  | { readonly type: 'settled'; readonly settled: Settled }
  | { readonly type: 'failed' }
  | { readonly type: 'deleting' }
  | { readonly type: 'reverted' }
  | { readonly type: 'self-restarted' };

export interface StopLook {
  readonly replication: Replication;
  /** Since the wait began. */
  readonly elapsedSeconds: number;
  /** When DMS answered, by its own clock, in milliseconds since the epoch. */
  readonly dmsTime: number;
}

export function beginStopWait(sawStop: boolean): StopWaitMemory {
  return { sawStop, foundAtRest: false, stoppedSince: null, sample: null, activeSince: null, mayRestart: false };
}

export interface StopJudgement<Verdict = StopVerdict> {
  readonly memory: StopWaitMemory;
  readonly verdict: Verdict;
}

type SettleVerdict = Extract<StopVerdict, { readonly type: 'wait' | 'settled' }>;

/** One look at a replication that is to become stopped: what it means, and what to remember of it. */
export function judgeStop(memory: StopWaitMemory, look: StopLook, rules: StopWaitRules): StopJudgement {
  const { replication } = look;
  const { status } = lifecycleState(replication);
  if (status === 'stopped') return judgeSettling(memory, look, rules);
  const sawStop =
    memory.sawStop || status === 'stopping' || (rules.before !== null && isNewerStop(replication, rules.before));
  const moving = { ...memory, sawStop, foundAtRest: false, stoppedSince: null, sample: null };
  if (status === 'failed') return { memory: moving, verdict: { type: 'failed' } };
  if (status === 'deleting') return { memory: moving, verdict: { type: 'deleting' } };
  if (factsOf(status).phase === 'active') return judgeActive(moving, look, rules);
  const why = status === 'stopping' ? 'DMS is stopping it' : `it is in transition ("${status}")`;
  return { memory: { ...moving, activeSince: null }, verdict: waiting('stopping', null, why) };
}

/** One look at a replication that is stopped or failed: whether all that describes its stop is there, and stays the same. */
export function judgeSettling(
  before: StopWaitMemory,
  look: StopLook,
  rules: StopWaitRules,
): StopJudgement<SettleVerdict> {
  const { replication, elapsedSeconds, dmsTime } = look;
  const fingerprint = stopFingerprint(replication);
  const described = isStopDescribed(replication, rules.before);
  const agrees = described && before.sample?.fingerprint === fingerprint;
  const memory: StopWaitMemory = {
    sawStop: true,
    foundAtRest: before.foundAtRest || !before.sawStop,
    activeSince: null,
    stoppedSince: before.stoppedSince ?? elapsedSeconds,
    sample: agrees ? before.sample : described ? { fingerprint, at: elapsedSeconds } : null,
    mayRestart: described && maySelfRestart(replication.stopReason),
  };
  const stoppedFor = elapsedSeconds - (memory.stoppedSince ?? elapsedSeconds);
  const agreedFor = elapsedSeconds - (memory.sample?.at ?? elapsedSeconds);
  const age = (dmsTime - Date.parse(replication.replicationLastStopTime ?? '')) / 1000;
  // The age of a stop that was seen happening says nothing: DMS fills in the rest, the checkpoint too, after `stopped`.
  const isOld = described && memory.foundAtRest && age >= rules.settleSeconds;
  const agreed = described && (isOld || agreedFor >= rules.settleSeconds);
  if (!agreed && stoppedFor < SETTLE_GRACE_SECONDS) {
    const lookIn = described ? rules.settleSeconds - agreedFor : SETTLE_GRACE_SECONDS - stoppedFor;
    const what = described ? 'its checkpoint is settling' : 'DMS has not described this stop yet';
    return { memory, verdict: waiting('settling', lookIn, `it is ${replication.status}; ${what}`) };
  }
  const restartLeft = rules.selfRestartGraceSeconds - Math.max(stoppedFor, isOld ? age : 0);
  if (memory.mayRestart && restartLeft > 0) {
    const why = `it stopped with "${replication.stopReason}", which DMS may undo by itself`;
    return { memory, verdict: waiting('settling', restartLeft, why) };
  }
  return { memory, verdict: { type: 'settled', settled: agreed ? 'agreed' : 'grace-expired' } };
}

function judgeActive(seen: StopWaitMemory, look: StopLook, rules: StopWaitRules): StopJudgement {
  const { replication, elapsedSeconds } = look;
  const stoppedByItself = isNewerStop(replication, rules.before) && maySelfRestart(replication.stopReason);
  const undone = seen.mayRestart || (rules.before !== null && stoppedByItself);
  const activeSince = seen.activeSince ?? elapsedSeconds;
  const memory = { ...seen, activeSince: seen.sawStop ? activeSince : null };
  if (undone) return { memory, verdict: { type: 'self-restarted' } };
  if (!seen.sawStop) return { memory, verdict: waiting('stopping', null, `DMS still shows "${replication.status}"`) };
  const activeFor = elapsedSeconds - activeSince;
  if (activeFor >= REVERT_SECONDS) return { memory, verdict: { type: 'reverted' } };
  const why = `it was stopping, and DMS shows "${replication.status}"`;
  return { memory, verdict: waiting('stopping', REVERT_SECONDS - activeFor, why) };
}

function waiting(phase: 'stopping' | 'settling', lookInSeconds: number | null, why: string): SettleVerdict {
  return { type: 'wait', phase, lookInSeconds, why };
}
