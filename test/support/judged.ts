import { callMark, stopMark } from '../../src/dms/checkpoint.js';
import type { Replication } from '../../src/dms/replication.js';
import { beginStartWait, judgeStart, type StartVerdict } from '../../src/rules/start-progress.js';
import { beginStopWait, judgeStop, type StopVerdict, type StopWaitRules } from '../../src/rules/stop-settling.js';
import { look } from './look.js';

/** Looks of a wait: seconds since it began, and what they show. */
export type Looks = readonly (readonly [seconds: number, replication: Replication])[];

/** Last stop before the one that a wait is for. */
export const PREVIOUS_STOP = '2026-01-01T12:00:00.000Z';

/** Looks at one replication through a stop that DMS was asked for. */
export const running = look({ status: 'running', replicationLastStopTime: PREVIOUS_STOP });
export const stopping = { ...running, status: 'stopping' };
/** `stopped`, with the fields of the previous run. */
export const undescribed = { ...running, status: 'stopped' };
export const stopped = look();
export const created = look({
  status: 'created',
  stopReason: null,
  recoveryCheckpoint: null,
  replicationLastStopTime: null,
});

/** Rules of a wait after a call that DMS accepted. */
export const asked: StopWaitRules = {
  settleSeconds: 10,
  selfRestartGraceSeconds: 1800,
  before: stopMark(running),
  startedAt: null,
  mayHaveCalled: true,
  hasRun: false,
};
/** Rules of a wait that found the replication at rest. */
export const found: StopWaitRules = { ...asked, before: null, mayHaveCalled: false };

/**
 * Returns the verdicts of a wait for a stop, up to the one that ends the wait.
 *
 * The memory passes through JSON between looks, as it does between attempts.
 */
export function stopVerdicts(looks: Looks, rules: StopWaitRules = asked, hasSeenStop = false): string[] {
  let memory = beginStopWait(hasSeenStop);
  const verdicts: string[] = [];
  for (const [elapsedSeconds, replication] of looks) {
    const judged = judgeStop(memory, { replication, elapsedSeconds }, rules);
    memory = JSON.parse(JSON.stringify(judged.memory)) as typeof memory;
    verdicts.push(shownStop(judged.verdict));
    if (judged.verdict.type !== 'wait') break;
  }
  return verdicts;
}

function shownStop(verdict: StopVerdict): string {
  if (verdict.type === 'settled') return verdict.settled;
  return verdict.type === 'wait' ? verdict.phase : verdict.type;
}

/**
 * Returns the verdicts of a wait for a start, up to the one that ends the wait.
 *
 * `before`: the look before the start. `null`: the replication was starting already.
 */
export function startVerdicts(
  looks: Looks,
  { before = stopped, verifyProgressSeconds = 0 }: { before?: Replication | null; verifyProgressSeconds?: number } = {},
): string[] {
  let memory = beginStartWait(before === null);
  const rules = { before: before === null ? null : callMark(before), verifyProgressSeconds };
  const verdicts: string[] = [];
  for (const [elapsedSeconds, replication] of looks) {
    const judged = judgeStart(memory, replication, elapsedSeconds, rules);
    memory = JSON.parse(JSON.stringify(judged.memory)) as typeof memory;
    verdicts.push(shownStart(judged.verdict));
    if (judged.verdict.type !== 'wait' && judged.verdict.type !== 'verify') break;
  }
  return verdicts;
}

function shownStart(verdict: StartVerdict): string {
  return verdict.type === 'wait' ? verdict.phase : verdict.type;
}
