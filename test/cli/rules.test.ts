/** Decisions of the program that need no server. */
import { describe, expect, test } from 'vitest';
import { InvalidArgumentError } from 'commander';
import { readCount, readDuration, readJson, readTime } from '../../src/cli/arguments.js';
import { readArns } from '../../src/cli/commands/fleet.js';
import { isWanted } from '../../src/cli/commands/list.js';
import { CliError, exitCodes } from '../../src/cli/exit-codes.js';
import { shownError } from '../../src/cli/failures.js';
import { nextSteps, type ReplicationStatus } from '../../src/cli/status.js';
import { chooseArn } from '../../src/cli/targets.js';
import { temporalEnv } from '../../src/cli/temporal-env.js';
import type { GlobalOptions } from '../../src/cli/globals.js';
import { DmsFailureType, dmsFailure } from '../../src/contract/failures.js';

const arnOf = (id: string, account = '123456789012') => `arn:aws:dms:eu-west-1:${account}:replication-config:${id}`;
const arn = arnOf('ORDERS');

describe('a replication is named', () => {
  const known = [arnOf('ORDERS'), arnOf('ORDERS-EU'), arnOf('INVOICES'), arnOf('SAME'), arnOf('SAME', '210987654321')];

  test.each([
    ['ORDERS', arnOf('ORDERS')],
    ['ORDERS-', arnOf('ORDERS-EU')],
    ['I', arnOf('INVOICES')],
  ])('by "%s"', (text, found) => expect(chooseArn(known, text)).toBe(found));

  test.each([
    ['nothing', exitCodes.notFound, 'temporal dms list'],
    ['', exitCodes.notFound, 'temporal dms list'],
    ['ORD', exitCodes.usage, arnOf('ORDERS-EU')],
    ['SAME', exitCodes.usage, arnOf('SAME', '210987654321')],
  ])('but not by "%s"', (text, exitCode, hint) => {
    const failure = catchError(() => chooseArn(known, text));
    expect(failure).toMatchObject({ exitCode, hint: expect.stringContaining(hint) });
  });
});

describe('an argument', () => {
  test.each([
    ['90', 90],
    ['90s', 90],
    ['1.5m', 90],
    ['6h', 21_600],
    ['2d', 172_800],
  ])('"%s" is a duration of %i s', (text, seconds) => expect(readDuration(text)).toBe(seconds));

  test.each([
    ['a duration', () => readDuration('soon')],
    ['a negative duration', () => readDuration('-1s')],
    ['a number', () => readCount('1.5')],
    ['JSON', () => readJson('{')],
    ['a time', () => readTime('tomorrow')],
  ])('that is not %s is refused', (_, read) => expect(read).toThrow(InvalidArgumentError));

  test('lists ARNs in lines, without comments and empty lines', () =>
    expect(readArns(' one \n\n# none\ntwo # second\n')).toEqual(['one', 'two']));
});

describe('the list', () => {
  const now = Date.parse('2026-11-30T10:00:00.000Z');
  const summary = {
    replicationConfigArn: arn,
    state: 'stopped',
    sealed: false,
    reservedBy: null,
    resumeBy: '2026-11-30T16:00:00.000Z',
    recoveryCheckpoint: null,
  } as const;

  test.each([
    [{}, {}, true],
    [{}, { state: ['stopped', 'failed'] }, true],
    [{}, { state: ['running'] }, false],
    [{}, { sealed: true }, false],
    [{ sealed: true }, { sealed: true }, true],
    [{}, { reserved: true }, false],
    [{ reservedBy: 'ada' }, { reserved: true }, true],
    [{}, { expiresWithin: 21_600 }, true],
    [{}, { expiresWithin: 21_599 }, false],
    [{ resumeBy: null }, { expiresWithin: 21_600 }, false],
    [{ sealed: true }, { sealed: true, reserved: true }, false],
  ] as const)('of %j with %j holds it: %s', (changes, options, isIn) =>
    expect(isWanted({ ...summary, ...changes }, options, now)).toBe(isIn),
  );
});

describe('the next steps', () => {
  const status: Omit<ReplicationStatus, 'next'> = {
    replicationConfigArn: arn,
    state: 'running',
    sealed: false,
    reservedBy: null,
    resumeBy: null,
    recoveryCheckpoint: null,
    operation: null,
    ledger: null,
    problem: null,
  };
  const progress = {
    phase: 'stopping',
    lastStatus: 'stopping',
    since: '2026-11-30T10:00:00.000Z',
    until: null,
    detail: '',
    taskQueue: 'q',
    noWorker: null,
  } as const;
  const operation = {
    kind: 'stop',
    operationId: '1',
    workflowId: `dms:${arn}`,
    hostWorkflowId: null,
    startedAt: '2026-11-30T10:00:00.000Z',
    requestedBy: null,
    reason: null,
    progress,
  } as const;

  test.each([
    ['runs', {}, [`temporal dms stop ${arn} --reason <why>`]],
    ['is stopped', { state: 'stopped' }, [`temporal dms resume ${arn} --reason <why>`]],
    ['is sealed', { state: 'stopped', sealed: true }, [`temporal dms unseal ${arn} --reason <why>`]],
    ['is failed', { state: 'failed' }, [`temporal dms history ${arn}`, `temporal dms resume ${arn} --reason <why>`]],
    ['is encoded', { state: 'unreadable' }, ['export TEMPORAL_DMS_CODEC_MODULE=<module of your data converter>']],
    ['is unknown', { state: 'unknown' }, [`temporal dms history ${arn}`]],
    [
      'is reserved',
      { state: 'stopped', reservedBy: 'ada' },
      [`temporal dms break-reservation ${arn} --reason <why>`, `temporal dms resume ${arn} --reason <why>`],
    ],
    [
      'has lost its ledger',
      { state: 'lost' },
      [`temporal workflow reset --workflow-id dms-ledger:${arn} --type LastWorkflowTask --reason <why>`],
    ],
    [
      'is being stopped',
      { operation },
      [`temporal dms status ${arn} --watch`, `temporal dms nudge ${arn}`, `temporal dms cancel ${arn}`],
    ],
    [
      'waits for a worker',
      { operation: { ...operation, progress: { ...progress, noWorker: { taskQueue: 'q', since: progress.since } } } },
      [
        'temporal dms worker --task-queue q',
        `temporal dms status ${arn} --watch`,
        `temporal dms nudge ${arn}`,
        `temporal dms cancel ${arn}`,
      ],
    ],
  ] as const)('of a replication that %s are commands', (_, changes, next) =>
    expect(nextSteps({ ...status, ...changes })).toEqual(next),
  );
});

describe('the exit code', () => {
  test('of every failure type is documented', () => {
    const codes = Object.keys(DmsFailureType).map((type) => {
      const failure = dmsFailure(type as DmsFailureType, { replicationConfigArn: arn }, 'It failed', 'Try again.');
      const { exitCode, message, hint } = shownError(failure);
      expect([message, hint]).toEqual(['It failed.', 'Try again.']);
      return `${exitCode} ${type}`;
    });
    expect(codes.toSorted()).toMatchInlineSnapshot(`
      [
        "2 DmsInvalidInput",
        "3 DmsCheckpointMissing",
        "3 DmsCutoverNotFound",
        "3 DmsLedgerNotFound",
        "3 DmsReplicationNotFound",
        "4 DmsCheckpointChanged",
        "4 DmsCutoverRefused",
        "4 DmsEndpointChanged",
        "4 DmsNotResumable",
        "4 DmsOperationInProgress",
        "4 DmsOperationSuperseded",
        "4 DmsReplicationDeleting",
        "4 DmsReplicationReadOnly",
        "4 DmsReplicationReserved",
        "4 DmsReplicationSealed",
        "4 DmsRequestRejected",
        "4 DmsResumeWindowClosed",
        "4 DmsSourceLogExpired",
        "5 DmsCutoverUndecided",
        "5 DmsFleetHalted",
        "5 DmsNotStoppable",
        "5 DmsReplicationFailed",
        "5 DmsStartReverted",
        "5 DmsStartTimedOut",
        "5 DmsStopReverted",
        "5 DmsStopTimedOut",
        "6 DmsLedgerClosed",
        "6 DmsLedgerUnavailable",
        "6 DmsWorkerMissing",
        "7 DmsAccessDenied",
        "7 DmsNotAllowed",
      ]
    `);
  });

  test('of an error of the command line is 2', () =>
    expect(shownError(new CliError('wrong', 'right'))).toMatchObject({ exitCode: 2, hint: 'right' }));

  test('of any other error is 1', () => expect(shownError(new Error('x'))).toMatchObject({ exitCode: 1, hint: null }));
});

describe('a flag of the connection', () => {
  const globals = (options: Partial<GlobalOptions>): GlobalOptions => ({
    output: 'text',
    color: 'auto',
    quiet: false,
    ...options,
  });

  test('replaces its variable', () =>
    expect(temporalEnv(globals({ address: 'a:1', tls: false }), { TEMPORAL_ADDRESS: 'b:2', HOME: '/home' })).toEqual({
      TEMPORAL_ADDRESS: 'a:1',
      TEMPORAL_TLS: 'false',
      HOME: '/home',
    }));

  test('drops the variable that contradicts it', () =>
    expect(temporalEnv(globals({ tlsCaPath: 'ca.pem' }), { TEMPORAL_TLS_SERVER_CA_CERT_DATA: 'x' })).toEqual({
      TEMPORAL_TLS_SERVER_CA_CERT_PATH: 'ca.pem',
    }));

  test('sets a header of requests', () =>
    expect(temporalEnv(globals({ grpcMeta: ['team=a=b'] }), {})).toEqual({ TEMPORAL_GRPC_META_team: 'a=b' }));

  test('lets the variables of the worker stand, although those of the connection are ignored', () =>
    expect(
      temporalEnv(globals({ disableConfigEnv: true }), {
        TEMPORAL_ADDRESS: 'b:2',
        TEMPORAL_DMS_ALLOW: '*',
        TEMPORAL_TASK_QUEUE: 'q',
      }),
    ).toEqual({ TEMPORAL_DMS_ALLOW: '*', TEMPORAL_TASK_QUEUE: 'q' }));

  test.each([{ grpcMeta: ['team'] }, { tlsDisableHostVerification: true }])('%j is refused', (options) =>
    expect(() => temporalEnv(globals(options), {})).toThrow(CliError),
  );
});

function catchError(action: () => unknown): unknown {
  try {
    return action();
  } catch (err) {
    return err;
  }
}
