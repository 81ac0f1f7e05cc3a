import { describe, expect, test } from 'vitest';
import { callMark } from '../../src/dms/checkpoint.js';
import { emptyLedger } from '../../src/ledger/entries.js';
import { judgeStopRequest, type StopConclusion, type StopFacts } from '../../src/rules/stop-judgement.js';
import { inWords } from '../support/judgements.js';
import { withNote } from '../support/ledger-requests.js';
import { look } from '../support/look.js';
import { arn, operation } from '../support/operations.js';

const runSince = (startDate: string) =>
  look({
    status: 'running',
    replicationLastStopTime: '2026-01-01T00:00:00.000Z',
    replicationStats: { startDate } as never,
  });
const running = runSince('2026-01-01T12:00:00.000Z');
const later = { status: 'running', replicationLastStopTime: '2026-01-02T00:00:00.000Z' };
const { pendingCall: ownCall } = withNote(emptyLedger(arn), operation('a'), 1, { before: callMark(running) });

const facts = (changes: Partial<StopFacts> = {}): StopFacts => ({
  look: running,
  ownCall: null,
  isAnswered: false,
  hasRun: true,
  subject: { replicationConfigArn: arn },
  ...changes,
});

/** The judgement in a few words, or the failure. */
function judged(changes: Partial<StopFacts>): string {
  const say = (judgement: StopConclusion) =>
    judgement.do === 'send-nothing' ? `${judgement.outcome}, stop seen: ${judgement.hasSeenStop}` : judgement.do;
  return inWords(
    () => judgeStopRequest(facts(changes)),
    say,
    ({ type, message }) => `${type}: ${message}`,
  );
}

const shown = (status: string) => ({ look: look({ status }) });

test.each<[string, Partial<StopFacts>, string]>([
  ['a running replication is asked to stop', {}, 'call'],
  ['a replication in an unknown status is asked to stop', shown('resting'), 'call'],
  ['a starting replication is waited for', shown('replication_starting'), 'wait'],
  ['a replication that is being modified is waited for', shown('modifying'), 'wait'],
  ['a stopping replication is followed', shown('stopping'), 'already-stopping, stop seen: true'],
  ['a stopped replication is not asked', shown('stopped'), 'already-stopped, stop seen: false'],
  ['a new replication never ran', { ...shown('created'), hasRun: false }, 'never-started, stop seen: false'],
  [
    'looks must agree for a minute that a replication that has run shows no run',
    shown('created'),
    'agree for 60 s, then never-started, stop seen: false',
  ],
  [
    'looks must agree for a minute that a replication failed',
    shown('failed'),
    'agree for 60 s, then DmsReplicationFailed',
  ],
  ['a replication that is being deleted fails', shown('deleting'), 'DmsReplicationDeleting'],
  ['a read-only replication fails', { look: { ...running, isReadOnly: true } }, 'DmsReplicationReadOnly'],
])('%s', (_, changes, outcome) => expect(judged(changes)).toContain(outcome));

test('a judgement says what it waits for, and what looks must agree on', () => {
  expect(judgeStopRequest(facts(shown('modifying')))).toEqual({
    do: 'wait',
    why: 'DMS can stop it only once it is running',
  });
  expect(judgeStopRequest(facts(shown('created')))).toMatchObject({ on: 'DMS shows no run of it' });
  expect(judgeStopRequest(facts(shown('failed')))).toMatchObject({ on: 'it shows "failed"' });
  const failed = judgeStopRequest(facts(shown('failed')));
  expect(() => failed.do === 'agree' && failed.conclude()).toThrow(/failed before it was asked to stop/);
});

describe('a stop whose earlier call is noted', () => {
  test.each<[string, Partial<StopFacts>, string]>([
    ['is asked for again while looks show no effect', {}, 'call'],
    [
      'fails when the replication has stopped and runs again',
      { look: look({ ...later, stopReason: 'Stop Reason NORMAL' }) },
      'DmsStopReverted',
    ],
    [
      'is asked for again when DMS has undone the stop by itself',
      { look: look({ ...later, stopReason: 'Stop Reason RECYCLE_TASK' }) },
      'call',
    ],
    [
      'fails when a later run shows, and the stop does not',
      { look: runSince('2026-01-05T00:00:00.000Z') },
      'DmsStopReverted',
    ],
    [
      'is asked for again when a later run shows after DMS answered the earlier call',
      {
        look: runSince('2026-01-05T00:00:00.000Z'),
        isAnswered: true,
      },
      'call',
    ],
  ])('%s', (_, changes, outcome) => expect(judged({ ownCall, ...changes })).toContain(outcome));

  test('says that the replication was stopped if DMS shows no stop time', () => {
    const hidden = look({ ...runSince('2026-01-05T00:00:00.000Z'), replicationLastStopTime: null });
    expect(judged({ ownCall, look: hidden })).toContain('was stopped, after this stop had asked for it');
  });

  test('names the time of the stop that was undone, if DMS shows it', () => {
    const undone = look({ ...later, stopReason: 'Stop Reason NORMAL' });
    expect(judged({ ownCall, look: undone })).toContain('stopped at 2026-01-02T00:00:00.000Z, after this stop');
  });
});
