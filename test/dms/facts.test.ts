import { describe, expect, test } from 'vitest';
import { accountRegionKey, describeValue, parseReplicationConfigArn } from '../../src/dms/arn.js';
import {
  isRecordedStop,
  mayLackFields,
  isStopDescribed,
  resumeDeadline,
  stopFingerprint,
  stopMark,
} from '../../src/dms/checkpoint.js';
import {
  statusFacts,
  isDeprovisioned,
  showsOnlyConfig,
  lifecycleState,
  lifecycleTable,
  statusInFault,
} from '../../src/dms/lifecycle.js';
import { premigrationAssessmentStatuses } from '../../src/dms/replication.js';
import {
  isEndOfWork,
  isSelfRestartExpected,
  maySelfRestart,
  stopReasonCode,
  stopReasonFacts,
  stopReasons,
} from '../../src/dms/stop-reasons.js';
import { wrongState } from '../../src/simulator/engine/rules.js';
import { look } from '../support/look.js';

describe('an ARN', () => {
  test.each([
    ['arn:aws:dms:eu-west-1:123456789012:replication-config:ABC', 'aws', 'eu-west-1'],
    ['arn:aws-cn:dms:cn-north-1:123456789012:replication-config:my-config', 'aws-cn', 'cn-north-1'],
    ['arn:aws-us-gov:dms:us-gov-west-1:123456789012:replication-config:A1', 'aws-us-gov', 'us-gov-west-1'],
    ['arn:aws-eusc:dms:eusc-de-east-1:123456789012:replication-config:A1', 'aws-eusc', 'eusc-de-east-1'],
    ['arn:aws-iso:dms:us-iso-east-1:123456789012:replication-config:A1', 'aws-iso', 'us-iso-east-1'],
    ['arn:aws-iso-b:dms:us-isob-east-1:123456789012:replication-config:A1', 'aws-iso-b', 'us-isob-east-1'],
    ['arn:aws-iso-e:dms:eu-isoe-west-1:123456789012:replication-config:A1', 'aws-iso-e', 'eu-isoe-west-1'],
    ['arn:aws-iso-f:dms:us-isof-south-1:123456789012:replication-config:A1', 'aws-iso-f', 'us-isof-south-1'],
    ['arn:aws-moon-x:dms:moon-far-side-12:123456789012:replication-config:A1', 'aws-moon-x', 'moon-far-side-12'],
  ])('%s is read', (arn, partition, region) => {
    expect(parseReplicationConfigArn(arn)).toMatchObject({ arn, partition, region, accountId: '123456789012' });
  });

  test.each([
    ['', 'Example: arn:aws:dms:eu-west-1:123456789012:replication-config:ABC'],
    ['orders', 'it does not start with "arn:"'],
    ['arn', 'its partition is ""'],
    ['arn:aws:dms', 'its region is ""'],
    ['arn:aws:dms:eu-west-1', 'its account is ""'],
    ['arn:aws:dms:eu-west-1:123456789012', 'it names a "", not a replication-config'],
    ['arn:my-aws:dms:eu-west-1:123456789012:replication-config:A', 'partition is "my-aws"'],
    ['arn:aws:dms:1eu-west-1:123456789012:replication-config:A', 'region is "1eu-west-1"'],
    ['arn:aws:dms:eu-west-1a:123456789012:replication-config:A', 'region is "eu-west-1a"'],
    ['arn:aws:dms:eu-west-1:x123456789012:replication-config:A', 'account is "x123456789012"'],
    ['arn:aws:dms:eu-west-1:1234567890123:replication-config:A', 'account is "1234567890123"'],
    ['arn:gcp:dms:eu-west-1:123456789012:replication-config:A', 'partition'],
    ['arn:awsx:dms:eu-west-1:123456789012:replication-config:A', 'partition is "awsx"'],
    ['arn:aws-:dms:eu-west-1:123456789012:replication-config:A', 'partition is "aws-"'],
    ['arn:aws:dms:evil.example:123456789012:replication-config:A', 'region is "evil.example"'],
    ['arn:aws:rds:eu-west-1:123456789012:replication-config:A', 'service'],
    ['arn:aws:dms::123456789012:replication-config:A', 'region'],
    ['arn:aws:dms:eu-west-1:1234:replication-config:A', 'account'],
    ['arn:aws:dms:eu-west-1:123456789012:task:A', 'it names a "task", not a replication-config'],
    ['arn:aws:dms:eu-west-1:123456789012:replication-config:', 'identifier'],
    ['arn:aws:dms:eu-west-1:123456789012:replication-config:A:B', 'identifier'],
    [' arn:aws:dms:eu-west-1:123456789012:replication-config:A', 'white space'],
    [7, 'it is the number 7, not a string'],
    [false, 'it is the boolean false, not a string'],
    [null, 'it is null, not a string'],
    [undefined, 'it is undefined, not a string'],
    [new Date(0), 'it is a Date, not a string'],
    [[], 'it is an array, not a string'],
    [{ arn: 1, region: 2 }, 'it is an object { arn, region }, not a string'],
    [() => 1, 'it is a function, not a string'],
  ])('%s is refused, and the message names the problem: %s', (arn, problem) => {
    expect(() => parseReplicationConfigArn(arn as string)).toThrow(problem);
  });

  test('has a key of its partition, account and region', () => {
    const arn = parseReplicationConfigArn('arn:aws-cn:dms:cn-north-1:123456789012:replication-config:A');
    expect(accountRegionKey(arn)).toBe('aws-cn:123456789012:cn-north-1');
  });
});

test('the description of a string holds at most its first 80 characters', () => {
  expect(describeValue('x'.repeat(81))).toBe(`the string "${'x'.repeat(80)}"`);
});

describe('the lifecycle table', () => {
  test.each([
    ['created', 'never-started', 'first-start'],
    ['initializing', 'wait', 'already-starting'],
    ['preparing_metadata_resources', 'wait', 'already-starting'],
    ['testing_connection', 'wait', 'already-starting'],
    ['fetching_metadata', 'wait', 'already-starting'],
    ['calculating_capacity', 'wait', 'already-starting'],
    ['provisioning_capacity', 'wait', 'already-starting'],
    ['replication_starting', 'wait', 'already-starting'],
    ['running', 'call', 'already-running'],
    ['stopping', 'already-stopping', 'wait'],
    ['stopped', 'already-stopped', 'call'],
    ['modifying', 'wait', 'wait'],
    ['failed', 'failed', 'call'],
    ['deleting', 'deleting', 'deleting'],
    ['deprovisioning', 'already-stopped', 'call'],
    ['deprovisioned', 'already-stopped', 'call'],
    ['something_new', 'call', 'call'],
  ])('%s, in lower or upper case: a stop does "%s", a start "%s"', (status, stop, start) => {
    expect(statusFacts(status)).toMatchObject({ stop, start });
    expect(statusFacts(status.toUpperCase())).toMatchObject({ stop, start });
  });

  test.each([
    ['created', null, true],
    ['Created', null, true],
    ['created', '2026-01-01T00:00:00.000Z', false],
    ['stopped', null, false],
  ])('a look at "%s", created at %s, shows only the config: %s', (status, replicationCreateTime, isWithout) =>
    expect(showsOnlyConfig({ status, replicationCreateTime })).toBe(isWithout),
  );

  test('has the phase "passing" for an unknown status', () =>
    expect(statusFacts('something_new').phase).toBe('passing'));

  test('lists 16 statuses', () => expect(Object.keys(lifecycleTable)).toHaveLength(16));

  test.each([
    [{ status: 'stopped', provisionData: null }, 'stopped', false],
    [{ status: 'Deprovisioned', provisionData: null }, 'stopped', true],
    [{ status: 'DEPROVISIONING', provisionData: null }, 'stopped', true],
    [{ status: 'failed', provisionData: { provisionState: 'DEPROVISIONED' } }, 'failed', true],
    [{ status: 'stopped', provisionData: { provisionState: 'provisioned' } }, 'stopped', false],
    [{ status: 'stopped', provisionData: { provisionState: null } }, 'stopped', false],
  ])('%j has the status "%s" and is deprovisioned: %s', (row, status, deprovisioned) => {
    const state = lifecycleState(row as never);
    expect(state.status).toBe(status);
    expect(isDeprovisioned(state)).toBe(deprovisioned);
  });
});

describe('a status in the text of a fault', () => {
  const ofOrders = parseReplicationConfigArn('arn:aws:dms:eu-west-1:123456789012:replication-config:ORDERS');
  const identifier = 'orders (eu)';

  test.each([
    [
      "Replication for Replication Config, 'ORDERS' is in 'provisioning_capacity' state and cannot be stopped.",
      'provisioning_capacity',
    ],
    ['Replication for Replication Config: ORDERS is in MODIFYING state and cannot start', 'modifying'],
    ['Replication Config ORDERS is in STOPPED state and cannot be modified', 'stopped'],
    [`Replication for Replication Config: ${ofOrders.arn} is in RUNNING state and cannot start`, 'running'],
    [`The replication '${identifier}' is currently in the 'stopping' state`, 'stopping'],
    ['It was refused. Replication Config ORDERS is in FAILED state', 'failed'],
  ])('is believed when it is about this replication: %s', (message, status) =>
    expect(statusInFault(message, ofOrders, identifier)).toBe(status),
  );

  test.each([
    'Something else',
    "Premigration assessment run X is in 'running' state",
    "Premigration assessment run of ORDERS is in 'running' state",
    "The endpoint SOURCE is in 'deleting' state",
    "The replication instance of replication config ORDERS is in 'deleting' state",
    "Replication for Replication Config, 'ORDERS-2' is in 'stopped' state and cannot be stopped.",
    "Replication for Replication Config, 'XORDERS' is in 'stopped' state and cannot be stopped.",
    "Replication for Replication Config, 'X' is in 'stopped' state and cannot be stopped.",
    'Replication Task cannot be started, invalid state',
  ])('is not read from a text that names no status of this replication: %s', (message) =>
    expect(statusInFault(message, ofOrders, identifier)).toBeNull(),
  );

  test.each([[''], [null]])('is not read from a text without a name, even if the identifier is %j', (none) =>
    expect(statusInFault("The replication is in 'stopped' state", ofOrders, none)).toBeNull(),
  );

  test('is read from the messages of the simulator', () => {
    for (const operation of ['StopReplication', 'StartReplication', 'ModifyReplicationConfig', 'Whatever']) {
      const { message } = wrongState(operation, 'ORDERS', 'provisioning_capacity');
      expect(statusInFault(message, ofOrders), message).toBe('provisioning_capacity');
    }
  });
});

describe('stop reasons', () => {
  test('are fourteen, and each has a meaning, a next step and the expected consequences', () => {
    expect(Object.keys(stopReasons)).toHaveLength(14);
    for (const [code, { meaning, next }] of Object.entries(stopReasons)) {
      expect(stopReasonCode(`Stop Reason ${code}`)).toBe(code);
      expect([meaning, next].every((text) => text.length > 10)).toBe(true);
    }
    expect(Object.keys(stopReasons).filter((code) => stopReasonFacts(code)?.ordinary)).toEqual([
      'NORMAL',
      'FULL_LOAD_ONLY_FINISHED',
      'STOPPED_AT_SERVER_TIME',
      'STOPPED_AT_COMMIT_TIME',
    ]);
    const codes = Object.keys(stopReasons);
    const undone = codes.filter((code) => isSelfRestartExpected(`Stop Reason ${code}`));
    expect(undone).toEqual([
      'RECOVERABLE_ERROR',
      'STOPPED_DUE_TO_LOW_MEMORY',
      'STOPPED_DUE_TO_LOW_DISK',
      'RECONFIGURATION_RESTART',
      'RECYCLE_TASK',
    ]);
    const mayBeUndone = codes.filter((code) => maySelfRestart(`Stop Reason ${code}`));
    expect(mayBeUndone.toSorted()).toEqual([...undone, 'FATAL_ERROR'].toSorted());
    expect(codes.filter((code) => isEndOfWork(`Stop Reason ${code}`))).toEqual([
      'FULL_LOAD_ONLY_FINISHED',
      'STOPPED_AFTER_FULL_LOAD',
      'STOPPED_AFTER_CACHED_EVENTS',
      'STOPPED_AFTER_DDL_APPLY',
      'STOPPED_AT_SERVER_TIME',
      'STOPPED_AT_COMMIT_TIME',
    ]);
    expect([maySelfRestart(null), isSelfRestartExpected('Stop Reason BORED'), isEndOfWork(null)]).not.toContain(true);
  });

  test.each([
    [null, null],
    ['Stop Reason FATAL_ERROR Error Level FATAL', 'FATAL_ERROR'],
    ['normal', 'NORMAL'],
    ['  stop reason  normal', 'NORMAL'],
    ['Last Error ODBC general error. Stop Reason RECOVERABLE_ERROR Error Level RECOVERABLE', 'RECOVERABLE_ERROR'],
    ['Last Error Error 1236 reading binary log. Stop Reason FATAL_ERROR Error Level FATAL', 'FATAL_ERROR'],
    ['Last Error NORMAL. Stop Reason BORED', null],
    ['Stop Reason NORMAL_ISH', null],
    ['', null],
    ['Stop Reason BORED', null],
    ['toString', null],
    ['(NORMAL)', null],
  ])('%s has the code %s', (reason, code) => expect(stopReasonCode(reason)).toBe(code));
});

test('each of the eleven premigration assessment statuses says whether it is over and blocks a start', () => {
  expect(premigrationAssessmentStatuses).toEqual({
    cancelling: { over: false, blocksStart: false },
    deleting: { over: false, blocksStart: false },
    failed: { over: true, blocksStart: true },
    'error-provisioning': { over: true, blocksStart: true },
    'error-executing': { over: true, blocksStart: true },
    'invalid state': { over: true, blocksStart: true },
    passed: { over: true, blocksStart: false },
    provisioning: { over: false, blocksStart: false },
    running: { over: false, blocksStart: false },
    starting: { over: false, blocksStart: false },
    warning: { over: true, blocksStart: false },
  });
});

describe('a stop', () => {
  const before = stopMark(look({ replicationLastStopTime: '2026-01-01T12:00:00.000Z' }));

  test.each([
    ['is described if it is newer than the one before', {}, before, true],
    [
      'is not described if it is the one before',
      { replicationLastStopTime: '2026-01-01T12:00:00.000Z' },
      before,
      false,
    ],
    [
      'is described if the replication was created anew',
      { replicationLastStopTime: '2026-01-01T11:00:00.000Z', replicationCreateTime: '2026-01-01T10:00:00.000Z' },
      before,
      true,
    ],
    ['is not described without a time', { replicationLastStopTime: null }, before, false],
    ['is not described without a reason', { stopReason: null }, before, false],
    ['is described if no earlier stop is known', {}, null, true],
    [
      'is not described if it is older than the start of the run',
      { replicationStats: { startDate: '2026-01-03T00:00:00.000Z' } as never },
      null,
      false,
    ],
    [
      'is described if it is as old as the start of the run',
      { replicationStats: { startDate: '2026-01-02T00:00:00.000Z' } as never },
      null,
      true,
    ],
    [
      'is described if it is newer than the start of the run',
      { replicationStats: { startDate: '2026-01-01T23:00:00.000Z' } as never },
      null,
      true,
    ],
    [
      'is described if it is newer than the one before, although the look shows a later run',
      { replicationStats: { startDate: '2026-01-03T00:00:00.000Z' } as never },
      before,
      true,
    ],
  ])('%s', (_, changes, mark, described) => expect(isStopDescribed(look(changes), mark)).toBe(described));

  test.each([
    ['checkpoint', { recoveryCheckpoint: 'checkpoint:V1#2' }],
    ['reason', { stopReason: 'Stop Reason FATAL_ERROR' }],
    ['time', { replicationLastStopTime: '2026-01-02T00:00:01.000Z' }],
    ['fresh start', { replicationStats: { freshStartDate: '2026-01-01T06:00:00.000Z' } as never }],
  ])('with another %s has another fingerprint, whatever the status', (_, changes) => {
    expect(stopFingerprint(look(changes))).not.toBe(stopFingerprint(look()));
    expect(stopFingerprint(look({ ...changes, status: 'failed' }))).toBe(stopFingerprint(look(changes)));
  });

  const recorded = {
    ...stopMark(look()),
    stoppedAt: '2026-01-02T00:00:00.000Z',
    recoveryCheckpoint: 'checkpoint:V1#1',
  };
  test.each([
    ['is the recorded one if all fields are equal', {}, true],
    ['is the recorded one in another spelling of its checkpoint', { recoveryCheckpoint: '$.583860:1357' }, true],
    ['is not the recorded one if it is later', { replicationLastStopTime: '2026-01-02T01:00:00.000Z' }, false],
    [
      'is not the recorded one if the config was created anew',
      { replicationCreateTime: '2026-01-01T01:00:00.000Z' },
      false,
    ],
    [
      'is not the recorded one after a reload',
      { replicationStats: { freshStartDate: '2026-01-02T00:00:00.000Z' } as never },
      false,
    ],
  ])('%s', (_, changes, same) => expect(isRecordedStop(recorded, look(changes))).toBe(same));

  test.each([
    ['is the recorded one if only the FreshStartDate is missing', { replicationStats: null }, 'deprovisioned', true],
    ['is the recorded one if only the stop time is missing', { replicationLastStopTime: null }, 'deprovisioned', true],
    ['is the recorded one if DMS shows less while deprovisioning', { replicationStats: null }, 'deprovisioning', true],
    ['is not the recorded one if DMS shows less while provisioned', { replicationStats: null }, 'provisioned', false],
    [
      'is not the recorded one if DMS shows a later stop of a deprovisioned replication',
      { replicationLastStopTime: '2026-01-02T01:00:00.000Z' },
      'deprovisioned',
      false,
    ],
  ])('%s', (_, changes, provisionState, same) => {
    const fresh = { replicationStats: { freshStartDate: '2026-01-01T06:00:00.000Z' } as never };
    const record = { ...recorded, freshStartDate: '2026-01-01T06:00:00.000Z' };
    const row = look({ ...fresh, ...changes, provisionData: { provisionState } as never });
    expect(isRecordedStop(record, row)).toBe(same);
    // A field that is missing from the record, but not from the look, makes the stops differ.
    expect(
      isRecordedStop({ ...record, freshStartDate: null }, look({ ...fresh, provisionData: row.provisionData })),
    ).toBe(false);
  });

  test('is the recorded one despite a missing field only if DMS has forgotten that field', () => {
    const shown = { ...recorded, freshStartDate: null };
    const record = { ...recorded, freshStartDate: '2026-01-01T06:00:00.000Z' };
    expect([
      mayLackFields(record, shown),
      mayLackFields(record, shown, true),
      mayLackFields(shown, record, true),
    ]).toEqual([false, true, false]);
  });

  test.each([['deprovisioning'], ['deprovisioned']])('has no resume deadline once DMS shows %s', (provisionState) => {
    const row = look({
      provisionData: { provisionState } as never,
      replicationDeprovisionTime: '2026-01-04T00:00:00.000Z',
    });
    expect(resumeDeadline(row)).toEqual({ resumeBy: null, resumeBySource: null });
    expect(resumeDeadline({ ...row, replicationDeprovisionTime: null }).resumeBy).toBeNull();
    expect(resumeDeadline({ ...row, provisionData: null, status: provisionState }).resumeBy).toBeNull();
  });

  test.each([
    ['2026-01-04T00:00:00.000Z', '2026-01-02T00:00:00.000Z', '2026-01-04T00:00:00.000Z', 'dms'],
    ['2026-01-04T00:00:00.000Z', null, '2026-01-04T00:00:00.000Z', 'dms'],
    ['2026-01-01T00:00:00.000Z', '2026-01-02T00:00:00.000Z', '2026-01-04T00:00:00.000Z', 'estimated'],
    ['2026-01-02T00:00:00.000Z', '2026-01-02T00:00:00.000Z', '2026-01-04T00:00:00.000Z', 'estimated'],
    [null, '2026-01-02T00:00:00.000Z', '2026-01-04T00:00:00.000Z', 'estimated'],
    [null, null, null, null],
  ])(
    'with the deprovision time %s and the stop time %s is resumable until %s (%s)',
    (deprovision, stopped, resumeBy, resumeBySource) => {
      const row = look({ replicationDeprovisionTime: deprovision, replicationLastStopTime: stopped });
      expect(resumeDeadline(row)).toEqual({ resumeBy, resumeBySource });
    },
  );
});
