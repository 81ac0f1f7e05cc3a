import { describe, expect, test } from 'vitest';
import { stopMark } from '../../src/dms/checkpoint.js';
import { isDmsFailure } from '../../src/contract/failures.js';
import {
  refusedStartHint,
  requireConfirmation,
  requireOpenWindow,
  requireRecordedStop,
  requireSourceLog,
  recordResumedFrom,
  startTypeOf,
  startWarnings,
  type ResumeFacts,
} from '../../src/rules/resume-checks.js';
import type { CheckpointRecord } from '../../src/contract/records.js';
import { look } from '../support/look.js';
import { arn } from '../support/operations.js';
import { archivedRecord } from '../support/records.js';

const shown = look();
const { lastStopTime: stoppedAt, ...mark } = stopMark(shown);
const { sealed: _sealed, deadline: _deadline, ...base } = archivedRecord(1);
const recorded: CheckpointRecord = { ...base, stoppedAt, ...mark, recoveryCheckpoint: shown.recoveryCheckpoint };
const hour = 3_600_000;
/** An hour after the stop, by DMS's clock. */
const dmsTime = Date.parse(stoppedAt ?? '') + hour;

type Changes = Partial<Omit<ResumeFacts, 'request'>> & { readonly request?: object };
const facts = ({ request, ...more }: Changes = {}): ResumeFacts => ({
  request: { replicationConfigArn: arn, ...request },
  look: shown,
  checkpoint: recorded,
  dmsTime,
  endpoints: null,
  subject: { replicationConfigArn: arn },
  ...more,
});

const refusal = (act: () => unknown): string => {
  try {
    act();
  } catch (err) {
    return isDmsFailure(err) ? `${err.type}: ${err.message}` : String(err);
  }
  return 'allowed';
};

/** The checks of the start type and of the recorded stop, in the order of the judgement. */
const confirmedType = (about: ResumeFacts) => {
  const type = startTypeOf(about);
  requireConfirmation(about, type);
  return type;
};
const requireStop = (about: ResumeFacts, type: Parameters<typeof requireOpenWindow>[1]) => {
  requireOpenWindow(about, type);
  requireRecordedStop(about, type);
};

const created = look({ status: 'created', replicationLastStopTime: null, replicationCreateTime: null });

describe('a start type', () => {
  test.each([
    ['of a replication that never ran', {}, created, 'start-replication'],
    ['of a replication with changes', {}, shown, 'resume-processing'],
    ['of a full load that never ran', {}, { ...created, replicationType: 'full-load' }, 'start-replication'],
    [
      'of a full load that asks for one',
      { startReplicationType: 'resume-processing' },
      look({ replicationType: 'full-load' }),
      'resume-processing',
    ],
    [
      'of a reload with its confirmation',
      { startReplicationType: 'reload-target', confirmReload: 'orders' },
      shown,
      'reload-target',
    ],
    [
      'of a reload of a config without an identifier, with the last part of its ARN',
      { startReplicationType: 'reload-target', confirmReload: 'ORDERS' },
      look({ replicationConfigIdentifier: null }),
      'reload-target',
    ],
  ])('%s is chosen', (_, request, row, type) => expect(confirmedType(facts({ request, look: row }))).toBe(type));

  test('has no default for a full load that ran', () => {
    const full = facts({ look: look({ replicationType: 'full-load' }) });
    expect(refusal(() => confirmedType(full))).toContain(
      `DmsNotResumable: ${arn} is of type full-load, which has no position to go on from. Choose with startReplicationType`,
    );
  });

  test.each([
    ['none', {}, 'orders', shown],
    ["another replication's", { confirmReload: 'ORDERS' }, 'orders', shown],
    [
      'another for a config without an identifier',
      { confirmReload: 'orders' },
      'ORDERS',
      look({ replicationConfigIdentifier: null }),
    ],
  ])('that reloads is refused when its confirmation is %s', (_, request, identifier, row) => {
    const reload = facts({ request: { startReplicationType: 'reload-target', ...request }, look: row });
    const said = refusal(() => confirmedType(reload));
    expect(said).toContain(`DmsNotResumable: Reloading the target of ${arn} is not confirmed`);
    expect(said).toContain(`Set confirmReload to the identifier of the replication config ("${identifier}")`);
  });
});

describe('the recorded stop', () => {
  const other = { ...recorded, stoppedAt: '2026-01-01T00:00:00.000Z' };
  const after = (hours: number) => Date.parse(stoppedAt ?? '') + hours * hour;
  const gone = look({ provisionData: { provisionState: 'deprovisioned' } as never });

  const checks: readonly (readonly [string, Changes, string])[] = [
    ['is the last one', {}, 'allowed'],
    ['is another one', { checkpoint: other }, 'DmsCheckpointChanged'],
    ['is another one, and it is forced', { checkpoint: other, request: { force: true } }, 'allowed'],
    ['is another one, and it is not forced', { checkpoint: other, request: { force: false } }, 'DmsCheckpointChanged'],
    ['is not there', { checkpoint: null }, `DmsCheckpointMissing: No stop of ${arn} is recorded, so its last one`],
    ['is not there, and it is forced', { checkpoint: null, request: { force: true } }, 'allowed'],
    [
      'is not there, and the newest is asked for',
      { checkpoint: null, request: { checkpoint: 'latest' } },
      'is recorded, so',
    ],
    ['is not there, and any is asked for', { checkpoint: null, request: { checkpoint: null } }, 'is recorded, so'],
    [
      'is not there, and a sequence is asked for',
      { checkpoint: null, request: { checkpoint: { sequence: 7 } } },
      `DmsCheckpointMissing: No stop of ${arn} is recorded under that sequence, so its last one`,
    ],
    ['is not known to the activity', { checkpoint: undefined }, 'allowed'],
    ['is not there, and it never ran', { checkpoint: null, look: created }, 'allowed'],
    [
      'is not there, it never ran, and a sequence is asked for',
      { checkpoint: null, look: created, request: { checkpoint: { sequence: 7 } } },
      'under that sequence',
    ],
    [
      'is one of a replication that never ran',
      { checkpoint: { ...recorded, stoppedAt: null }, look: created },
      'allowed',
    ],
    ['is one that DMS does not show any more', { look: created }, 'DmsCheckpointChanged'],
    ['has no time, and it ran since', { checkpoint: { ...recorded, stoppedAt: null } }, 'DmsCheckpointChanged'],
    ['is 48 hours old', { dmsTime: after(48) }, 'allowed'],
    [
      'is older than 48 hours',
      { dmsTime: after(48) + 1 },
      `DmsResumeWindowClosed: The resume window of ${arn} (48 hours after its last stop) is closed: it ended at 2026-01-04T00:00:00.000Z (estimated)`,
    ],
    ['is older than 48 hours, and it is forced', { dmsTime: after(49), request: { force: true } }, 'WindowClosed'],
    ['is older than 48 hours, and nothing is known', { dmsTime: after(49), checkpoint: undefined }, 'WindowClosed'],
    ['is gone with what DMS deprovisioned', { look: gone }, `is closed: DMS shows it deprovisioned`],
    [
      'has no time',
      { look: look({ replicationLastStopTime: null }), checkpoint: { ...recorded, stoppedAt: null } },
      'allowed',
    ],
  ];
  const titled = checks.map(([about, changes, outcome]) => [about, outcome, changes] as const);
  test.each(titled)('%s: %s', (_, outcome, changes) => {
    expect(refusal(() => requireStop(facts(changes), 'resume-processing'))).toContain(outcome);
  });

  test.each<[string, Changes]>([
    ['another stop', { checkpoint: other }],
    ['no stop', { checkpoint: null }],
    ['one that DMS deprovisioned', { look: gone }],
    ['one that is older than 48 hours', { dmsTime: after(49) }],
  ])('may be %s for a confirmed reload', (_, changes) => {
    expect(refusal(() => requireStop(facts(changes), 'reload-target'))).toBe('allowed');
  });

  test('is checked for a first start too, whose window is open', () => {
    expect(refusal(() => requireStop(facts({ dmsTime: after(49) }), 'start-replication'))).toBe('allowed');
    const missing = facts({ checkpoint: null });
    expect(refusal(() => requireStop(missing, 'start-replication'))).toContain('DmsCheckpointMissing');
  });
});

describe('the source log', () => {
  const lagAtStop = { sourceSeconds: 600, targetSeconds: 0, at: '2026-01-02T00:00:00.000Z' };

  test.each<[string, Changes, string]>([
    ['is not checked unless its retention is known', {}, 'allowed'],
    ['is there', { request: { sourceLogRetentionSeconds: 3600 } }, 'allowed'],
    [
      'is gone',
      { request: { sourceLogRetentionSeconds: 3599 } },
      `DmsSourceLogExpired: ${arn} can't go on from its last stop: the log is needed from 3600 s ago on`,
    ],
    [
      'is gone for a transaction that was open',
      { request: { sourceLogRetentionSeconds: 3600, oldestOpenTransactionSeconds: 1 } },
      'DmsSourceLogExpired',
    ],
    [
      'is gone by the recorded lag',
      { request: { sourceLogRetentionSeconds: 4000 }, checkpoint: { ...recorded, lagAtStop } },
      'DmsSourceLogExpired',
    ],
    [
      'is not judged by the lag of another stop',
      {
        request: { sourceLogRetentionSeconds: 4000 },
        checkpoint: { ...recorded, lagAtStop, stoppedAt: '2026-01-01T00:00:00.000Z' },
      },
      'allowed',
    ],
    ['is judged without a record', { request: { sourceLogRetentionSeconds: 4000 }, checkpoint: null }, 'allowed'],
    [
      'is judged by an activity on its own',
      { request: { sourceLogRetentionSeconds: 4000 }, checkpoint: undefined },
      'allowed',
    ],
  ])('%s', (_, changes, outcome) =>
    expect(refusal(() => requireSourceLog(facts(changes), 'resume-processing'))).toContain(outcome),
  );
});

describe('the record that a resume went on from', () => {
  test.each<[string, CheckpointRecord | null | undefined, string | null, CheckpointRecord | null]>([
    ['is the one of its stop', recorded, 'resume-processing', recorded],
    ['is none of another stop', { ...recorded, stoppedAt: '2026-01-01T00:00:00.000Z' }, 'resume-processing', null],
    ['is none after a reload', recorded, 'reload-target', null],
    ['is none when nothing was started', recorded, null, null],
    ['is none when none is recorded', null, 'resume-processing', null],
    ['is none when it was not checked', undefined, 'resume-processing', null],
  ])('%s', (_, checkpoint, type, from) => expect(recordResumedFrom(checkpoint, type, stopMark(shown))).toBe(from));
});

describe('a start that DMS accepted', () => {
  const codes = (changes: Changes, type: string | null = 'resume-processing') =>
    startWarnings(facts(changes), type).map(({ code }) => code);
  const respelled = { checkpoint: { ...recorded, recoveryCheckpoint: 'checkpoint:V2#1' } };

  test.each<[string, readonly string[], string | null, Changes]>([
    ['from the recorded stop', [], 'resume-processing', {}],
    ['from a stop that DMS spells differently now', ['checkpoint-text-differs'], 'resume-processing', respelled],
    ['from a stop without a checkpoint now', [], 'resume-processing', { look: look({ recoveryCheckpoint: null }) }],
    [
      'from another stop, spelled differently',
      [],
      'resume-processing',
      { checkpoint: { ...respelled.checkpoint, stoppedAt: '2026-01-01T00:00:00.000Z' } },
    ],
    ['without a record', [], 'resume-processing', { checkpoint: null }],
    ['that was not checked', [], 'resume-processing', { checkpoint: undefined }],
    [
      'near the end of the source log',
      ['source-log-short', 'lag-unknown'],
      'resume-processing',
      { request: { sourceLogRetentionSeconds: 4000 } },
    ],
    [
      'of a reload near the end of the source log',
      [],
      'reload-target',
      { request: { sourceLogRetentionSeconds: 4000 } },
    ],
    ['after the end of the source log', [], 'resume-processing', { request: { sourceLogRetentionSeconds: 1 } }],
    ['at a position', ['custom-start-position'], 'start-replication', { request: { cdcStartPosition: 'p' } }],
    ['at a time', ['custom-start-position'], 'start-replication', { request: { cdcStartTime: 't' } }],
    ['at no position', [], 'start-replication', { request: { cdcStartPosition: null, cdcStartTime: null } }],
  ])('%s has the warnings %j', (_, warned, type, changes) => expect(codes(changes, type)).toEqual(warned));

  test('shows both spellings of a checkpoint', () => {
    expect(startWarnings(facts(respelled), 'resume-processing')[0]?.message).toContain(
      '"checkpoint:V1#1" instead of "checkpoint:V2#1"',
    );
    const without = { checkpoint: { ...recorded, recoveryCheckpoint: null } };
    expect(startWarnings(facts(without), 'resume-processing')[0]?.message).toContain('instead of ""');
  });
});

test.each([
  [{ cdcStartPosition: 'p' }, 'start-replication', 'may not take start positions'],
  [{ cdcStartTime: 't' }, 'start-replication', 'may not take start positions'],
  [{ cdcStartPosition: null, cdcStartTime: null }, 'start-replication', 'If it has run before'],
  [{}, 'resume-processing', "If it can't go on from its last stop"],
  [{}, null, "If it can't go on from its last stop"],
])('the hint for a refused start with %j of type %s says: %s', (request, type, hint) => {
  const subject = { replicationConfigArn: arn };
  expect(refusedStartHint({ replicationConfigArn: arn, ...request }, type, subject)).toContain(hint);
});
