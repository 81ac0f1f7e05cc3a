import { expect, test } from 'vitest';
import type { Replication } from '../../src/dms/replication.js';
import type { Agreement } from '../../src/dms/staleness.js';
import { stateBefore } from '../../src/contract/failure-messages.js';
import { judgeRecordedStop } from '../../src/rules/still-stopped.js';
import { look } from '../support/look.js';
import { created, running, stopped, stopping, undescribed, type Looks } from '../support/judged.js';

const record = {
  stoppedAt: stopped.replicationLastStopTime,
  replicationCreateTime: stopped.replicationCreateTime,
  freshStartDate: null,
};
const LATER = '2026-01-03T00:00:00.000Z';

function verdicts(looks: Looks, of = record): string[] {
  let agreement: Agreement | null = null;
  return looks.map(([seconds, replication]) => {
    const judged = judgeRecordedStop(agreement, of, replication, seconds);
    agreement = judged.agreement;
    return judged.verdict;
  });
}

const table: Readonly<Record<string, readonly [Looks, readonly string[]]>> = {
  'a recorded stop holds when DMS shows it': [[[0, stopped]], ['holds']],
  'a recorded stop holds after deprovisioning, although DMS no longer shows its time': [
    [[0, look({ replicationLastStopTime: null, provisionData: { provisionState: 'deprovisioned' } as never })]],
    ['holds'],
  ],
  'a recorded stop of a replication that failed holds': [[[0, look({ status: 'failed' })]], ['holds']],
  'a recorded stop is over at once when the run shows that stop as its last one': [
    [[0, { ...stopped, status: 'initializing' }]],
    ['started'],
  ],
  'a recorded stop is over once looks at a run agree for longer than staleness': [
    [
      [0, running],
      [60, running],
      [61, running],
    ],
    ['look-again', 'look-again', 'started'],
  ],
  'a recorded stop holds when the look at a run was older': [
    [
      [0, running],
      [15, stopping],
      [30, stopped],
    ],
    ['look-again', 'look-again', 'holds'],
  ],
  'a replication that is modified is in transition': [[[0, { ...stopped, status: 'modifying' }]], ['moving']],
  'a replication that is being deleted is in transition': [[[0, { ...running, status: 'deleting' }]], ['moving']],
  'a replication that shows another stop has changed': [[[0, look({ replicationLastStopTime: LATER })]], ['changed']],
  'a reloaded replication has changed': [
    [[0, look({ replicationStats: { freshStartDate: LATER } as never })]],
    ['changed'],
  ],
  'a look at an older stop counts only after staleness': [
    [
      [0, undescribed],
      [61, undescribed],
    ],
    ['look-again', 'changed'],
  ],
  'a look that shows no run counts only after staleness': [
    [
      [0, created],
      [61, created],
    ],
    ['look-again', 'changed'],
  ],
};

test.each(Object.entries(table))('%s', (_, [looks, expected]) => expect(verdicts(looks)).toEqual(expected));

test('the record of a replication that never ran holds until a run is seen', () => {
  const never = { ...record, stoppedAt: null };
  expect(verdicts([[0, created]], never)).toEqual(['holds']);
  expect(verdicts([[0, { ...created, replicationCreateTime: null }]], never)).toEqual(['look-again']);
  expect(verdicts([[0, { ...created, status: 'running' }]], never)).toEqual(['look-again']);
  expect(verdicts([[0, stopped]], never)).toEqual(['changed']);
});

test.each<[string, RegExp]>([
  ['running', /is "running" again: someone started it/],
  ['initializing', /is "initializing" again: someone started it/],
  ['modifying', /is "modifying" now\. Look again/],
  ['deprovisioned', /is "stopped" now/],
])('a stop that no longer holds reports the status "%s"', (status, said) => {
  const replication: Replication = { ...stopped, status };
  const subject = { replicationConfigArn: stopped.replicationConfigArn };
  const failure = stateBefore(subject, replication, 'stopped');
  expect(failure).toMatchObject({ type: 'DmsStopReverted', message: expect.stringMatching(said) });
});
