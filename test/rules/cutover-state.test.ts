/** State of a cutover: how it begins, what each outcome leaves in it, and what its readers get. */
import { describe, expect, test } from 'vitest';
import type { CutoverOptions } from '../../src/contract/cutover-input.js';
import type { CutoverState, StepOutcome } from '../../src/contract/cutover-state.js';
import { isDue, onCancel, onTime, returnAt, wakeTimes } from '../../src/rules/cutover/clock.js';
import {
  blockingProblem,
  gateChecks,
  lagProblem,
  lagsOf,
  preflightChecks,
  stopCheck,
} from '../../src/rules/cutover/gates.js';
import { onOutcome } from '../../src/rules/cutover/outcomes.js';
import { contextOf, refusedRequest, resultOf, statusOf, undecidedFailure } from '../../src/rules/cutover/report.js';
import { onRequest, refusal } from '../../src/rules/cutover/requests.js';
import { cut, isInterrupted, withCause, withChecks, withProblem } from '../../src/rules/cutover/transitions.js';
import {
  ada,
  arn,
  fenced,
  reading,
  returning,
  stateAt,
  stopped,
  switched,
  WORKFLOW,
} from '../support/cutover-states.js';
import { look } from '../support/look.js';
import { at } from '../support/operations.js';
import { archivedRecord } from '../support/records.js';

const record = { ...archivedRecord(1), replicationConfigArn: arn };
const replication = { replicationConfigArn: arn, source: null, target: null, checkpoint: record };
const after = (state: CutoverState, outcome: StepOutcome, now = at(1)) => onOutcome(state, outcome, now, WORKFLOW);

describe('the state of a cutover', () => {
  test('begins empty', () => {
    const {
      plan: _,
      timeline,
      hooks: _hooks,
      ...begun
    } = stateAt('reserve', { isReady: false, validatingSince: null });
    expect(begun).toEqual({
      version: 1,
      token: 'token',
      step: 'reserve',
      stepSince: at(0),
      phase: 'preflight',
      since: at(0),
      nextAt: null,
      validatingSince: null,
      wasBegunBefore: false,
      isResetKnown: false,
      isUnfenced: false,
      isKept: false,
      isOutdated: false,
      isReady: false,
      isReversePrepared: false,
      replications: [{ replicationConfigArn: arn, source: null, target: null, checkpoint: null }],
      reserved: [],
      lag: [],
      checks: [],
      measured: [],
      warnings: [],
      approvals: [],
      marker: null,
      behind: null,
      traffic: null,
      writesStoppedAt: null,
      writesResumedAt: null,
      undo: [],
      cause: null,
      problem: null,
      isCancelled: false,
      isUndecided: false,
    });
    expect(timeline).toEqual([{ at: at(0), phase: 'preflight', what: 'Begun: orders move', by: 'ada' }]);
  });

  test.each([
    [null, false],
    [at(0), false],
    [at(1), false],
    ['2025-12-31T23:59:59.000Z', true],
  ])('knows from a reservation since %s whether an earlier run began: %s', (since, wasBegunBefore) => {
    const next = after(stateAt('reserve', { timeline: [{ at: at(0), phase: 'preflight', what: 'Begun', by: null }] }), {
      step: 'reserve',
      value: { reserved: [arn], since, problem: null },
    });
    expect(next).toMatchObject({ wasBegunBefore, reserved: [arn] });
    if (wasBegunBefore)
      expect(next.cause?.detail).toBe(
        `An earlier run of this cutover has reserved the replications since ${since}. Start it again after this return`,
      );
  });

  test('gets its token anew with each reservation, so that tokens have the order of the reservations', () => {
    const reserve = (state: CutoverState, now: string) =>
      after(state, { step: 'reserve', value: { reserved: [arn], since: null, problem: null } }, now).token;
    const first = reserve(stateAt('reserve', { token: `${at(0)}-6f9c` }), at(5));
    expect(first).toBe(`${at(5)}-6f9c`);
    expect(reserve(stateAt('reserve', { token: first }), at(9))).toBe(`${at(9)}-6f9c`);
  });

  test('says when writes went on only once', () => {
    const state = stateAt('ask-after-switch', { ...switched, writesResumedAt: at(1) });
    expect(after(state, { step: 'ask-after-switch', value: 'target' }, at(9)).writesResumedAt).toBe(at(1));
  });

  test('keeps the records and the warnings of stops that end while it goes back', () => {
    const warnings = [{ code: 'unsettled', message: 'it did not settle' }] as const;
    const outcome = { step: 'stop', value: { stops: [{ checkpoint: record, warnings }], problem: null } } as const;
    const next = after(stateAt('stop', { ...stopped, ...returning }), outcome);
    expect(next).toMatchObject({ replications: [{ checkpoint: { sequence: 1 } }], warnings });
    const failed = after(stateAt('stop', { ...stopped, ...returning }), { step: 'stop', problem: 'refused' });
    expect(failed).toMatchObject({ replications: [{ checkpoint: null }], warnings: [] });
  });

  test('gives each replication its own record', () => {
    const other = arn.replace('ORDERS', 'OTHER');
    const state = stateAt('stop', stopped, { replicationConfigArns: [arn, other] });
    const stops = [{ checkpoint: record, warnings: [] }];
    const next = after(state, { step: 'stop', value: { stops, problem: 'one failed' } });
    expect(next.replications.map(({ checkpoint }) => checkpoint?.sequence ?? null)).toEqual([1, null]);
  });

  test('keeps what isDrained says, as text', () => {
    const drained = (behind: string | number | null) =>
      after(stateAt('drain', fenced), { step: 'drain', value: { drained: false, behind } });
    expect([drained(7).behind, drained('2 rows').behind, drained(null).behind]).toEqual(['7', '2 rows', null]);
  });

  test('remembers that the way back is prepared, and that a stop makes a look for a reset needless', () => {
    expect(after(stateAt('prepare-reverse'), { step: 'prepare-reverse', value: null }).isReversePrepared).toBe(true);
    const drained = after(stateAt('drain', fenced), { step: 'drain', value: { drained: true } });
    expect(drained).toMatchObject({ step: 'stop', isResetKnown: true, undo: ['replicate', 'unfence'] });
  });

  test('keeps the check of the stops', () => {
    const next = after(stateAt('stop', stopped), {
      step: 'stop',
      value: { stops: [{ checkpoint: record, warnings: [] }], problem: null },
    });
    expect(next.checks).toContainEqual({ name: 'stops', ok: true, detail: '1 stopped for good' });
  });

  test.each([
    ['unfence', 'The source takes writes again'],
    ['replicate', 'All replications run again'],
  ] as const)('notes the end of %s in the timeline', (step, what) => {
    const undo = step === 'unfence' ? (['replicate', 'unfence'] as const) : (['replicate'] as const);
    const next = after(stateAt(step, { ...stopped, ...returning, undo }), { step, value: null });
    expect(next.timeline.map((entry) => entry.what)).toContain(what);
    expect(next.undo).toEqual(undo.slice(0, -1));
  });

  test('notes the verification in the timeline', () => {
    const next = after(stateAt('verify', switched), { step: 'verify', value: [] });
    expect(next).toMatchObject({ step: 'release', problem: null });
    expect(next.timeline.map(({ what }) => what)).toContain('Verified on the target');
  });

  test('does not explain the release by a problem from before', () => {
    const back = stateAt('replicate', {
      ...stopped,
      ...returning,
      undo: ['replicate'],
      problem: 'DMS was down',
      isResetKnown: true,
    });
    expect(after(back, { step: 'replicate', value: null })).toMatchObject({ step: 'release', problem: null });
  });

  test('measures before the plan of a dry run, although the preflight failed', () => {
    const dry = stateAt('preflight', {}, { dryRun: true });
    expect(after(dry, { step: 'preflight', problem: 'refused' }).step).toBe('measure');
    const inspected = after(stateAt('inspect', {}, { dryRun: true }), { step: 'inspect', problem: 'refused' });
    expect(inspected).toMatchObject({ step: 'end', checks: [{ name: 'preflight', ok: false, detail: 'refused' }] });
  });

  test('drops the checks of an older measurement that are no longer there', () => {
    const old = [
      { name: 'measurement', ok: false, detail: 'failed' },
      { name: 'mine', ok: false, detail: 'old' },
      { name: 'traffic', ok: true, detail: 'source' },
    ];
    const state = stateAt('measure', { checks: old, measured: ['mine'] });
    const next = after(state, { step: 'measure', value: { readings: [reading()], checks: [] } });
    expect(next.checks.map(({ name }) => name)).toEqual(['traffic', 'running', 'lag', 'tables', 'validation']);
  });

  test('notes a gate that is not met once, and again only if more than its number changes', () => {
    const lags = (seconds: number) => [reading({ lag: { sourceSeconds: seconds, targetSeconds: 1, at: at(0) } })];
    const measured = (state: CutoverState, seconds: number) =>
      after({ ...state, step: 'measure' }, { step: 'measure', value: { readings: lags(seconds), checks: [] } });
    const first = measured(stateAt('measure', { isReady: true }), 60);
    const second = measured(first, 1200.5);
    const third = after({ ...second, step: 'measure' }, { step: 'measure', problem: 'denied' });
    const notes = (state: CutoverState) => state.timeline.filter(({ what }) => what.startsWith('Not ready')).length;
    expect([first, second, third].map(notes)).toEqual([1, 1, 2]);
  });

  test('is no longer ready once a gate is lost before the fence', () => {
    const next = after(stateAt('measure-again'), { step: 'measure-again', problem: 'denied' });
    expect(next).toMatchObject({ isReady: false, validatingSince: null, problem: 'denied' });
  });

  test('registers the way back of a fence once', () => {
    const value = { readings: [reading()], checks: [] };
    const next = after(stateAt('measure-again', { undo: ['unfence'] }), { step: 'measure-again', value });
    expect(next).toMatchObject({ step: 'fence', undo: ['unfence'], writesStoppedAt: at(1) });
  });

  test('keeps its first cause', () => {
    const first = withCause(stateAt('drain', fenced), 'aborted', 'one', at(1));
    expect(withCause(first, 'cancelled', 'two', at(2)).cause).toMatchObject({ code: 'aborted', detail: 'one' });
    expect([first.isOutdated, first.isReady]).toEqual([false, false]);
  });

  test('is interrupted by its cause, and by a change', () => {
    const waits = stateAt('await-lag');
    expect([waits, { ...waits, isOutdated: true }, { ...waits, ...returning }].map(isInterrupted)).toEqual([
      false,
      true,
      true,
    ]);
  });

  test('has the newest check of each name, and bounded texts', () => {
    const [one, two] = [
      { name: 'a', ok: false, detail: '1' },
      { name: 'b', ok: true, detail: '2' },
    ];
    expect(withChecks([one, two], [{ ...one, ok: true }])).toEqual([two, { ...one, ok: true }]);
    const [check] = withProblem(stateAt('measure'), 'measurement', 'x'.repeat(2000)).checks;
    expect(check?.detail).toHaveLength(1000);
    expect([cut('abc', 3), cut('abcd', 3)]).toEqual(['abc', 'ab…']);
  });
});

describe('the clock of a cutover', () => {
  test('wakes for its first time limit and for its next step', () => {
    const state = stateAt('await-approval', { nextAt: at(60) }, { window: { notAfter: at(30) } });
    expect(wakeTimes(state)).toEqual([at(30), at(60)]);
    const both = stateAt('await-approval', {}, { window: { notAfter: at(30) }, approval: { timeoutSeconds: 60 } });
    expect(onTime(both, at(70), false).cause?.code).toBe('window-closed');
  });

  test('has no return once the cutover goes back, and none without a fence', () => {
    expect(returnAt(stateAt('drain', fenced))).toBe(at(300));
    expect(returnAt(stateAt('drain', { ...fenced, ...returning }))).toBeNull();
    expect(returnAt(stateAt('drain'))).toBeNull();
    expect(returnAt(stateAt('switch', fenced))).toBeNull();
  });

  test('carries nothing out in a wait or after the end', () => {
    expect([
      isDue(stateAt('end'), at(9)),
      isDue(stateAt('await-window'), at(9)),
      isDue(stateAt('drain'), at(9)),
    ]).toEqual([false, false, true]);
  });

  test('leaves a step that waits for its next call as it is', () => {
    const drain = stateAt('drain', { ...fenced, nextAt: at(2) });
    expect(onTime(drain, at(5), false)).toEqual(drain);
  });

  test('marks a cancelled cutover, and goes back at once only if nothing runs', () => {
    const drain = stateAt('drain', fenced);
    expect(onCancel(drain, at(1), true)).toMatchObject({ isCancelled: true, step: 'drain' });
    expect(onCancel(drain, at(1), false)).toMatchObject({
      isCancelled: true,
      step: 'ask-before-unfence',
      cause: { detail: 'The workflow was cancelled' },
    });
    const back = stateAt('replicate', { ...stopped, ...returning });
    expect(onCancel(back, at(1), false)).toEqual({ ...back, isCancelled: true });
  });
});

describe('the readers of a cutover', () => {
  test('get its context', () =>
    expect(
      contextOf(stateAt('drain', { ...fenced, marker: 7, phase: 'draining', replications: [replication] })),
    ).toEqual({
      cutoverId: 'orders',
      token: 'token',
      phase: 'draining',
      requestedBy: 'ada',
      reason: 'orders move',
      marker: 7,
      returnAt: at(300),
      replications: [replication],
    }));

  test('get its status, with the steps of the way back in the order in which they run', () =>
    expect(statusOf(stateAt('verify', switched))).toMatchObject({
      token: 'token',
      undo: [
        'send the application back to the source',
        'let the source take writes again',
        'unseal the replications and resume them',
      ],
    }));

  test('get its result', () => {
    const ended = { writesStoppedAt: at(10), writesResumedAt: at(25), replications: [replication] };
    expect(resultOf(stateAt('end', ended))).toMatchObject({
      outcome: 'switched',
      writesStoppedSeconds: 15,
      checkpoints: [record],
    });
    expect(resultOf(stateAt('end', returning))).toMatchObject({
      outcome: 'returned',
      writesStoppedSeconds: null,
      checkpoints: [],
    });
    expect(resultOf(stateAt('end', {}, { dryRun: true })).outcome).toBe('planned');
  });

  test('get failures that name the replication', () => {
    expect(undecidedFailure(stateAt('await-repair'))).toMatchObject({
      type: 'DmsCutoverUndecided',
      details: [{ replicationConfigArn: arn }],
    });
    expect(refusedRequest(stateAt('end'), 'abort', 'it has ended', 'dms-cutover:orders')).toMatchObject({
      type: 'DmsCutoverRefused',
      details: [{ replicationConfigArn: arn }],
    });
  });
});

describe('the readings of a cutover', () => {
  const gates = (changes: CutoverOptions['gates'] = {}) => ({
    gates: stateAt('measure', {}, { gates: changes }).plan.gates,
  });

  test('give the lag of each replication', () =>
    expect(lagsOf([reading({ lag: null })])).toEqual([{ replicationConfigArn: arn, lag: null }]));

  test.each([
    [{ sourceSeconds: 5, targetSeconds: 5 }, null],
    [{ sourceSeconds: 6, targetSeconds: 5 }, 'is 6 s behind at the source and 5 s at the target'],
    [{ sourceSeconds: 5, targetSeconds: 6 }, 'is 5 s behind at the source and 6 s at the target'],
    [{ sourceSeconds: null, targetSeconds: 5 }, 'shows only half of its lag'],
    [{ sourceSeconds: 5, targetSeconds: null }, 'shows only half of its lag'],
  ])('with the lag %j have the problem: %s', (lag, problem) =>
    expect(lagProblem({ lag: { ...lag, at: at(0) }, problem: null }, 5)).toBe(problem),
  );

  test('that are missing say why', () => {
    expect(lagProblem({ lag: null, problem: 'denied' }, 5)).toBe('has no known lag (denied)');
    expect(lagProblem({ lag: null, problem: null }, 5)).toBe('has no known lag');
    const [, , tables] = gateChecks(gates(), [reading({ tables: null, problem: 'denied' })]);
    expect(tables?.detail).toBe('ORDERS has no table statistics (denied)');
    const [, , silent] = gateChecks(gates(), [reading({ tables: null })]);
    expect(silent?.detail).toBe('ORDERS has no table statistics');
    const none = gateChecks(gates({ validation: 'all-validated' }), [reading({ tables: null })]);
    expect(none.at(-1)?.detail).toBe('ORDERS has no table statistics');
  });

  test('that are in order are shown', () => {
    const details = gateChecks(gates(), [reading()]).map(({ detail }) => detail);
    expect(details).toEqual([
      'ORDERS: running',
      'ORDERS: 1 s at the source, 1 s at the target',
      'ORDERS: Table completed: 1',
      'ORDERS: Validated: 1',
    ]);
    const tables = reading().tables;
    const empty = tables === null ? null : { ...tables, total: 0, byState: {}, byValidationState: {} };
    expect(gateChecks(gates(), [reading({ tables: empty })]).at(-1)?.detail).toBe('ORDERS: no tables');
    const two = tables === null ? null : { ...tables, total: 3, byValidationState: { Validated: 2, 'Not enabled': 1 } };
    const partly = gateChecks(gates({ validation: 'all-validated' }), [reading({ tables: two })]).at(-1);
    expect(partly?.detail).toBe('ORDERS has 2 of 3 tables validated');
  });

  test.each([
    ['cdc', null, 'ORDERS: no full load'],
    ['full-load-and-cdc', 100, 'ORDERS: 100 %'],
    ['full-load-and-cdc', 40, 'ORDERS has loaded 40 %'],
    ['full-load-and-cdc', null, 'ORDERS has loaded an unknown part'],
  ])('of the type %s with a load of %s say "%s"', (replicationType, percent, detail) => {
    const replicationStats =
      percent === null ? null : { ...look({}).replicationStats, fullLoadProgressPercent: percent };
    const changes = { status: 'running', replicationType, replicationStats } as Parameters<typeof look>[0];
    const checks = preflightChecks([reading({ replication: look(changes) })], 'source', WORKFLOW);
    expect(checks.find(({ name }) => name === 'full-load-done')?.detail).toBe(detail);
  });

  test.each([
    ['source', 'The application uses the source'],
    ['target', 'The application uses the target'],
    ['both', 'The application uses both sides'],
    ['neither', 'The application uses neither side'],
  ] as const)('with the traffic on %s say "%s"', (traffic, detail) =>
    expect(preflightChecks([reading()], traffic, WORKFLOW).at(-1)?.detail).toBe(detail),
  );

  test('name five problems, and how many more there are', () => {
    const failed = Array.from({ length: 7 }, (_, n) => ({ name: `c${n}`, ok: false, detail: 'no' }));
    expect(blockingProblem(failed)).toBe('c0: no; c1: no; c2: no; c3: no; c4: no; and 2 more');
    expect(blockingProblem(failed.slice(0, 5))).toBe('c0: no; c1: no; c2: no; c3: no; c4: no');
    const stops = failed.map(() => ({ checkpoint: record, warnings: [{ code: 'unsettled', message: 'm' } as const] }));
    expect(stopCheck(gates(), stops).detail).toBe(Array(5).fill('ORDERS: unsettled (m)').join('; '));
    const readings = failed.map(() => reading({ replication: null }));
    expect(preflightChecks(readings, 'source', WORKFLOW)[0]?.detail).toMatch(
      /(ORDERS was not looked at; ){5}and 2 more$/,
    );
    expect(preflightChecks(readings.slice(0, 5), 'source', WORKFLOW)[0]?.detail).not.toContain('more');
  });
});

describe('a request to a cutover', () => {
  const approvals = [
    { by: 'ada', reason: 'fine', at: at(0) },
    { by: 'bob', reason: 'fine', at: at(0) },
  ];

  test('takes back one approval, and leaves the others', () => {
    const state = stateAt(
      'await-approval',
      { phase: 'waiting-for-approval', approvals },
      { approval: { approvers: 3 } },
    );
    expect(refusal(state, 'revokeApproval', ada)).toBeNull();
    expect(onRequest(state, 'revokeApproval', ada, at(1), false).approvals.map(({ by }) => by)).toEqual(['bob']);
    expect(refusal(state, 'approve', { by: 'eve', reason: 'fine', confirm: 'orders' })).toBeNull();
  });

  test.each([
    [{ notBefore: at(9) }, null],
    [{ notAfter: at(9) }, null],
    [{ notBefore: at(8), notAfter: at(9) }, null],
    [{ notBefore: at(9), notAfter: at(9) }, 'the window would end'],
    [{ notBefore: at(10), notAfter: at(9) }, 'the window would end'],
  ])('that moves the window to %j is refused: %s', (window, why) => {
    const refused = refusal(stateAt('await-approval'), 'change', { ...ada, window });
    if (why === null) expect(refused).toBeNull();
    else expect(refused).toContain(why);
  });

  test('that changes no lag leaves the wait for the lag running', () => {
    const changed = onRequest(stateAt('await-lag'), 'change', { ...ada, writesStoppedSeconds: 60 }, at(1), true);
    expect(changed.isOutdated).toBe(false);
    const gates = { lag: { maxSeconds: 1, samples: 3, everySeconds: 60, timeoutSeconds: 3600 } };
    expect(onRequest(stateAt('measure'), 'change', { ...ada, gates }, at(1), true).isOutdated).toBe(false);
    expect(onRequest(stateAt('await-lag'), 'change', { ...ada, gates }, at(1), false).isOutdated).toBe(false);
  });

  test('that sends the application back is recorded as such', () => {
    const state = stateAt('verify', switched, {}, [
      'fence',
      'unfence',
      'isDrained',
      'switchToTarget',
      'whereIsTraffic',
      'switchToSource',
    ]);
    const back = onRequest(state, 'switchBack', ada, at(1), false);
    expect(back).toMatchObject({ step: 'switch-back', cause: { code: 'switched-back', detail: 'as planned' } });
    const decided = onRequest(
      stateAt('decide-after-switch', switched),
      'decide',
      { ...ada, traffic: 'source' },
      at(1),
      false,
    );
    expect(decided.timeline.map(({ what }) => what)).toContain('Decided: as planned');
  });

  test('lets the application stay on the target only if all replications are stopped', () => {
    const other = { ...replication, checkpoint: null };
    const state = stateAt('await-repair', {
      ...switched,
      ...returning,
      traffic: 'target',
      replications: [replication, other],
    });
    expect(refusal(state, 'decide', { ...ada, traffic: 'target' })).toContain('undo');
    const onSource = { ...state, traffic: 'source', replications: [replication] } as const;
    expect(refusal(onSource, 'decide', { ...ada, traffic: 'target' })).toContain('undo');
    expect(refusal(stateAt('await-verdict', switched), 'decide', { ...ada, undo: 'retry' })).toContain('target');
  });
});
