import { describe, expect, test } from 'vitest';
import { draftCheckpoint } from '../../src/rules/checkpoint-draft.js';
import { markDeleted } from '../../src/ledger/closing.js';
import { emptyLedger } from '../../src/ledger/entries.js';
import { ledgerMarkdown, ledgerMemo } from '../../src/ledger/details.js';
import { fleetWorkflowId, ledgerWorkflowId, operationWorkflowId, pauseScheduleId } from '../../src/contract/names.js';
import { record } from '../../src/ledger/record.js';
import type { Ledger } from '../../src/contract/ledger-state.js';
import { withBegun, draftOf, withNote, withRecord, endedOf, resumedOf } from '../support/ledger-requests.js';
import { look } from '../support/look.js';
import { arn, at, operation } from '../support/operations.js';

const empty = emptyLedger(arn);
const stop = operation('a', { deadline: { policy: 'warn', leadSeconds: 3600, onResumeDeadline: null } });
const resume = operation('r', { kind: 'resume' });
const stopped = withRecord(withBegun(empty, stop, 1), stop, 2);
const resumed = record(withBegun(stopped, resume, 3), resumedOf(resume, 4), at(4)).ledger;
const failure = { ...endedOf(operation('f'), 6), failureType: 'DmsReplicationFailed' };
const failedAfterRun = record(withBegun(resumed, operation('f'), 5), failure, at(6)).ledger;
const warned = (warnings: number): Ledger =>
  stopped.guard === null ? stopped : { ...stopped, guard: { ...stopped.guard, warnings } };
const newest = `Newest record: 1, stopped at ${at(1)}, \`c\``;
const kept = { at: at(1), workflowId: null };

describe('the details of a ledger', () => {
  test.each<[string, Ledger, string]>([
    ['are empty at first', empty, ''],
    ['show the resume deadline', stopped, `**Resume by ${at(172_801)}**, policy \`warn\`\n\n${newest}`],
    ['show one warning', warned(1), `**Resume by ${at(172_801)}** (warned 1 time), policy \`warn\`\n\n${newest}`],
    ['show several warnings', warned(2), `**Resume by ${at(172_801)}** (warned 2 times), policy \`warn\`\n\n${newest}`],
    [
      'show who sealed it',
      { ...empty, sealed: { by: 'ada', reason: 'cutover', at: at(1) } },
      `**Sealed** by ada at ${at(1)} (cutover)`,
    ],
    [
      'show an anonymous seal',
      { ...empty, sealed: { by: null, reason: null, at: at(1) } },
      `**Sealed** by someone unnamed at ${at(1)}`,
    ],
    [
      'show who reserved it',
      { ...empty, reservation: { ...kept, owner: 'o', reason: 'tonight' } },
      `**Reserved** by o since ${at(1)} (tonight)`,
    ],
    [
      'show a noted call',
      withNote(empty, stop, 3),
      `A call of the stop "a" was noted at ${at(3)}; its outcome is not known yet`,
    ],
    [
      'show how many records wait for the archive',
      { ...empty, archive: { taskQueue: null, waiting: [{ sequence: 1, sealed: null, deadline: null }] } },
      'Records that are not in the archive yet: 1',
    ],
    ['show nothing if the archive has every record', { ...empty, archive: { taskQueue: null, waiting: [] } }, ''],
    [
      'show a record without time and checkpoint',
      withRecord(withBegun(empty, operation('b'), 1), operation('b'), 2, {
        checkpoint: draftOf('b', { stoppedAt: null, recoveryCheckpoint: null, resumeBy: null }),
      }),
      'Newest record: 1, stopped at no time, `no checkpoint`',
    ],
  ])('%s', (_, ledger, words) => {
    expect(ledgerMarkdown(ledger)).toBe(words);
  });
});

describe('the memo of a ledger', () => {
  const nothing = {
    identifier: null,
    state: 'unknown',
    sealed: false,
    reservedBy: null,
    resumeBy: null,
    recoveryCheckpoint: null,
  };

  test.each<[string, Ledger, object]>([
    ['shows an unknown state at first', empty, nothing],
    [
      'shows a stopped replication',
      stopped,
      { ...nothing, state: 'stopped', resumeBy: at(172_801), recoveryCheckpoint: 'c' },
    ],
    ['shows a resumed replication', resumed, { ...nothing, state: 'running', recoveryCheckpoint: 'c' }],
    [
      'shows "running" until the call of the next stop is noted',
      withBegun(resumed, operation('b'), 5),
      { ...nothing, state: 'running', recoveryCheckpoint: 'c' },
    ],
    [
      'shows a replication that failed after it ran',
      failedAfterRun,
      { ...nothing, state: 'failed', recoveryCheckpoint: 'c' },
    ],
    ['shows a replication that is being stopped', withNote(empty, stop, 3), { ...nothing, state: 'stopping' }],
    ['shows a replication that is being started', withNote(empty, resume, 3), { ...nothing, state: 'starting' }],
    ['shows a deleted replication', markDeleted(withNote(empty, stop, 3), at(9)), { ...nothing, state: 'deleted' }],
    [
      'shows the seal and the owner of the reservation',
      { ...empty, sealed: { by: null, reason: null, at: at(1) }, reservation: { ...kept, owner: 'o', reason: null } },
      { ...nothing, sealed: true, reservedBy: 'o' },
    ],
  ])('%s', (_, ledger, memo) => expect(ledgerMemo(ledger)).toEqual(memo));
});

test('a draft record holds the fields of the look and the requester', () => {
  const replication = look({
    replicationStats: { freshStartDate: at(3) } as never,
    sourceEndpointArn: 's',
    targetEndpointArn: 't',
  });
  expect(
    draftCheckpoint(operation('a', { requestedBy: 'ada', reason: 'cutover' }), replication, 'final', 'agreed'),
  ).toEqual({
    version: 1,
    replicationConfigArn: arn,
    operationId: 'a',
    intent: 'final',
    recoveryCheckpoint: 'checkpoint:V1#1',
    settled: 'agreed',
    stopReason: 'Stop Reason NORMAL',
    stopReasonCode: 'NORMAL',
    status: 'stopped',
    stoppedAt: '2026-01-02T00:00:00.000Z',
    resumeBy: '2026-01-04T00:00:00.000Z',
    resumeBySource: 'estimated',
    replicationType: 'cdc',
    sourceEndpointArn: 's',
    targetEndpointArn: 't',
    replicationCreateTime: '2026-01-01T00:00:00.000Z',
    freshStartDate: at(3),
    requestedBy: 'ada',
    reason: 'cutover',
    workflowId: `dms:${arn}`,
    runId: 'run-a',
  });
});

test('workflow ids keep the format of running workflows', () => {
  expect([operationWorkflowId('x'), ledgerWorkflowId('x'), fleetWorkflowId('x'), pauseScheduleId('x', 'stop')]).toEqual(
    ['dms:x', 'dms-ledger:x', 'dms-fleet:x', 'dms-pause:x:stop'],
  );
});
