import { describe, expect, test } from 'vitest';
import type { CutoverRequestName } from '../../src/contract/cutover.js';
import type { CutoverTraffic } from '../../src/contract/cutover-hooks.js';
import type { CutoverOptions } from '../../src/contract/cutover-input.js';
import { cutoverHookNames } from '../../src/contract/cutover-schemas.js';
import type { CutoverState, CutoverStep, StepOutcome, UndoStep } from '../../src/contract/cutover-state.js';
import { beginStep, isDue, onCancel, onTime, returnAt, wakeTimes } from '../../src/rules/cutover/clock.js';
import { gateChecks, preflightChecks, stopCheck } from '../../src/rules/cutover/gates.js';
import { onOutcome } from '../../src/rules/cutover/outcomes.js';
import { cutoverMarkdown } from '../../src/rules/cutover/details.js';
import { resultOf, statusOf, undecidedFailure, waitingFor } from '../../src/rules/cutover/report.js';
import { allowedRequests, onRequest, refusal } from '../../src/rules/cutover/requests.js';
import { emptySummary } from '../../src/rules/table-summary.js';
import { look } from '../support/look.js';
import { at } from '../support/operations.js';
import {
  ada,
  arn,
  fenced,
  fencedSteps,
  reading,
  returning,
  stateAt,
  stopped,
  switched,
  WORKFLOW,
} from '../support/cutover-states.js';
import { archivedRecord } from '../support/records.js';

const every = cutoverHookNames;

const measured = { readings: [reading()], checks: [] };
const notMeasured = { readings: [reading({ lag: null })], checks: [] };
const badCheck = [{ name: 'checkout', ok: false, detail: 'is empty' }];
const stop = { checkpoint: { ...archivedRecord(1), replicationConfigArn: arn }, warnings: [] };
const warned = { ...stop, warnings: [{ code: 'unsettled', message: 'it did not settle' }] as const };
const problem = 'refused';

interface Row {
  readonly from: CutoverState;
  readonly outcome: { readonly value: unknown } | { readonly problem: string };
  readonly to: CutoverStep;
  readonly cause?: string;
  readonly undo?: readonly UndoStep[];
}

/** Outcome of a reservation of all replications. */
const reserved = (since: string | null = null) => ({ value: { reserved: [arn], since, problem: null } });

const rows: Readonly<Record<string, Row>> = {
  'a reservation leads to the preflight': { from: stateAt('reserve'), outcome: reserved(), to: 'inspect' },
  'a reservation of only some replications leads back': {
    from: stateAt('reserve'),
    outcome: { value: { reserved: [], since: null, problem } },
    to: 'find-reset',
    cause: 'preflight',
  },
  'a refused reservation leads back': {
    from: stateAt('reserve'),
    outcome: { problem },
    to: 'find-reset',
    cause: 'preflight',
  },
  'an inspection leads to the lag gate': {
    from: stateAt('inspect'),
    outcome: { value: { readings: [reading()], traffic: 'source' } },
    to: 'await-lag',
  },
  'an inspection leads to the hook preflight': {
    from: stateAt('inspect', {}, {}, every),
    outcome: { value: { readings: [reading()], traffic: 'source' } },
    to: 'preflight',
  },
  'an inspection without a lag gate leads to the measurement': {
    from: stateAt('inspect', {}, { gates: { lag: 'ignore' } }),
    outcome: { value: { readings: [reading()], traffic: 'source' } },
    to: 'measure',
  },
  'an inspection that finds the traffic on the target leads back': {
    from: stateAt('inspect'),
    outcome: { value: { readings: [reading()], traffic: 'target' } },
    to: 'find-reset',
    cause: 'preflight',
  },
  'an inspection that fails leads back': {
    from: stateAt('inspect'),
    outcome: { problem },
    to: 'find-reset',
    cause: 'preflight',
  },
  'an inspection that fails ends a dry run': {
    from: stateAt('inspect', {}, { dryRun: true }),
    outcome: { problem },
    to: 'end',
  },
  'a bad check of the hook preflight leads back': {
    from: stateAt('preflight', {}, {}, every),
    outcome: { value: badCheck },
    to: 'find-reset',
    cause: 'preflight',
  },
  'a check that does not block goes on': {
    from: stateAt('preflight', {}, {}, every),
    outcome: { value: [{ ...badCheck[0], blocking: false }] },
    to: 'await-lag',
  },
  'a hook preflight that fails leads back': {
    from: stateAt('preflight', {}, {}, every),
    outcome: { problem },
    to: 'find-reset',
    cause: 'preflight',
  },
  'a low lag leads to the measurement': { from: stateAt('await-lag'), outcome: { value: [] }, to: 'measure' },
  'a lag that can not be read leads back': {
    from: stateAt('await-lag'),
    outcome: { problem },
    to: 'find-reset',
    cause: 'lag-timeout',
  },
  'met gates without an approval lead to the fence': {
    from: stateAt('measure'),
    outcome: { value: measured },
    to: 'measure-again',
  },
  'met gates with a missing approval wait for it': {
    from: stateAt('measure', {}, { approval: {} }),
    outcome: { value: measured },
    to: 'await-approval',
  },
  'met gates before the window wait for it': {
    from: stateAt('measure', {}, { window: { notBefore: at(3600) } }),
    outcome: { value: measured },
    to: 'await-window',
  },
  'a gate that is not met waits': { from: stateAt('measure'), outcome: { value: notMeasured }, to: 'await-approval' },
  'a bad check of validate waits': {
    from: stateAt('measure'),
    outcome: { value: { ...measured, checks: badCheck } },
    to: 'await-approval',
  },
  'a measurement that fails waits': { from: stateAt('measure'), outcome: { problem }, to: 'await-approval' },
  'a measurement ends a dry run': {
    from: stateAt('measure', {}, { dryRun: true }),
    outcome: { value: notMeasured },
    to: 'end',
  },
  'gates that are still met lead to the fence, whose way back is registered': {
    from: stateAt('measure-again'),
    outcome: { value: measured },
    to: 'fence',
    undo: ['unfence'],
  },
  'gates that are still met lead to prepareReverse first': {
    from: stateAt('measure-again', {}, {}, every),
    outcome: { value: measured },
    to: 'prepare-reverse',
  },
  'gates that are met no longer wait for the lag again': {
    from: stateAt('measure-again'),
    outcome: { value: notMeasured },
    to: 'await-lag',
  },
  'a second measurement that fails waits for the lag again': {
    from: stateAt('measure-again'),
    outcome: { problem },
    to: 'await-lag',
  },
  'an approval that was revoked meanwhile is waited for again': {
    from: stateAt('measure-again', {}, { approval: {} }),
    outcome: { value: measured },
    to: 'await-approval',
  },
  'a prepared reverse measures the gates again': {
    from: stateAt('prepare-reverse', {}, {}, every),
    outcome: { value: null },
    to: 'measure-again',
  },
  'a reverse that can not be prepared leads back': {
    from: stateAt('prepare-reverse', {}, {}, every),
    outcome: { problem },
    to: 'find-reset',
    cause: 'hook-failed',
  },
  'a fence leads to the drain': { from: stateAt('fence', fenced), outcome: { value: null }, to: 'drain' },
  'a fence leads to the marker': {
    from: stateAt('fence', fenced, {}, every),
    outcome: { value: null },
    to: 'mark-source',
  },
  'a fence that fails is followed by the question where the traffic is': {
    from: stateAt('fence', fenced),
    outcome: { problem },
    to: 'ask-before-unfence',
    cause: 'hook-failed',
  },
  'a marker leads to the drain': {
    from: stateAt('mark-source', fenced),
    outcome: { value: { lsn: 1 } },
    to: 'drain',
  },
  'a marker that can not be written leads back': {
    from: stateAt('mark-source', fenced),
    outcome: { problem },
    to: 'ask-before-unfence',
    cause: 'hook-failed',
  },
  'a drain that is not over is asked for again': {
    from: stateAt('drain', fenced),
    outcome: { value: { drained: false, behind: 7 } },
    to: 'drain',
  },
  'a drain that is over leads to the stops, whose way back runs last': {
    from: stateAt('drain', fenced),
    outcome: { value: { drained: true } },
    to: 'stop',
    undo: ['replicate', 'unfence'],
  },
  'a drain that fails leads back': {
    from: stateAt('drain', fenced),
    outcome: { problem },
    to: 'ask-before-unfence',
    cause: 'hook-failed',
  },
  'stops lead to the look': {
    from: stateAt('stop', stopped),
    outcome: { value: { stops: [stop], problem: null } },
    to: 'assert-stopped',
  },
  'stops of which one failed lead back': {
    from: stateAt('stop', stopped),
    outcome: { value: { stops: [], problem } },
    to: 'ask-before-unfence',
    cause: 'stop-failed',
  },
  'stops that fail lead back': {
    from: stateAt('stop', stopped),
    outcome: { problem },
    to: 'ask-before-unfence',
    cause: 'stop-failed',
  },
  'a stop that warns leads back': {
    from: stateAt('stop', stopped),
    outcome: { value: { stops: [warned], problem: null } },
    to: 'ask-before-unfence',
    cause: 'stop-warns',
  },
  'a stop whose warning is accepted goes on': {
    from: stateAt('stop', stopped, { gates: { acceptWarnings: ['unsettled'] } }),
    outcome: { value: { stops: [warned], problem: null } },
    to: 'assert-stopped',
  },
  'replications that are stopped lead to the switch, whose way back is registered': {
    from: stateAt('assert-stopped', stopped),
    outcome: { value: null },
    to: 'switch',
    undo: ['replicate', 'unfence', 'switch-back'],
  },
  'replications that are stopped lead to syncIdentities': {
    from: stateAt('assert-stopped', stopped, {}, every),
    outcome: { value: null },
    to: 'sync-identities',
  },
  'a replication that runs again leads back': {
    from: stateAt('assert-stopped', stopped),
    outcome: { problem },
    to: 'ask-before-unfence',
    cause: 'stop-reverted',
  },
  'synced identities lead to the second look': {
    from: stateAt('sync-identities', stopped),
    outcome: { value: null },
    to: 'assert-still-stopped',
  },
  'identities that can not be synced lead back': {
    from: stateAt('sync-identities', stopped),
    outcome: { problem },
    to: 'ask-before-unfence',
    cause: 'hook-failed',
  },
  'the second look leads to the switch, whose way back is registered': {
    from: stateAt('assert-still-stopped', stopped),
    outcome: { value: null },
    to: 'switch',
    undo: ['replicate', 'unfence', 'switch-back'],
  },
  'the second look leads back if a replication runs again': {
    from: stateAt('assert-still-stopped', stopped),
    outcome: { problem },
    to: 'ask-before-unfence',
    cause: 'stop-reverted',
  },
  'a switch is followed by the question where the traffic is': {
    from: stateAt('switch', switched),
    outcome: { value: null },
    to: 'ask-after-switch',
  },
  'a switch that fails is followed by the same question': {
    from: stateAt('switch', switched),
    outcome: { problem },
    to: 'ask-after-switch',
  },
  'traffic on the target ends the cutover': {
    from: stateAt('ask-after-switch', switched),
    outcome: { value: 'target' },
    to: 'release',
  },
  'traffic on the target leads to startReverse': {
    from: stateAt('ask-after-switch', switched, {}, every),
    outcome: { value: 'target' },
    to: 'start-reverse',
  },
  'traffic on the source leads back, without a switch back': {
    from: stateAt('ask-after-switch', switched),
    outcome: { value: 'source' },
    to: 'ask-before-unfence',
    cause: 'not-switched',
    undo: ['replicate', 'unfence'],
  },
  'traffic on both sides waits for a person': {
    from: stateAt('ask-after-switch', switched),
    outcome: { value: 'both' },
    to: 'decide-after-switch',
    undo: ['replicate', 'unfence', 'switch-back'],
  },
  'traffic on neither side waits for a person': {
    from: stateAt('ask-after-switch', switched),
    outcome: { value: 'neither' },
    to: 'decide-after-switch',
  },
  'an unknown side waits for a person': {
    from: stateAt('ask-after-switch', switched),
    outcome: { problem },
    to: 'decide-after-switch',
  },
  'a started reverse leads to verify': {
    from: stateAt('start-reverse', switched, {}, every),
    outcome: { value: null },
    to: 'verify',
  },
  'a reverse that does not start asks a person': {
    from: stateAt('start-reverse', switched, {}, every),
    outcome: { problem },
    to: 'await-verdict',
  },
  'a reverse that does not start switches back, if the policy says so': {
    from: stateAt('start-reverse', switched, { onVerifyFailed: 'switch-back' }, every),
    outcome: { problem },
    to: 'switch-back',
    cause: 'switched-back',
  },
  'a good verification ends the cutover': {
    from: stateAt('verify', { ...switched, since: at(0) }, {}, every),
    outcome: { value: [] },
    to: 'release',
  },
  'a bad verification is made again': {
    from: stateAt('verify', { ...switched, since: at(0) }, {}, every),
    outcome: { value: badCheck },
    to: 'verify',
  },
  'a bad verification asks a person once its time is over': {
    from: stateAt('verify', { ...switched, since: at(0) }, { verifySeconds: 0 }, every),
    outcome: { value: badCheck },
    to: 'await-verdict',
  },
  'a verification that fails asks a person once its time is over': {
    from: stateAt('verify', { ...switched, since: at(0) }, { verifySeconds: 0 }, every),
    outcome: { problem },
    to: 'await-verdict',
  },
  'a switch back is followed by the question where the traffic is': {
    from: stateAt('switch-back', { ...switched, ...returning }),
    outcome: { value: null },
    to: 'ask-after-switch-back',
  },
  'a switch back that fails is followed by the same question': {
    from: stateAt('switch-back', { ...switched, ...returning }),
    outcome: { problem },
    to: 'ask-after-switch-back',
  },
  'traffic on the source after a switch back leads to the fence': {
    from: stateAt('ask-after-switch-back', { ...switched, ...returning }),
    outcome: { value: 'source' },
    to: 'ask-before-unfence',
    undo: ['replicate', 'unfence'],
  },
  'traffic on the target after a switch back waits for a person': {
    from: stateAt('ask-after-switch-back', { ...switched, ...returning }),
    outcome: { value: 'target' },
    to: 'await-repair',
    undo: ['replicate', 'unfence', 'switch-back'],
  },
  'traffic on both sides after a switch back waits for a person': {
    from: stateAt('ask-after-switch-back', { ...switched, ...returning }),
    outcome: { value: 'both' },
    to: 'decide-after-switch-back',
  },
  'an unknown side after a switch back waits for a person': {
    from: stateAt('ask-after-switch-back', { ...switched, ...returning }),
    outcome: { problem },
    to: 'decide-after-switch-back',
  },
  'traffic on the source lets the fence down': {
    from: stateAt('ask-before-unfence', { ...stopped, ...returning }),
    outcome: { value: 'source' },
    to: 'unfence',
  },
  'traffic anywhere else keeps the fence': {
    from: stateAt('ask-before-unfence', { ...stopped, ...returning }),
    outcome: { value: 'target' },
    to: 'await-repair',
    undo: ['replicate', 'unfence'],
  },
  'an unknown side keeps the fence': {
    from: stateAt('ask-before-unfence', { ...stopped, ...returning }),
    outcome: { problem },
    to: 'await-repair',
    undo: ['replicate', 'unfence'],
  },
  'a fence that is down leads to the replications': {
    from: stateAt('unfence', { ...stopped, ...returning }),
    outcome: { value: null },
    to: 'replicate',
    undo: ['replicate'],
  },
  'a fence that stays up waits for a person': {
    from: stateAt('unfence', { ...stopped, ...returning }),
    outcome: { problem },
    to: 'await-repair',
    undo: ['replicate', 'unfence'],
  },
  'replications that run end the way back': {
    from: stateAt('replicate', { undo: ['replicate'], writesStoppedAt: at(0), isResetKnown: true, ...returning }),
    outcome: { value: null },
    to: 'release',
    undo: [],
  },
  'replications that do not run wait for a person': {
    from: stateAt('replicate', { undo: ['replicate'], writesStoppedAt: at(0), ...returning }),
    outcome: { problem },
    to: 'await-repair',
    undo: ['replicate'],
  },
  'a workflow that was never reset is released': {
    from: stateAt('find-reset', returning),
    outcome: { value: false },
    to: 'release',
  },
  'a workflow that was reset lets down what an earlier run may have fenced': {
    from: stateAt('find-reset', returning),
    outcome: { value: true },
    to: 'ask-before-unfence',
    undo: ['replicate', 'unfence'],
  },
  'a reset that can not be looked for waits for a person': {
    from: stateAt('find-reset', returning),
    outcome: { problem },
    to: 'await-repair',
  },
  'a reservation of an earlier run leads back, and lets down what that run may have fenced': {
    from: stateAt('reserve', {
      timeline: [{ at: at(5), phase: 'preflight', what: 'Begun', by: null }],
    }),
    outcome: reserved(at(4)),
    to: 'ask-before-unfence',
    cause: 'preflight',
    undo: ['replicate', 'unfence'],
  },
  'a reservation of an earlier run is taken up, although the cutover was aborted meanwhile': {
    from: stateAt('reserve', {
      ...returning,
      timeline: [{ at: at(5), phase: 'preflight', what: 'Begun', by: null }],
    }),
    outcome: reserved(at(4)),
    to: 'ask-before-unfence',
    undo: ['replicate', 'unfence'],
  },
  'a measurement without an approval that was revoked meanwhile prepares no way back': {
    from: stateAt('measure-again', {}, { approval: { approvers: 2 } }, every),
    outcome: { value: { readings: [reading()], checks: [] } },
    to: 'await-approval',
    undo: [],
  },
  'a measurement before the window waits for it, and prepares no way back': {
    from: stateAt('measure-again', {}, { window: { notBefore: at(99_999) } }, every),
    outcome: { value: { readings: [reading()], checks: [] } },
    to: 'await-window',
    undo: [],
  },
  'a reservation of its own leads to the preflight': {
    from: stateAt('reserve', {
      timeline: [{ at: at(5), phase: 'preflight', what: 'Begun', by: null }],
    }),
    outcome: reserved(at(6)),
    to: 'inspect',
  },
  'an outdated wait for the lag begins anew': {
    from: stateAt('await-lag', { isOutdated: true }),
    outcome: { problem },
    to: 'await-lag',
  },
  'an end of the reservation ends the cutover': { from: stateAt('release'), outcome: { value: null }, to: 'end' },
  'a reservation that stays is released again later': { from: stateAt('release'), outcome: { problem }, to: 'release' },
  'a reservation that stays for an hour ends the cutover': {
    from: stateAt('release', { stepSince: at(-3600) }),
    outcome: { problem },
    to: 'end',
  },
};

describe('the outcome of a step', () => {
  test.each(Object.entries(rows))('%s', (_, { from, outcome, to, cause, undo }) => {
    const next = onOutcome(from, { step: from.step, ...outcome } as StepOutcome, at(1), WORKFLOW);
    expect(next.step).toBe(to);
    expect(next.cause?.code ?? null).toBe(cause ?? from.cause?.code ?? null);
    if (undo !== undefined) expect(next.undo).toEqual(undo);
  });

  test('every step that is carried out has a row that succeeds and one that fails', () => {
    const seen = (key: 'value' | 'problem') =>
      new Set(Object.values(rows).flatMap(({ from, outcome }) => (key in outcome ? [from.step] : [])));
    const without = [...seen('value')].filter((step) => !seen('problem').has(step));
    expect(without).toEqual([]);
    expect(seen('value').size).toBe(25);
  });

  test('a step that ends after the time limit leads back, although it succeeded', () => {
    const next = onOutcome(
      stateAt('assert-still-stopped', stopped),
      { step: 'assert-still-stopped', value: null },
      at(301),
      WORKFLOW,
    );
    expect(next).toMatchObject({ step: 'ask-before-unfence', cause: { code: 'writes-stopped-too-long' } });
  });

  test('stops that succeed while the cutover goes back are kept for the result', () => {
    const state = stateAt('stop', { ...stopped, ...returning });
    const next = onOutcome(state, { step: 'stop', value: { stops: [stop], problem: null } }, at(1), WORKFLOW);
    expect(next.step).toBe('ask-before-unfence');
    expect(resultOf(next).checkpoints).toEqual([stop.checkpoint]);
  });

  test('an outcome of another step is an error', () => {
    expect(() => onOutcome(stateAt('fence'), { step: 'unfence', value: null }, at(1), WORKFLOW)).toThrow(
      'in the step fence',
    );
  });
});

describe('the clock', () => {
  test.each([
    ['the lag', stateAt('await-lag'), 86_400, 'lag-timeout'],
    ['the checks', stateAt('await-approval', { isReady: false }), 604_800, 'validation-timeout'],
    ['the approval', stateAt('await-approval', {}, { approval: {} }), 604_800, 'approval-timeout'],
    ['the window', stateAt('await-lag', {}, { window: { notAfter: at(60) } }), 60, 'window-closed'],
    ['the time without writes', stateAt('drain', fenced), 300, 'writes-stopped-too-long'],
  ] as const)('%s has a time limit that leads back', (_, state, seconds, code) => {
    expect(onTime(state, at(seconds - 1), false).cause).toBeNull();
    expect(onTime(state, at(seconds), false).cause?.code).toBe(code);
    expect(wakeTimes(state)).toEqual([at(seconds)]);
  });

  test.each(['switch', 'ask-after-switch', 'decide-after-switch', 'verify', 'unfence'] as const)(
    'no time limit leads back from %s',
    (step) => {
      const state = stateAt(step, switched, { window: { notAfter: at(60) } });
      expect([returnAt(state), onTime(state, at(1e6), false)]).toEqual([null, state]);
    },
  );

  test('a time limit that ends during a step leaves the step to its end', () => {
    const late = onTime(stateAt('drain', fenced), at(300), true);
    expect(late).toMatchObject({ step: 'drain', cause: { code: 'writes-stopped-too-long' } });
  });

  test.each(['decide-after-switch', 'decide-after-switch-back', 'await-verdict', 'await-repair'] as const)(
    '%s ends undecided after the time for decisions, and keeps what is left to undo',
    (step) => {
      const state = stateAt(step, { ...switched, ...returning }, { decisionTimeoutSeconds: 60 });
      const ended = onTime(state, at(60), false);
      expect(ended).toMatchObject({ step: 'end', isUndecided: true, undo: switched.undo });
      expect(undecidedFailure(ended).message).toContain('The source is still fenced');
    },
  );

  test('a cancel leads back before the switch, changes nothing after it, and ends a decision', () => {
    expect(onCancel(stateAt('drain', fenced), at(1), false).cause?.code).toBe('cancelled');
    expect(onCancel(stateAt('switch', switched), at(1), true)).toMatchObject({ step: 'switch', cause: null });
    const unknown = onCancel(stateAt('decide-after-switch', switched), at(1), false);
    expect(unknown).toMatchObject({ step: 'end', isUndecided: true });
    const cancelledEarlier = stateAt('decide-after-switch', { ...switched, isCancelled: true });
    expect(onTime(cancelledEarlier, at(1), false)).toEqual(cancelledEarlier);
  });

  test('the time limit of the approval counts anew after a gate was lost', () => {
    const state = stateAt('measure-again', { validatingSince: at(0) });
    const lost = onOutcome(state, { step: 'measure-again', value: notMeasured }, at(600_000), WORKFLOW);
    expect(lost).toMatchObject({ step: 'await-lag', validatingSince: null });
  });

  test('an abort, a cancel and the end of the window wait for the reservation, which may show an earlier run', () => {
    const state = stateAt('reserve', {}, { window: { notAfter: at(1) } });
    expect(onTime(state, at(2), false)).toEqual(state);
    expect(wakeTimes(state)).toEqual([]);
    for (const isRunning of [true, false]) {
      expect(onCancel(state, at(1), isRunning)).toMatchObject({ step: 'reserve', cause: { code: 'cancelled' } });
      expect(onRequest(state, 'abort', ada, at(1), isRunning)).toMatchObject({
        step: 'reserve',
        cause: { code: 'aborted' },
      });
    }
  });

  test('a step that is carried out again does not ring the clock for its last wait', () => {
    const drain = beginStep(stateAt('drain', { ...fenced, nextAt: at(2) }));
    expect(drain.nextAt).toBeNull();
    expect(wakeTimes(drain)).toEqual([returnAt(drain)]);
  });

  test('a wait is over at its time', () => {
    const waits = stateAt('await-approval', { nextAt: at(60) });
    expect([onTime(waits, at(59), false).step, onTime(waits, at(60), false).step]).toEqual([
      'await-approval',
      'measure',
    ]);
    expect(onTime(stateAt('await-window', { nextAt: at(60) }), at(60), false).step).toBe('measure-again');
    const drain = stateAt('drain', { ...fenced, nextAt: at(2) });
    expect([isDue(drain, at(1)), isDue(drain, at(2)), isDue(waits, at(99))]).toEqual([false, true, false]);
  });
});

describe('a request', () => {
  const before = ['reserve', 'inspect', 'preflight', 'await-lag', 'measure-again', 'prepare-reverse'] as const;
  const allowed: readonly (readonly [CutoverStep, readonly CutoverRequestName[]])[] = [
    ...before.map((step) => [step, ['abort', 'change']] as const),
    ['await-approval', ['approve', 'abort', 'change']],
    ['await-window', ['abort', 'change']],
    ...fencedSteps.map((step) => [step, ['abort', 'change']] as const),
    ['switch', []],
    ['ask-after-switch', []],
    ['decide-after-switch', ['decide']],
    ['start-reverse', ['switchBack']],
    ['verify', ['switchBack']],
    ['await-verdict', ['switchBack', 'decide']],
    ['end', []],
  ];

  test.each(allowed)('in the step %s is allowed: %j', (step, names) => {
    const phase = step === 'await-approval' ? 'waiting-for-approval' : 'preflight';
    expect(allowedRequests(stateAt(step, { phase }, { approval: {} }, every))).toEqual(names);
  });

  test.each(['switch-back', 'ask-before-unfence', 'unfence', 'replicate', 'find-reset'] as const)(
    'is refused on the way back, in the step %s',
    (step) => {
      expect(allowedRequests(stateAt(step, { ...stopped, ...returning }, { approval: {} }, every))).toEqual([]);
    },
  );

  test('is refused with an unknown field before anything is changed', () => {
    expect(() => refusal(stateAt('drain', fenced), 'abort', { ...ada, now: true })).toThrow('there is no field "now"');
  });

  const waiting = (changes: Partial<CutoverState> = {}, approvers = 2) =>
    stateAt('await-approval', { phase: 'waiting-for-approval', ...changes }, { approval: { approvers } });

  test('an approval counts once for each person, and only for this cutover', () => {
    const confirm = 'orders';
    expect(refusal(waiting(), 'approve', { ...ada, confirm: 'others' })).toContain('this is the cutover "orders"');
    const once = onRequest(waiting(), 'approve', { ...ada, confirm }, at(1), false);
    expect(once.step).toBe('await-approval');
    expect(refusal(once, 'approve', { ...ada, confirm })).toBe('ada has approved it already');
    const twice = onRequest(once, 'approve', { by: 'bob', reason: 'ok', confirm }, at(2), false);
    expect(twice.step).toBe('measure-again');
    expect(onRequest(twice, 'revokeApproval', ada, at(3), false)).toMatchObject({ step: 'await-approval' });
  });

  test('an approval is refused while a gate is not met', () => {
    const notReady = stateAt('await-approval', { isReady: false, phase: 'validating' }, { approval: {} });
    expect(refusal(notReady, 'approve', { ...ada, confirm: 'orders' })).toContain('only in waiting-for-approval');
  });

  test('a revocation is refused after the call of fence', () => {
    const approvals = [{ ...ada, at: at(0) }];
    expect(refusal(stateAt('drain', { ...fenced, approvals }), 'revokeApproval', ada)).toContain(
      'Abort the cutover instead',
    );
    expect(refusal(waiting({ approvals }), 'revokeApproval', { by: 'bob', reason: 'no' })).toContain(
      'bob has not approved',
    );
  });

  test('an approval is refused once the cutover goes back, although the phase is still the same', () => {
    const { cause } = returning;
    expect(refusal(waiting({ cause, step: 'measure' }), 'approve', { ...ada, confirm: 'orders' })).toBe(
      'it is going back',
    );
  });

  test.each([
    [{}, 'it names nothing to change'],
    [{ gates: {} }, 'it names nothing to change'],
    [{ window: { notAfter: at(60) } }, 'too late to change notAfter'],
    [{ gates: { lag: 'ignore', acceptWarnings: [] } }, 'too late to change lag'],
    [{ gates: { acceptWarnings: ['unsettled'] } }, null],
    [{ writesStoppedSeconds: 900 }, null],
  ] as const)('a change after the call of fence: %j', (change, why) => {
    const refused = refusal(stateAt('drain', fenced), 'change', { ...ada, ...change });
    if (why === null) expect(refused).toBeNull();
    else expect(refused).toContain(why);
  });

  test('a change of the lag gate begins the wait for the lag anew', () => {
    const waits = stateAt('await-lag');
    const changed = onRequest(waits, 'change', { ...ada, gates: { lag: 'ignore' } }, at(1), true);
    expect(changed).toMatchObject({ step: 'await-lag', isOutdated: true });
    const anew = onOutcome(changed, { step: 'await-lag', problem }, at(2), WORKFLOW);
    expect(anew).toMatchObject({ step: 'measure', isOutdated: false, cause: null });
  });

  test('an abort during a step leaves the step to its end', () => {
    const aborted = onRequest(stateAt('fence', fenced), 'abort', ada, at(1), true);
    expect(aborted).toMatchObject({ step: 'fence', cause: { code: 'aborted', detail: 'as planned' } });
    expect(onRequest(stateAt('drain', fenced), 'abort', ada, at(1), false).step).toBe('ask-before-unfence');
  });

  test('a change keeps what it does not name, and measures the gates anew', () => {
    const state = waiting({ nextAt: at(300) });
    const changed = onRequest(
      state,
      'change',
      { ...ada, gates: { tables: 'ignore' }, writesStoppedSeconds: 60 },
      at(1),
      false,
    );
    expect(changed.plan.gates).toEqual({ ...state.plan.gates, tables: 'ignore' });
    expect(changed.plan.writesStoppedSeconds).toBe(60);
    expect(changed.plan.approval).toEqual(state.plan.approval);
    expect(onTime(changed, at(1), false).step).toBe('measure');
    expect(changed.timeline.at(-1)?.what).toBe('Changed gates, writesStoppedSeconds: as planned');
  });

  test('a change may not end the window before it begins', () => {
    const state = stateAt('await-window', {}, { window: { notBefore: at(600) } });
    expect(refusal(state, 'change', { ...ada, window: { notAfter: at(60) } })).toContain('before it begins');
    const opened = onRequest(state, 'change', { ...ada, window: { notBefore: at(1) } }, at(1), false);
    expect(opened.step).toBe('measure-again');
  });

  test.each([
    ['decide-after-switch', { traffic: 'target' }, 'release'],
    ['decide-after-switch', { traffic: 'source' }, 'ask-before-unfence'],
    ['decide-after-switch-back', { traffic: 'source' }, 'ask-before-unfence'],
    ['decide-after-switch-back', { traffic: 'target' }, 'await-repair'],
    ['await-verdict', { traffic: 'target' }, 'release'],
    ['await-repair', { undo: 'retry' }, 'switch-back'],
    ['await-repair', { undo: 'done' }, 'ask-after-switch-back'],
  ] as const)('a decision in %s, %j, leads to %s', (step, decision, to) => {
    const cause = step.startsWith('await-v') || step === 'decide-after-switch' ? null : returning.cause;
    const state = stateAt(step, { ...switched, cause });
    const request = { ...ada, ...decision };
    expect(refusal(state, 'decide', request)).toBeNull();
    expect(onRequest(state, 'decide', request, at(1), false).step).toBe(to);
  });

  test.each([
    ['decide-after-switch', { undo: 'retry' }],
    ['decide-after-switch', {}],
    ['decide-after-switch', { undo: 'retry', traffic: 'source' }],
    ['await-verdict', { traffic: 'source' }],
    ['await-repair', { traffic: 'source' }],
    ['await-repair', { traffic: 'target' }],
  ] as const)('a decision in %s is refused: %j', (step, decision) => {
    expect(refusal(stateAt(step, switched), 'decide', { ...ada, ...decision })).toMatch(/decide|decision/);
  });

  test('a person may keep the application on the target only if every replication is stopped for good', () => {
    const replications = [{ replicationConfigArn: arn, source: null, target: null, checkpoint: stop.checkpoint }];
    const state = stateAt('await-repair', { ...switched, ...returning, traffic: 'target' });
    const request = { ...ada, traffic: 'target' } as const;
    expect(refusal(state, 'decide', request)).toContain('undo');
    const kept = onRequest({ ...state, replications }, 'decide', request, at(1), false);
    expect(kept).toMatchObject({ step: 'ask-before-unfence', isKept: true });
    const ask = (value: CutoverTraffic) => onOutcome(kept, { step: 'ask-before-unfence', value }, at(2), WORKFLOW);
    const onTarget = ask('target');
    expect(onTarget).toMatchObject({ step: 'release', cause: null, undo: [], isKept: false, writesResumedAt: at(2) });
    expect(resultOf(onOutcome(onTarget, { step: 'release', value: null }, at(3), WORKFLOW)).outcome).toBe('switched');
    expect(ask('source')).toMatchObject({ step: 'switch-back', isKept: false, ...returning });
    expect(ask('both')).toMatchObject({ step: 'await-repair', problem: 'the application uses both sides' });
    const silent = onOutcome(kept, { step: 'ask-before-unfence', problem: 'down' }, at(2), WORKFLOW);
    expect(silent).toMatchObject({ step: 'await-repair', isKept: false, ...returning });
  });

  test.each([
    ['source', 'replicate', ['replicate']],
    ['target', 'await-repair', ['replicate', 'unfence']],
  ] as const)(
    'a fence that a person has taken down counts once the traffic is asked for: %s',
    (traffic, step, undo) => {
      const state = stateAt('await-repair', { ...stopped, ...returning, traffic: null });
      const asked = onRequest(state, 'decide', { ...ada, undo: 'done' }, at(9), false);
      expect(asked).toMatchObject({ step: 'ask-before-unfence', isUnfenced: true });
      const next = onOutcome(asked, { step: 'ask-before-unfence', value: traffic }, at(10), WORKFLOW);
      expect(next).toMatchObject({ step, undo, isUnfenced: traffic === 'source' });
      expect(next.writesResumedAt).toBe(traffic === 'source' ? at(10) : null);
    },
  );

  test('a source that was unfenced by hand does not let a person leave the application on the target', () => {
    const state = stateAt('ask-before-unfence', {
      ...stopped,
      ...returning,
      traffic: 'target',
      isUnfenced: true,
      replications: [{ replicationConfigArn: arn, source: null, target: null, checkpoint: stop.checkpoint }],
    });
    const resuming = onOutcome(state, { step: 'ask-before-unfence', value: 'source' }, at(1), WORKFLOW);
    expect(resuming).toMatchObject({ step: 'replicate', traffic: 'source' });
    const failed = onOutcome(resuming, { step: 'replicate', problem: 'refused' }, at(2), WORKFLOW);
    expect(refusal(failed, 'decide', { ...ada, traffic: 'target' })).toContain('undo');
  });

  test('a person can end a look for a reset that always fails', () => {
    const stuck = stateAt('await-repair', { ...returning, undo: [] });
    const decided = onRequest(stuck, 'decide', { ...ada, undo: 'done' }, at(1), false);
    expect(decided).toMatchObject({ step: 'release', isResetKnown: true, undo: [] });
  });

  test('a changed lag gate stays in force after another change, and is dropped with an abort', () => {
    const waits = stateAt('await-lag');
    const lag = { maxSeconds: 1, samples: 3, everySeconds: 60, timeoutSeconds: 3600 };
    const outdated = onRequest(waits, 'change', { ...ada, gates: { lag } }, at(1), true);
    const changed = onRequest(outdated, 'change', { ...ada, writesStoppedSeconds: 60 }, at(2), true);
    expect([outdated.isOutdated, changed.isOutdated]).toEqual([true, true]);
    expect(onRequest(changed, 'abort', ada, at(3), true).isOutdated).toBe(false);
  });

  test('a dry run that is aborted releases nothing', () => {
    const dry = stateAt('inspect', {}, { dryRun: true });
    const aborted = onRequest(dry, 'abort', ada, at(1), false);
    expect(aborted).toMatchObject({ step: 'release', reserved: [] });
  });

  test('a refused unfence lets a person leave the application on the target only after another look', () => {
    const record = stop.checkpoint;
    const state = stateAt('unfence', {
      ...stopped,
      ...returning,
      traffic: 'source',
      replications: [{ replicationConfigArn: arn, source: null, target: null, checkpoint: record }],
    });
    const failed = onOutcome(state, { step: 'unfence', problem: 'late switch' }, at(1), WORKFLOW);
    const stay = { ...ada, traffic: 'target' } as const;
    expect(refusal(failed, 'decide', stay)).toContain('undo');
    const asked = onRequest(failed, 'decide', { ...ada, undo: 'retry' }, at(2), false);
    const seen = onOutcome(asked, { step: 'ask-before-unfence', value: 'target' }, at(3), WORKFLOW);
    expect(refusal(seen, 'decide', stay)).toBeNull();
    expect(onRequest(seen, 'decide', stay, at(4), false)).toMatchObject({
      step: 'ask-before-unfence',
      isKept: true,
    });
  });
});

describe('the gates', () => {
  const options = (gates: CutoverOptions['gates']) => stateAt('measure', {}, { gates }).plan;
  const tables = (byState: Record<string, number>, byValidationState: Record<string, number>) => ({
    ...emptySummary(at(0)),
    total: 2,
    byState,
    byValidationState,
  });
  const fine = tables({ 'Table completed': 2 }, { Validated: 2 });

  test.each([
    [{ tables: 'ignore', validation: 'ignore' }, true],
    [{ tables: 'ignore' }, false],
    [{ validation: 'ignore' }, false],
    [{ tables: 'ignore', acceptWarnings: ['statistics-unavailable'] }, true],
  ] as const)('a stop without table statistics, with %j, is in order: %s', (gates, ok) => {
    const warnings = [{ code: 'statistics-unavailable', message: 'denied' }] as const;
    expect(stopCheck({ gates: options(gates).gates }, [{ ...stop, warnings }]).ok).toBe(ok);
  });

  test.each([
    ['a low lag', {}, reading(), []],
    ['a high lag', {}, reading({ lag: { sourceSeconds: 0, targetSeconds: 11, at: at(0) } }), ['lag']],
    ['half a lag', {}, reading({ lag: { sourceSeconds: 0, targetSeconds: null, at: at(0) } }), ['lag']],
    ['an unknown lag', {}, reading({ lag: null }), ['lag']],
    ['an unknown lag without a gate', { lag: 'ignore' }, reading({ lag: null }), []],
    ['a table in error', {}, reading({ tables: tables({ 'Table error': 1 }, {}) }), ['tables']],
    [
      'a table in error without a gate',
      { tables: 'ignore' },
      reading({ tables: tables({ 'Table error': 1 }, {}) }),
      [],
    ],
    ['unknown tables', {}, reading({ tables: null }), ['tables', 'validation']],
    ['rows that differ', {}, reading({ tables: tables({}, { 'Mismatched records': 1 }) }), ['validation']],
    [
      'rows that differ without a gate',
      { validation: 'ignore' },
      reading({ tables: tables({}, { 'Mismatched records': 1 }) }),
      [],
    ],
    ['pending rows', {}, reading({ tables: tables({}, { 'Pending records': 1 }) }), []],
    [
      'pending rows that must be validated',
      { validation: 'all-validated' },
      reading({ tables: tables({}, { 'Pending records': 1 }) }),
      ['validation'],
    ],
    [
      'tables that are not validated at all',
      { validation: 'all-validated' },
      reading({ tables: tables({}, { 'Not enabled': 2 }) }),
      ['validation'],
    ],
    ['validated tables', { validation: 'all-validated' }, reading({ tables: fine }), []],
  ] as const)('%s with %j fails: %#', (_, gates, given, failed) => {
    const checks = gateChecks({ gates: options(gates).gates }, [given]);
    expect(checks.flatMap(({ name, ok }) => (ok ? [] : [name]))).toEqual(failed);
  });

  test.each([
    ['status', { replication: look({ status: 'stopped' }) }, 'running'],
    ['type', { replication: look({ status: 'running', replicationType: 'full-load' }) }, 'change-data-capture'],
    ['full load', { replication: look({ status: 'running', replicationType: 'full-load-and-cdc' }) }, 'full-load-done'],
    ['integration', { replication: look({ status: 'running', isReadOnly: true }) }, 'not-read-only'],
    ['seal', { ledger: { sealedBy: 'bob', reservedBy: null } }, 'not-sealed'],
    ['reservation of another', { ledger: { sealedBy: null, reservedBy: 'another' } }, 'not-reserved'],
    ['missing look', { replication: null }, 'running'],
  ] as const)('the preflight names a wrong %s', (_, changes, name) => {
    const checks = preflightChecks([reading(changes)], 'source', WORKFLOW);
    const failed = checks.filter(({ ok }) => !ok).map((check) => check.name);
    expect(failed).toContain(name);
  });

  const [stopAction, startAction] = ['dms:StopReplication', 'dms:StartReplication'];
  test.each([
    [
      'no source of permissions',
      null,
      {
        name: 'permissions',
        ok: true,
        blocking: false,
        detail:
          'Not checked. With TEMPORAL_DMS_PERMISSIONS=iam, or `permissions`, the worker asks IAM whether it may stop and start the replications',
      },
    ],
    [
      'every permission',
      { denied: [], undecided: [], reason: null },
      {
        name: 'permissions',
        ok: true,
        detail: 'ORDERS: IAM allows this worker to stop and to start it',
        blocking: false,
      },
    ],
    [
      'a denied start',
      { denied: [startAction], undecided: [stopAction], reason: 'IAM gives no answer' },
      {
        name: 'permissions',
        ok: false,
        detail: "ORDERS can't be changed by this worker, whose policy must allow it: IAM denies dms:StartReplication",
      },
    ],
    [
      'permissions that nobody can tell',
      { denied: [], undecided: [stopAction, startAction], reason: 'IAM is down' },
      {
        name: 'permissions',
        ok: false,
        blocking: false,
        detail:
          'ORDERS may be refused: IAM gives no decision on dms:StopReplication and dms:StartReplication (IAM is down)',
      },
    ],
  ] as const)('the preflight with %s checks the permissions, and only a denial blocks', (_, permissions, expected) => {
    const checks = preflightChecks([reading({ permissions })], 'source', WORKFLOW);
    expect(checks.find(({ name }) => name === 'permissions') ?? null).toEqual(expected);
  });

  test('the preflight is in order for its own reservation, and for a full load that is done', () => {
    const replicationStats = { fullLoadProgressPercent: 100 } as NonNullable<
      ReturnType<typeof look>['replicationStats']
    >;
    const replication = look({ status: 'running', replicationType: 'full-load-and-cdc', replicationStats });
    const ledger = { sealedBy: null, reservedBy: WORKFLOW };
    const checks = preflightChecks([reading({ replication, ledger })], 'source', WORKFLOW);
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
  });

  test('a check that is in order shows what was read of each replication', () => {
    const lag = { sourceSeconds: 1, targetSeconds: 2, at: at(0) };
    const second = `${arn}2`;
    const readings = [reading({ lag, tables: fine }), reading({ lag, tables: fine, replicationConfigArn: second })];
    const checks = [...preflightChecks(readings, 'source', WORKFLOW), ...gateChecks(stateAt('measure').plan, readings)];
    const detail = (name: string) => checks.find((check) => check.name === name)?.detail;
    expect(detail('lag')).toBe(
      'ORDERS: 1 s at the source, 2 s at the target; ORDERS2: 1 s at the source, 2 s at the target',
    );
    expect(detail('tables')).toBe('ORDERS: Table completed: 2; ORDERS2: Table completed: 2');
    expect(detail('validation')).toBe('ORDERS: Validated: 2; ORDERS2: Validated: 2');
    expect(detail('change-data-capture')).toBe('ORDERS: cdc; ORDERS2: cdc');
    expect(detail('full-load-done')).toBe('ORDERS: no full load; ORDERS2: no full load');
    expect(detail('not-sealed')).toBe('In order for 2');
  });

  test('a check over many replications names the first five', () => {
    const readings = Array.from({ length: 8 }, (_, n) => reading({ lag: null, replicationConfigArn: `${arn}${n}` }));
    const lag = gateChecks(stateAt('measure').plan, readings).find(({ name }) => name === 'lag');
    expect(lag?.detail).toMatch(/^ORDERS0 has no known lag; .*ORDERS4 has no known lag; and 3 more$/);
  });

  test.each([
    ['tables-in-error', { tables: 'ignore' }, true],
    ['tables-in-error', {}, false],
    ['validation-mismatch', { validation: 'ignore' }, true],
    ['validation-mismatch', {}, false],
    ['validation-pending', {}, true],
    ['validation-pending', { validation: 'all-validated' }, false],
    ['capacity-still-billed', {}, true],
    ['no-checkpoint', {}, false],
    ['no-checkpoint', { acceptWarnings: ['no-checkpoint'] }, true],
  ] as const)('a stop that warns of %s with %j passes: %s', (code, gates, ok) => {
    const warnings = [{ code, message: 'see there' }];
    expect(stopCheck(options(gates), [{ ...stop, warnings }]).ok).toBe(ok);
  });
});

describe('what a cutover shows', () => {
  test('a table with what it waits for, since when writes are stopped, and the commands that are allowed', () => {
    const shown = cutoverMarkdown(stateAt('drain', { ...fenced, phase: 'draining', behind: '7 | rows' }), WORKFLOW);
    expect(shown).toContain('| Waits for | Everything up to the marker on the target (behind: 7   rows) |');
    expect(shown).toContain(`| Writes | **stopped since ${at(0)}**: the source is fenced |`);
    expect(shown).toContain(`| Goes back by itself at | ${at(300)} |`);
    expect(shown).toContain(
      `\n    temporal dms cutover abort orders\n    temporal workflow update execute --workflow-id ${WORKFLOW} --name dms.abort --input '{"by":"<name>","reason":"<why>"}'`,
    );
  });

  test('what a way back that failed has done, and what is left', () => {
    const noted = (what: string) => ({ at: at(9), phase: 'returning' as const, what, by: null });
    const timeline = ['Approved: fine', 'Goes back: stop', 'Entered returning', 'The source takes writes again'].map(
      noted,
    );
    const failed = { phase: 'return-failed', undo: ['replicate'], problem: 'refused', timeline } as const;
    const shown = cutoverMarkdown(stateAt('await-repair', failed), WORKFLOW);
    expect(shown).toContain(`| Done on the way back | The source takes writes again (${at(9)}) |`);
    expect(shown).toContain('Left: unseal the replications and resume them');
    const nothing = cutoverMarkdown(stateAt('await-repair', { ...failed, timeline: timeline.slice(0, 3) }), WORKFLOW);
    expect(nothing).toContain('| Done on the way back | nothing yet |');
    expect(cutoverMarkdown(stateAt('replicate', failed), WORKFLOW)).not.toContain('Done on the way back');
  });

  test('the seconds without writes, from the fence until somebody could write again', () => {
    const result = resultOf(stateAt('end', { writesStoppedAt: at(10), writesResumedAt: at(25) }));
    expect(result).toMatchObject({ outcome: 'switched', writesStoppedSeconds: 15, plan: [] });
  });

  test('a plan with every step and hook, in a dry run', () => {
    const state = stateAt('end', {}, { dryRun: true, approval: {}, window: { notBefore: at(600) } }, every);
    const { outcome, plan } = resultOf(state);
    expect(outcome).toBe('planned');
    for (const name of every.filter((each) => !['unfence', 'switchToSource', 'notify'].includes(each)))
      expect(plan.map(({ what }) => what)).toContain(`Call ${name}`);
  });

  test('what it waits for, in every step', () => {
    const steps = [...new Set(Object.values(rows).flatMap(({ from, to }) => [from.step, to]))];
    for (const step of steps) expect(waitingFor(stateAt(step))).toMatch(/^[A-Z]/);
    expect(statusOf(stateAt('await-repair', { ...stopped, problem: 'refused' })).waitingFor).toBe(
      'A person to repair the way back: refused. Left: let the source take writes again, then unseal the replications and resume them',
    );
  });

  test('at most 200 entries of its timeline', () => {
    let state = stateAt('await-approval', { phase: 'waiting-for-approval' }, { approval: { approvers: 2 } });
    for (let n = 0; n < 300; n++)
      state = onRequest(state, 'change', { ...ada, writesStoppedSeconds: 60 }, at(n), false);
    expect(resultOf(state).timeline).toHaveLength(200);
  });
});
