import { afterEach, describe, expect, test, vi } from 'vitest';
import { DmsApiError, type DmsApi } from '../../src/activities/index.js';
import type { Accepted } from '../../src/dms/api.js';
import type { Replication } from '../../src/dms/replication.js';
import type { Ledger } from '../../src/contract/ledger-state.js';
import { emptyLedger } from '../../src/ledger/entries.js';
import { record } from '../../src/ledger/record.js';
import { callMark } from '../../src/dms/checkpoint.js';
import { activitiesOf, Attempts, attempt } from '../support/attempts.js';
import { FakeLedger } from '../support/fake-ledger.js';
import { withBegun, draftOf, withNote, withRecord, resumedOf } from '../support/ledger-requests.js';
import { look } from '../support/look.js';
import { arn as replicationConfigArn, at, operation } from '../support/operations.js';
import { failureOf } from '../support/stage.js';

const START = Date.UTC(2026, 0, 3);
const STOP = operation('a');
const RESUME = operation('r', { kind: 'resume' });

/** Look at a replication whose row is missing: DMS shows its config, as if it had never run. */
const rowMissing = look({
  status: 'created',
  stopReason: null,
  recoveryCheckpoint: null,
  replicationCreateTime: null,
  replicationLastStopTime: null,
});
const notFound = new DmsApiError('not-found', 'ResourceNotFoundFault', 'No replication config ORDERS');
const refused = (message: string) => new DmsApiError('invalid-state', 'InvalidResourceStateFault', message);

const accepted = { replication: null, requestId: 'r', dmsTime: START };

type Shown = Replication | DmsApiError;

/** Sets up a replication that shows `looks` one by one, the last one forever. `calls`: its answers, in the same way. */
function stage({
  looks,
  calls = [accepted],
  ledger = new FakeLedger(),
}: {
  readonly looks: readonly Shown[];
  readonly calls?: readonly (Accepted | DmsApiError)[];
  readonly ledger?: FakeLedger;
}) {
  const [remaining, answers] = [[...looks], [...calls]];
  const next = <T>(list: (T | DmsApiError)[]): T => {
    const [first] = list;
    if (list.length > 1) list.shift();
    if (first === undefined || first instanceof DmsApiError) throw first ?? new Error('Nothing is left');
    return first;
  };
  const call = vi.fn(async () => next(answers));
  const describe = vi.fn(async () => ({ replication: next(remaining), dmsTime: START }));
  const dms = {
    describeReplication: describe,
    stopReplication: call,
    startReplication: call,
    endpointOverride: async () => null,
  } as Partial<DmsApi> as DmsApi;
  const attempts = new Attempts(START, (now) => (ledger.now = now));
  return {
    ledger,
    call,
    describe,
    attempts,
    activities: activitiesOf({ dms, client: ledger.client, looksPerSecond: 1e6 }),
  };
}

const stopRequest = { replicationConfigArn, operation: STOP } as const;
const resumeRequest = { replicationConfigArn, operation: RESUME } as const;
const running = look({ status: 'running' });
const stopped = look();

/** A ledger that has recorded the stop that the looks show. */
function ledgerWithStop(): FakeLedger {
  const { replicationLastStopTime: stoppedAt, replicationCreateTime } = stopped;
  const checkpoint = draftOf('before', { stoppedAt, replicationCreateTime });
  const who = operation('before');
  return new FakeLedger(withRecord(withNote(emptyLedger(replicationConfigArn), who, 1), who, 2, { checkpoint }));
}

afterEach(() => vi.restoreAllMocks());

const ABOUT_SOMETHING_ELSE = [
  "Premigration assessment run X is in 'running' state",
  "Endpoint Y is in 'deleting' state",
  "Replication for Replication Config, 'invoices' is in 'stopped' state and cannot be stopped.",
];

describe('a stop', () => {
  test('that can be asked for at once takes one look, one update of the ledger, and one call', async () => {
    const { ledger, call, describe, attempts, activities } = stage({ looks: [running] });
    const requested = await attempts.run(activities['dms.requestStop'], stopRequest);
    expect(requested).toMatchObject({
      outcome: 'stopped',
      mayHaveCalled: true,
      isAnswered: true,
      awsRequestIds: ['r'],
    });
    expect([ledger.told, call.mock.calls.length, attempts.number]).toEqual([['begin and note a stop'], 1, 1]);
    expect(describe).toHaveBeenCalledTimes(1);
    expect(ledger.state?.pendingCall).toMatchObject({
      operationId: 'a',
      before: { stop: { lastStopTime: stopped.replicationLastStopTime } },
    });
  });

  test.each([
    ['was killed', undefined],
    ['failed', { isBegun: true }],
    ['failed after one that was killed', { mayHaveBegun: true }],
  ])('whose earlier attempt %s ends with a denial only if the ledger has no note of its call', async (_, memory) => {
    const denied = new DmsApiError('access-denied', 'AccessDeniedException', 'not authorized');
    const secondAttempt = async (state: Ledger) => {
      const { activities } = stage({ looks: [denied], ledger: new FakeLedger(state) });
      const info = { startToCloseTimeoutMs: 150_000, ...(memory === undefined ? {} : { heartbeatDetails: memory }) };
      return failureOf(attempt(info).run(activities['dms.requestStop'], stopRequest));
    };
    const empty = emptyLedger(replicationConfigArn);
    expect(await secondAttempt(withNote(empty, STOP, 1))).toMatchObject({
      type: 'DmsUnavailable',
      nonRetryable: false,
    });
    expect(await secondAttempt(withNote(empty, operation('other'), 1))).toMatchObject({ type: 'DmsAccessDenied' });
    expect(await secondAttempt(withBegun(empty, STOP, 1))).toMatchObject({ type: 'DmsAccessDenied' });
  });

  test('that is requested again retries after a denial, because an earlier activity may have called', async () => {
    const denied = new DmsApiError('access-denied', 'AccessDeniedException', 'not authorized');
    const ledger = new FakeLedger(withNote(emptyLedger(replicationConfigArn), STOP, 1));
    const { attempts, activities } = stage({ looks: [denied], ledger });
    const request = { ...stopRequest, mayHaveBegun: true };
    const failure = await failureOf(attempts.run(activities['dms.requestStop'], request, 30));
    expect(failure).toMatchObject({ type: 'DmsUnavailable', nonRetryable: false });
  });

  test('whose first attempt was killed remembers that it may have begun', async () => {
    const unavailable = new DmsApiError('unavailable', 'InternalFailure', 'Oh');
    const { activities } = stage({ looks: [unavailable] });
    const environment = attempt({ attempt: 2, startToCloseTimeoutMs: 150_000 });
    const left: unknown[] = [];
    environment.on('heartbeat', (details: unknown) => left.push(details));
    await failureOf(environment.run(activities['dms.requestStop'], stopRequest));
    expect(left.at(-1)).toMatchObject({ mayHaveBegun: true });
  });

  test('that has sent no call fails on a denial, even after an unanswered look', async () => {
    const denied = new DmsApiError('access-denied', 'AccessDeniedException', 'not authorized');
    const unavailable = new DmsApiError('unavailable', 'InternalFailure', 'Oh');
    const { attempts, activities } = stage({ looks: [unavailable, denied] });
    const failure = await failureOf(attempts.run(activities['dms.requestStop'], stopRequest));
    expect([failure.type, attempts.number]).toEqual(['DmsAccessDenied', 2]);
  });

  test('that has to wait begins first, and notes its call once it can be sent', async () => {
    const { ledger, call, attempts, activities } = stage({
      looks: [look({ status: 'modifying' }), look({ status: 'modifying' }), running],
    });
    await attempts.run(activities['dms.requestStop'], stopRequest);
    expect([ledger.told, call.mock.calls.length]).toEqual([['begin', 'begin and note a stop'], 1]);
  });

  test.each(ABOUT_SOMETHING_ELSE)(
    'is asked for again after a refusal that is about something else: %s',
    async (message) => {
      const { call, ledger, attempts, activities } = stage({ looks: [running], calls: [refused(message), accepted] });
      expect(await attempts.run(activities['dms.requestStop'], stopRequest)).toMatchObject({ outcome: 'stopped' });
      expect(call).toHaveBeenCalledTimes(2);
      expect(ledger.told).toEqual(['begin and note a stop', 'refused', 'begin and note a stop']);
    },
  );

  test('looks again when a refusal names another state of this replication, and leaves no note', async () => {
    const message = "Replication for Replication Config, 'ORDERS' is in 'stopping' state and cannot be stopped.";
    const looks = [running, look({ status: 'stopping' })];
    const { ledger, call, attempts, activities } = stage({ looks, calls: [refused(message)] });
    const request = { ...stopRequest, stoppableTimeoutSeconds: 0 };
    expect(await attempts.run(activities['dms.requestStop'], request)).toMatchObject({
      outcome: 'already-stopping',
      mayHaveCalled: false,
    });
    expect([ledger.state?.pendingCall, call.mock.calls.length]).toEqual([null, 1]);
  });

  test('is asked for again when the state that a refusal named is over', async () => {
    const message = "Replication for Replication Config, 'ORDERS' is in 'stopping' state and cannot be stopped.";
    const { call, attempts, activities } = stage({ looks: [running], calls: [refused(message), accepted] });
    expect(await attempts.run(activities['dms.requestStop'], stopRequest)).toMatchObject({ outcome: 'stopped' });
    expect(call).toHaveBeenCalledTimes(2);
  });

  test('of a replication that a refusal names as being deleted fails at once', async () => {
    const message = "Replication for Replication Config, 'ORDERS' is in 'deleting' state and cannot be stopped.";
    const { attempts, activities } = stage({ looks: [running], calls: [refused(message)] });
    const failure = await failureOf(attempts.run(activities['dms.requestStop'], stopRequest));
    expect([failure.type, attempts.number]).toEqual(['DmsReplicationDeleting', 1]);
  });

  test('that is answered as not found, although a look shows the replication, is asked for again', async () => {
    const { call, attempts, activities } = stage({ looks: [running], calls: [notFound, accepted] });
    expect(await attempts.run(activities['dms.requestStop'], stopRequest)).toMatchObject({ outcome: 'stopped' });
    expect(call).toHaveBeenCalledTimes(2);
  });

  test.each([
    ['shows no row', rowMissing],
    ['does not find it', notFound],
  ])('goes on when one look, and another a minute later, %s', async (_, missing) => {
    const throttled = new DmsApiError('throttled', 'ThrottlingException', 'Rate exceeded');
    const looks = [missing, ...Array.from({ length: 30 }, () => running), missing, running];
    const { attempts, activities } = stage({ looks, calls: [throttled], ledger: ledgerWithStop() });
    const request = { ...stopRequest, stoppableTimeoutSeconds: 600 };
    const newest = await failureOf(attempts.run(activities['dms.requestStop'], request, 500));
    expect(newest).toMatchObject({ type: 'DmsThrottled' });
  });

  test('fails without a call when the ledger gives no answer for five minutes', async () => {
    const ledger = ledgerWithStop();
    ledger.before = () => {
      throw new Error('14 UNAVAILABLE');
    };
    const { call, attempts, activities } = stage({ looks: [running], ledger });
    const failure = await failureOf(attempts.run(activities['dms.requestStop'], stopRequest, 1000));
    expect(failure).toMatchObject({ type: 'DmsLedgerUnavailable' });
    expect(call).not.toHaveBeenCalled();
  });

  test('whose ledger was terminated fails at once, unless the ledger has a note of its call', async () => {
    const terminated = new FakeLedger(withBegun(emptyLedger(replicationConfigArn), STOP, 1));
    terminated.isTerminated = true;
    const first = stage({ looks: [running], ledger: terminated });
    const atOnce = await failureOf(first.attempts.run(first.activities['dms.requestStop'], stopRequest));
    expect([atOnce.type, first.attempts.number]).toEqual(['DmsLedgerClosed', 1]);

    const begins = stage({ looks: [look({ status: 'modifying' }), running] });
    begins.ledger.before = () => void (begins.ledger.isTerminated = true);
    const later = await failureOf(begins.attempts.run(begins.activities['dms.requestStop'], stopRequest));
    expect([later.type, begins.attempts.number]).toEqual(['DmsLedgerClosed', 2]);

    const calls = stage({ looks: [running], calls: [new DmsApiError('unavailable', 'TimeoutError', 'no answer')] });
    calls.ledger.before = () => void (calls.ledger.isTerminated = true);
    const waits = await failureOf(calls.attempts.run(calls.activities['dms.requestStop'], stopRequest, 60));
    expect(waits).toMatchObject({ type: 'DmsUnavailable', message: expect.stringContaining('task queue ledgers') });
    expect(calls.call).toHaveBeenCalledTimes(1);
  });

  test('whose answer is lost keeps its note, and recognises its own call', async () => {
    const lost = new DmsApiError('unavailable', 'TimeoutError', 'no answer');
    const { ledger, call, attempts, activities } = stage({
      looks: [running, look({ status: 'stopping' })],
      calls: [lost],
    });
    const requested = await attempts.run(activities['dms.requestStop'], stopRequest);
    expect(requested).toMatchObject({ outcome: 'stopped', mayHaveCalled: true, isAnswered: false });
    expect(call).toHaveBeenCalledTimes(1);
    expect(ledger.state?.pendingCall).toMatchObject({ operationId: 'a', isAnswered: false });
  });

  test('that DMS undid is sent again, and the ledger keeps the time of an unanswered call', async () => {
    const lost = new DmsApiError('unavailable', 'TimeoutError', 'no answer');
    const ledger = new FakeLedger(withNote(emptyLedger(replicationConfigArn), STOP, 1, { before: callMark(running) }));
    const { call, attempts, activities } = stage({ looks: [running], calls: [lost, accepted], ledger });
    await attempts.run(activities['dms.requestStop'], { ...stopRequest, isAnswered: true });
    expect(call).toHaveBeenCalledTimes(2);
    expect(ledger.state?.pendingCall?.earlierUnansweredAt).toBe(new Date(START).toISOString());
  });

  test('that DMS answers with an error that AWS does not document keeps its note', async () => {
    const odd = new DmsApiError('rejected', 'UnknownError', 'no message');
    const { ledger, attempts, activities } = stage({ looks: [running], calls: [odd] });
    const failure = await failureOf(attempts.run(activities['dms.requestStop'], stopRequest));
    expect(failure).toMatchObject({ type: 'DmsRequestRejected' });
    expect(ledger.state?.pendingCall).toMatchObject({ operationId: 'a' });
  });

  test('that IAM denies leaves no note, and no seal of a final stop', async () => {
    const denied = new DmsApiError(
      'access-denied',
      'AccessDeniedException',
      'not authorized to perform: dms:StopReplication',
    );
    const { ledger, attempts, activities } = stage({ looks: [running], calls: [denied] });
    const failure = await failureOf(attempts.run(activities['dms.requestStop'], { ...stopRequest, intent: 'final' }));
    expect(failure).toMatchObject({ type: 'DmsAccessDenied' });
    expect(ledger.state).toMatchObject({ pendingCall: null, sealed: null });
  });

  test('goes on when a look shows no row of a replication that ran', async () => {
    const throttled = new DmsApiError('throttled', 'ThrottlingException', 'Rate exceeded');
    const looks = [running, rowMissing, rowMissing, running];
    const { call, attempts, activities } = stage({ looks, calls: [throttled, accepted] });
    expect(await attempts.run(activities['dms.requestStop'], stopRequest)).toMatchObject({ outcome: 'stopped' });
    expect(call).toHaveBeenCalledTimes(2);
  });

  test('of a replication unknown to the ledger fails at once when it is not found', async () => {
    const { ledger, attempts, activities } = stage({ looks: [notFound] });
    expect(await failureOf(attempts.run(activities['dms.requestStop'], stopRequest))).toMatchObject({
      type: 'DmsReplicationNotFound',
    });
    expect([attempts.number, ledger.state]).toEqual([1, null]);
  });

  test('of a known replication fails as not found only after looks miss it for a minute', async () => {
    const { ledger, attempts, activities } = stage({ looks: [notFound], ledger: ledgerWithStop() });
    expect(await failureOf(attempts.run(activities['dms.requestStop'], stopRequest))).toMatchObject({
      type: 'DmsReplicationNotFound',
    });
    expect(attempts.seconds).toBeGreaterThanOrEqual(60);
    expect(ledger.state?.missingSince).not.toBeNull();
    const found = stage({ looks: [...Array.from({ length: 8 }, () => notFound), running], ledger: ledgerWithStop() });
    expect(await found.attempts.run(found.activities['dms.requestStop'], stopRequest)).toMatchObject({
      outcome: 'stopped',
    });
  });

  test('from an overtaken attempt is not sent, and is tried again with a newer token', async () => {
    const ledger = new FakeLedger({ ...emptyLedger(replicationConfigArn), newestToken: START + 100 });
    const { call, attempts, activities } = stage({ looks: [running], ledger });
    await attempts.run(activities['dms.requestStop'], stopRequest);
    expect([call.mock.calls.length, attempts.number]).toEqual([1, 2]);
  });

  test('whose note took too long is not sent, and its note is cleared', async () => {
    let late = 0;
    const now = performance.now.bind(performance);
    vi.spyOn(performance, 'now').mockImplementation(() => now() + late);
    const { ledger, call, activities } = stage({ looks: [running] });
    ledger.now = START;
    ledger.before = () => void (late += 5000);
    const times = { scheduledTimestampMs: START, currentAttemptScheduledTimestampMs: START };
    const patient = { attempt: 1, startToCloseTimeoutMs: 150_000, ...times };
    const failure = await failureOf(attempt(patient).run(activities['dms.requestStop'], stopRequest));
    expect(failure).toMatchObject({
      type: 'DmsUnavailable',
      message: expect.stringContaining('writing the note took'),
    });
    expect(ledger.told).toEqual(['begin and note a stop', 'refused']);
    expect(call).not.toHaveBeenCalled();
  });
});

describe('a resume', () => {
  test('reads the record as it begins, and notes its call in a second update', async () => {
    const { ledger, call, attempts, activities } = stage({ looks: [stopped], ledger: ledgerWithStop() });
    const requested = await attempts.run(activities['dms.requestStart'], resumeRequest);
    expect(requested).toMatchObject({ outcome: 'resumed', resumedFrom: { sequence: 1 } });
    expect([ledger.told, call.mock.calls.length]).toEqual([['begin', 'begin and note a resume'], 1]);
  });

  test.each(ABOUT_SOMETHING_ELSE)(
    'is asked for again after a refusal that is about something else: %s',
    async (message) => {
      const calls = [refused(message), accepted];
      const { call, attempts, activities } = stage({ looks: [stopped], calls, ledger: ledgerWithStop() });
      expect(await attempts.run(activities['dms.requestStart'], resumeRequest)).toMatchObject({ outcome: 'resumed' });
      expect(call).toHaveBeenCalledTimes(2);
    },
  );

  test('of a running replication returns at once, and sends nothing', async () => {
    const { call, attempts, activities } = stage({ looks: [running], ledger: ledgerWithStop() });
    expect(await attempts.run(activities['dms.requestStart'], resumeRequest)).toMatchObject({
      outcome: 'already-running',
    });
    expect([attempts.number, call.mock.calls.length]).toEqual([1, 0]);
  });

  test('ignores a look that shows running but is older than the recorded stop', async () => {
    const older = look({ status: 'running', replicationLastStopTime: '2026-01-01T12:00:00.000Z' });
    const { call, attempts, activities } = stage({ looks: [older, older, stopped], ledger: ledgerWithStop() });
    expect(await attempts.run(activities['dms.requestStart'], resumeRequest)).toMatchObject({ outcome: 'resumed' });
    expect(call).toHaveBeenCalledTimes(1);
  });

  test.each([false, true])(
    'waits for a missing row, and does not start the replication as new, with force: %s',
    async (force) => {
      const { call, attempts, activities } = stage({
        looks: [rowMissing, rowMissing, stopped],
        ledger: ledgerWithStop(),
      });
      const requested = await attempts.run(activities['dms.requestStart'], { ...resumeRequest, force });
      expect(requested).toMatchObject({ outcome: 'resumed', startReplicationType: 'resume-processing' });
      expect(call).toHaveBeenCalledTimes(1);
    },
  );

  test('waits while looks show an older stop, and fails after a minute of them', async () => {
    const older = look({ replicationLastStopTime: '2026-01-01T12:00:00.000Z' });
    const passing = stage({ looks: [older, older, stopped], ledger: ledgerWithStop() });
    expect(await passing.attempts.run(passing.activities['dms.requestStart'], resumeRequest)).toMatchObject({
      outcome: 'resumed',
    });
    const { attempts, activities } = stage({ looks: [older], ledger: ledgerWithStop() });
    const failure = await failureOf(attempts.run(activities['dms.requestStart'], resumeRequest));
    expect([failure.type, attempts.seconds >= 60]).toEqual(['DmsCheckpointChanged', true]);
  });

  test('fails at once when the last stop is newer than the recorded one', async () => {
    const newer = look({ replicationLastStopTime: '2026-01-02T12:00:00.000Z' });
    const { attempts, activities } = stage({ looks: [newer], ledger: ledgerWithStop() });
    const failure = await failureOf(attempts.run(activities['dms.requestStart'], resumeRequest));
    expect([failure.type, attempts.number]).toEqual(['DmsCheckpointChanged', 1]);
  });

  test('waits, and says why, while an unanswered stop may still land', async () => {
    const ledger = ledgerWithStop();
    const { state } = ledger;
    if (state === null) throw new Error('There is a ledger');
    ledger.state = { ...state, unanswered: { kind: 'stop', operationId: 'late', at: new Date(START).toISOString() } };
    const { call, attempts, activities } = stage({ looks: [stopped], ledger });
    const waiting = await failureOf(attempts.run(activities['dms.requestStart'], resumeRequest, 100));
    expect(waiting).toMatchObject({
      type: 'DmsStillWaiting',
      message: expect.stringMatching(/the stop "late" got no answer .* may still take effect for \d+ s/),
    });
    expect(call).not.toHaveBeenCalled();
    await attempts.run(activities['dms.requestStart'], resumeRequest);
    expect(attempts.seconds).toBeGreaterThanOrEqual(320);
    expect(call).toHaveBeenCalledTimes(1);
  });

  test('sends no call while the ledger finishes the stop of a dead operation', async () => {
    const ledger = new FakeLedger(withNote(emptyLedger(replicationConfigArn), operation('dead'), 1));
    const { call, attempts, activities } = stage({ looks: [stopped], ledger });
    const waiting = await failureOf(attempts.run(activities['dms.requestStart'], resumeRequest, 30));
    expect(waiting.message).toContain('the ledger is finishing the stop "dead"');
    expect([ledger.state?.pendingCall?.isAbandoned, call.mock.calls.length]).toEqual([true, 0]);
    // Refusals add nothing to the ledger's history.
    expect(ledger.told).toEqual(['begin']);
  });
});

test.each([
  ['reload-target', 'resume-processing'],
  ['resume-processing', 'reload-target'],
] as const)(
  'a resume under the id of one that succeeded with %s is refused at once when it asks for %s',
  async (sent, asked) => {
    const { state } = ledgerWithStop();
    if (state === null) throw new Error('There is a ledger');
    const before = record(
      withBegun(state, RESUME, 5),
      { ...resumedOf(RESUME, 6), startReplicationType: sent } as never,
      at(6),
    );
    const ledger = new FakeLedger(before.ledger);
    const { attempts, activities } = stage({ looks: [running], ledger });
    const request = { ...resumeRequest, confirmReload: 'orders' };
    const failure = await failureOf(
      attempts.run(activities['dms.requestStart'], { ...request, startReplicationType: asked }),
    );
    expect([failure.type, attempts.number]).toEqual(['DmsOperationSuperseded', 1]);
    const again = stage({ looks: [running], ledger });
    expect(
      await again.attempts.run(again.activities['dms.requestStart'], { ...request, startReplicationType: sent }),
    ).toMatchObject({ repeated: { outcome: 'resumed', startReplicationType: sent } });
  },
);

test('a repeated operation id returns its record once a look shows it, else fails after a minute', async () => {
  const ledger = ledgerWithStop();
  const request = { replicationConfigArn, operation: operation('before') };
  const older = look({ status: 'running', replicationLastStopTime: null });
  const { call, attempts, activities } = stage({ looks: [older, stopped], ledger });
  expect(await attempts.run(activities['dms.requestStop'], request)).toMatchObject({
    repeated: { outcome: 'stopped', checkpoint: { sequence: 1 } },
  });
  expect(call).not.toHaveBeenCalled();
  const moved = stage({ looks: [running], ledger: ledgerWithStop() });
  const failure = await failureOf(moved.attempts.run(moved.activities['dms.requestStop'], request));
  expect([failure.type, moved.attempts.seconds >= 60]).toEqual(['DmsOperationSuperseded', true]);
});
