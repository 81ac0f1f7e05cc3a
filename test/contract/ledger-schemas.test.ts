import { describe, expect, test } from 'vitest';
import type * as v from 'valibot';
import { isDmsFailure } from '../../src/contract/failures.js';
import { warningEvent } from '../../src/ledger/deadline.js';
import { withEvent, emptyLedger } from '../../src/ledger/entries.js';
import { readRequest, schemas } from '../../src/contract/ledger-schemas.js';
import type { Ledger } from '../../src/contract/ledger-state.js';
import {
  beginOf,
  callOf,
  draftOf,
  endedOf,
  withNote,
  withRecord,
  resumedOf,
  stoppedOf,
} from '../support/ledger-requests.js';
import { arn, at, operation } from '../support/operations.js';
import { archivedRecord } from '../support/records.js';

const who = operation('a', { requestedBy: 'ada', reason: 'cutover' });
const begin = beginOf(who, 1, { call: callOf() });
const stopped = stoppedOf(who, 9);
const restore = { by: 'ada', reason: 'lost', records: [archivedRecord(1)], lastSequence: 1, resumeWithinSeconds: null };
const long = (length: number) => 'x'.repeat(length);

/** Returns the message of a refusal. `null`: the request is accepted. */
function refusal(schema: v.GenericSchema, request: unknown): string | null {
  try {
    readRequest(arn, 'dms.test request', schema, request);
    return null;
  } catch (err) {
    return isDmsFailure(err, 'DmsInvalidInput') ? err.message : `not a refusal: ${String(err)}`;
  }
}

describe('a request to the ledger', () => {
  test.each<[string, v.GenericSchema, unknown]>([
    ['to begin', schemas.begin, begin],
    ['to record a stop', schemas.record, stopped],
    ['to record a resume', schemas.record, resumedOf(who, 9)],
    ['to record an end', schemas.record, endedOf(who, 9)],
    ['to restore', schemas.restore, restore],
    ['to reserve', schemas.reserve, { owner: 'cutover', reason: null, workflowId: null }],
    ['to unseal', schemas.decision, { by: 'ada', reason: 'again' }],
  ])('%s is accepted as the package sends it', (_, schema, request) => {
    expect(refusal(schema, request)).toBeNull();
    expect(refusal(schema, JSON.parse(JSON.stringify(request)))).toBeNull();
  });

  test.each<[string, v.GenericSchema, unknown, string]>([
    ['that is missing', schemas.begin, undefined, 'the request'],
    ['that is a text', schemas.record, 'stopped', 'the request'],
    ['of a type that does not exist', schemas.record, { ...stopped, type: 'finished' }, 'type'],
    [
      'with a reason of 1.8 MB',
      schemas.begin,
      { ...begin, operation: { ...who, reason: long(1_800_000) } },
      'operation.reason',
    ],
    [
      'with an operation id of 1.1 million characters',
      schemas.begin,
      { ...begin, operation: { ...who, operationId: long(1_100_000) } },
      'operation.operationId',
    ],
    ['without a token', schemas.begin, { ...begin, token: undefined }, 'token'],
    ['with an infinite token', schemas.begin, { ...begin, token: Infinity }, 'token'],
    [
      'with a blank operation id',
      schemas.begin,
      { ...begin, operation: { ...who, operationId: ' ' } },
      'operation.operationId',
    ],
    [
      'with an unknown intent',
      schemas.begin,
      { ...begin, call: callOf({ intent: 'forever' as never }) },
      'call.intent',
    ],
    [
      'with a checkpoint of 1.5 MB',
      schemas.record,
      { ...stopped, checkpoint: draftOf('a', { recoveryCheckpoint: long(1_500_000) }) },
      'checkpoint.recoveryCheckpoint',
    ],
    ['with an empty record', schemas.record, { ...stopped, checkpoint: {} }, 'checkpoint.version'],
    [
      'with a stop time that is not a time',
      schemas.record,
      { ...stopped, checkpoint: draftOf('a', { stoppedAt: 'yesterday' }) },
      'checkpoint.stoppedAt',
    ],
    [
      'with statistics of 200 kB',
      schemas.record,
      { ...stopped, tables: { total: 1, flagged: [{ name: long(200_000) }], truncated: false } },
      'tables',
    ],
    [
      'with a failure message of 600 kB',
      schemas.record,
      { ...endedOf(who, 9), failureMessage: long(600_000) },
      'failureMessage',
    ],
    [
      'with a last sequence of 2^53-1',
      schemas.restore,
      { ...restore, lastSequence: Number.MAX_SAFE_INTEGER },
      'lastSequence',
    ],
    [
      'with 101 records',
      schemas.restore,
      { ...restore, records: Array.from({ length: 101 }, (_, n) => archivedRecord(n + 1)) },
      'records',
    ],
    ['without the name of the person', schemas.decision, { reason: 'again' }, 'by'],
    ['with a blank owner', schemas.reserve, { owner: ' ', reason: null, workflowId: null }, 'owner'],
  ])('%s is refused, and the message names the field', (_, schema, request, path) => {
    const message = refusal(schema, request);
    expect(message).toContain(`Invalid dms.test request: ${path}: `);
    expect(message?.length).toBeLessThan(800);
  });
});

describe('the state of a ledger', () => {
  const state = withRecord(withNote(emptyLedger(arn), who, 1), who, 9);
  const later = withNote(state, operation('b'), 20, { intent: 'final' });

  test('is accepted as one run passes it to the next', () => {
    for (const each of [emptyLedger(arn), state, later])
      expect(readRequest(arn, 'state', schemas.state, JSON.parse(JSON.stringify(each)))).toEqual(each);
  });

  test('is accepted with a long event, whose detail is cut to 2,000 characters', () => {
    const said = withEvent(state, warningEvent(at(30), long(20_000)));
    expect(readRequest(arn, 'state', schemas.state, said).events[0]?.detail).toHaveLength(2000);
  });

  test.each<[string, Partial<Record<keyof Ledger, unknown>>]>([
    ['records that are not a list', { checkpoints: {} }],
    ['a record without a sequence', { checkpoints: [{ ...state.checkpoints[0], sequence: undefined }] }],
    ['operations that are null', { operations: null }],
    ['an operation of an unknown kind', { operations: [{ ...state.operations[0], kind: 'pause' }] }],
    ['a last sequence that is a text', { lastSequence: '1' }],
    ['a seal that is true', { sealed: true }],
    ['a seal without a time', { sealed: { by: 'ada', reason: null } }],
    ['a note without a token', { pendingCall: { ...later.pendingCall, token: undefined } }],
    [
      'a guard whose end is not a time',
      {
        guard: {
          sequence: 1,
          resumeBy: at(9),
          endsAt: 'soon',
          plan: { policy: 'warn', leadSeconds: 1, onResumeDeadline: null },
          taskQueue: null,
          nextAt: at(5),
          warnings: 0,
        },
      },
    ],
    ['a reservation of nobody', { reservation: { owner: '', reason: null, at: at(1), workflowId: null } }],
    ['events that are missing', { events: undefined }],
    ['an archive with a null entry', { archive: { taskQueue: null, waiting: [null] } }],
    ['a token that is negative infinity', { newestToken: -Infinity }],
  ])('with %s is refused', (_, more) => {
    expect(refusal(schemas.state, { ...state, ...more })).toMatch(/^Invalid dms.test request: /);
  });
});
