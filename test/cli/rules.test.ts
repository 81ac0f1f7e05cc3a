/** Decisions of the program that need no server. */
import { describe, expect, test } from 'vitest';
import { NamespaceNotFoundError, ServiceError, WorkflowFailedError, WorkflowNotFoundError } from '@temporalio/client';
import { CancelledFailure, TimeoutFailure } from '@temporalio/common';
import { InvalidArgumentError } from 'commander';
import { accessErrorOf } from '../../src/cli/aws-access.js';
import { readCount, readDuration, readJson, readTime } from '../../src/cli/arguments.js';
import { fleetText } from '../../src/cli/fleet-text.js';
import { readNames } from '../../src/cli/fleet-members.js';
import { isWanted, listText } from '../../src/cli/commands/list.js';
import { interruptedText } from '../../src/cli/commands/operation-options.js';
import { historyText } from '../../src/cli/commands/records.js';
import { CliError, exitCodes, FollowedFailure } from '../../src/cli/exit-codes.js';
import { shownError } from '../../src/cli/failures.js';
import { nextSteps, type ReplicationStatus } from '../../src/cli/status.js';
import type { Session } from '../../src/cli/session.js';
import { chooseArn, findArns } from '../../src/cli/targets.js';
import { shortName } from '../../src/cli/text.js';
import { refuseUnsupported, temporalEnv } from '../../src/cli/temporal-env.js';
import type { GlobalOptions } from '../../src/cli/globals.js';
import { DmsFailureType, dmsFailure, withCheckpoint } from '../../src/contract/failures.js';
import type { HistoryEntry } from '../../src/contract/history.js';
import { archivedRecord } from '../support/records.js';

const arnOf = (id: string, account = '123456789012') => `arn:aws:dms:eu-west-1:${account}:replication-config:${id}`;
const arn = arnOf('ORDERS');

describe('a replication is named', () => {
  const known = [
    ...[arnOf('ORDERS'), arnOf('ORDERS-EU'), arnOf('INVOICES'), arnOf('SAME'), arnOf('SAME', '210987654321')].map(
      (replicationConfigArn) => ({ replicationConfigArn, identifier: null }),
    ),
    { replicationConfigArn: arnOf('X7Q'), identifier: 'payments-db' },
  ];

  test.each([
    ['ORDERS', arnOf('ORDERS')],
    ['ORDERS-', arnOf('ORDERS-EU')],
    ['I', arnOf('INVOICES')],
    ['payments-db', arnOf('X7Q')],
    ['pay', arnOf('X7Q')],
    ['X7Q', arnOf('X7Q')],
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

describe('many replications', () => {
  const known = [arnOf('ORDERS'), arnOf('ORDERS-EU'), arnOf('INVOICES')];
  let listings = 0;
  const list = async function* () {
    listings++;
    for (const replicationConfigArn of known) yield { replicationConfigArn, identifier: null };
  };
  const session = { replications: async () => ({ list }) } as unknown as Session;

  test.each([
    [['ORDERS', 'INVOICES', 'ORDERS'], 1],
    [[arn, 'ORDERS-EU'], 1],
    [[arn, arnOf('NEW')], 0],
  ])('are named by %j, with %i listings', async (texts, wanted) => {
    listings = 0;
    const found = await findArns(session, texts);
    expect(found.map(shortName)).toEqual(texts.map((text) => shortName(text)));
    expect(listings).toBe(wanted);
  });

  test.each([
    [['X', 'ORDERS', 'Y'], exitCodes.notFound, /has the name "X"\n.*has the name "Y"$/],
    // A beginning is not enough: `orders` may mean one that has no ledger yet, and `orders-archive` has.
    [['X', 'INV'], exitCodes.notFound, /has the name "X"\n.*has the name "INV"$/],
    [['X', 'arn:aws:dms:eu-west-1:1:task:T'], exitCodes.usage, /has the name "X"\n.*"1", not 12 digits/],
  ])('are not named by %j, and the error has every bad name', async (texts, exitCode, message) => {
    const failure = await findArns(session, texts).catch((err: unknown) => err);
    expect(failure).toMatchObject({ exitCode, message: expect.stringMatching(message) });
    expect((failure as Error).message).not.toContain('"ORDERS"');
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
    ['a time without its zone', () => readTime('2026-12-01T06:00')],
  ])('that is not %s is refused', (_, read) => expect(read).toThrow(InvalidArgumentError));

  test('lists replications in lines, without comments and empty lines', () =>
    expect(readNames(' one \n\n# none\ntwo # second\n')).toEqual(['one', 'two']));
});

describe('the list', () => {
  const now = Date.parse('2026-11-30T10:00:00.000Z');
  const summary = {
    replicationConfigArn: arn,
    identifier: null,
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

const status: Omit<ReplicationStatus, 'next'> = {
  replicationConfigArn: arn,
  identifier: null,
  state: 'running',
  sealed: false,
  reservedBy: null,
  resumeBy: null,
  recoveryCheckpoint: null,
  operation: null,
  ledger: null,
  problem: null,
};

describe('the next steps', () => {
  const progress = {
    phase: 'stopping',
    lastStatus: 'stopping',
    since: '2026-11-30T10:00:00.000Z',
    until: null,
    detail: '',
    problem: null,
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

  const reservedBy = (workflowId: string | null): ReplicationStatus['ledger'] => ({
    sealed: null,
    reservation: { owner: 'ada', reason: null, at: operation.startedAt, workflowId },
    guard: null,
    newestCheckpoint: null,
    newestOperation: null,
  });

  test.each([
    ['runs', {}, [`temporal dms stop ${arn}`]],
    ['is stopped', { state: 'stopped' }, [`temporal dms resume ${arn}`]],
    ['is sealed', { state: 'stopped', sealed: true }, [`temporal dms unseal ${arn}`]],
    ['is failed', { state: 'failed' }, [`temporal dms history ${arn}`, `temporal dms resume ${arn}`]],
    ['is encoded', { state: 'unreadable' }, ['export TEMPORAL_DMS_CODEC_MODULE=<module of your data converter>']],
    ['is unknown', { state: 'unknown' }, [`temporal dms history ${arn}`]],
    [
      'a workflow has reserved',
      { state: 'stopped', reservedBy: "ada's move", ledger: reservedBy("move 'orders'; ls") },
      ["temporal workflow describe --workflow-id 'move '\\''orders'\\''; ls'", `temporal dms break-reservation ${arn}`],
    ],
    [
      'a person has reserved',
      { state: 'stopped', reservedBy: 'ada', ledger: reservedBy(null) },
      [`temporal dms break-reservation ${arn}`],
    ],
    [
      'somebody has reserved, while no worker answers',
      { state: 'stopped', reservedBy: 'ada' },
      [`temporal dms break-reservation ${arn}`],
    ],
    [
      'has lost its ledger',
      { state: 'lost' },
      [`temporal workflow reset --workflow-id dms-ledger:${arn} --type LastWorkflowTask --reason terminated`],
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
        'temporal-dms worker --task-queue q',
        `temporal dms status ${arn} --watch`,
        `temporal dms nudge ${arn}`,
        `temporal dms cancel ${arn}`,
      ],
    ],
    [
      'waits for a worker of a queue whose name needs quotes',
      {
        operation: {
          ...operation,
          progress: { ...progress, noWorker: { taskQueue: 'q $(ls)', since: progress.since } },
        },
      },
      [
        "temporal-dms worker --task-queue 'q $(ls)'",
        `temporal dms status ${arn} --watch`,
        `temporal dms nudge ${arn}`,
        `temporal dms cancel ${arn}`,
      ],
    ],
  ] as const)('of a replication that %s are commands', (_, changes, next) =>
    expect(nextSteps({ ...status, ...changes }, 'temporal-dms')).toEqual(next),
  );

  test('of a stopped replication name the task queue, unless it is the default one', () =>
    expect(nextSteps({ ...status, state: 'stopped' }, 'migrations')).toEqual([
      `temporal dms resume ${arn} --task-queue migrations`,
    ]));

  test.each([
    ['migrations', []],
    ['other', [`temporal dms move-ledger ${arn} --task-queue migrations`]],
  ])('of a ledger that is silent on the task queue %s', (silent, move) =>
    expect(nextSteps({ ...status, operation: null }, 'migrations', silent)).toEqual([
      `temporal-dms worker --task-queue ${silent}`,
      `temporal dms status ${arn}`,
      ...move,
    ]),
  );
});

describe('the list', () => {
  const place = { address: 'localhost:7233', namespace: 'prod' };
  const summaries = (...arns: readonly string[]) =>
    arns.map((replicationConfigArn) => ({ ...status, replicationConfigArn, resumeBy: null }));

  test('shows the whole ARN where two accounts have the same name', () => {
    const [one, other] = [arnOf('ORDERS', '111111111111'), arnOf('ORDERS', '222222222222')];
    const text = listText(summaries(one, other, arnOf('USERS')), place);
    expect(text.split('\n').map((line) => line.split(' ')[0])).toEqual(['REPLICATION', one, '', other, '', 'USERS']);
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  test('names the server and the namespace that have none', () =>
    expect(listText([], place)).toBe('No such replications in the namespace "prod" at localhost:7233.'));
});

test('the failures of a fleet fit 80 columns: each below the name of its replication', () => {
  const entry = { failureType: 'DmsReplicationNotFound', message: `${arn} does not exist. ${'Check it. '.repeat(9)}` };
  const text = fleetText({
    kind: 'stop',
    fleetId: 'nightly',
    total: 22,
    outcomes: {},
    failed: 22,
    left: [],
    halted: null,
    duplicates: 0,
    results: Object.fromEntries(Array.from({ length: 22 }, (_, n) => [arnOf(`ORDERS-${n}-${'X'.repeat(20)}`), entry])),
  });
  expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
  expect(text).toContain(`\n\nORDERS-0-${'X'.repeat(20)}: DmsReplicationNotFound\n  ${arn} does not`);
  expect(text).not.toContain('ORDERS-20-');
  expect(text).toMatch(/\n\nand 2 more: see -o json$/);
});

test('a history fits 80 columns, also with a long name of who asked', () => {
  const by = 'arn:aws:sts::123456789012:assumed-role/operators/ada.lovelace@example.com';
  const event = {
    at: '2026-11-30T10:00:00.000Z',
    type: 'reservation-broken',
    by,
    reason: 'gone '.repeat(20),
    detail: null,
  };
  const text = historyText([{ at: event.at, event } as unknown as HistoryEntry]);
  expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
  expect(text).toContain(by);
});

describe('after Ctrl-C, a start says', () => {
  const pause = { kind: 'stop', operationId: '1', requestedBy: 'ada', runId: 'a' } as const;
  const other = { ...pause, operationId: '2', runId: 'b' };
  const resume = { ...pause, kind: 'resume' } as const;
  const notStarted = 'The stop was not started.';
  const nothing = 'No operation is under way yet. The stop may still start, because Temporal may have its request.';
  const cancelled = 'The operation before it may have been cancelled.';

  test.each([
    ['that it waits still', false, pause, pause, `${notStarted} The stop "1" of ada is under way.`],
    ['nothing of a cancel without --preempt', false, null, resume, `${notStarted} The resume "1" of ada is under way.`],
    [
      'that it may have cancelled the resume',
      true,
      resume,
      resume,
      `${notStarted} The resume "1" of ada is under way, and may have been cancelled.`,
    ],
    ['that its request may land', false, pause, null, nothing],
    ['that its request may land after a cancel', true, resume, null, `${nothing} ${cancelled}`],
    [
      'that it may be the stop under way',
      false,
      pause,
      other,
      'The stop "2" of ada is under way, and may be the one that you asked for.',
    ],
    [
      'that it does not know',
      true,
      null,
      'unknown',
      `Temporal did not answer in time, so the stop may have been started. ${cancelled}`,
    ],
  ] as const)('%s', (_, preempts, waitsFor, open, text) =>
    expect(interruptedText({ kind: 'stop', preempts }, waitsFor, open)).toBe(text),
  );
});

describe('an error of the archive', () => {
  const access = { by: 'The archive', failed: "DynamoDB can't be used", actions: 'dynamodb:Query' };

  test('that is a denial by AWS exits with 7', () =>
    expect(accessErrorOf(Object.assign(new Error('no'), { name: 'AccessDeniedException' }), access)).toMatchObject({
      exitCode: exitCodes.denied,
      message: "DynamoDB can't be used: AccessDeniedException: no",
      hint: 'Allow your own credentials dynamodb:Query.',
    }));

  test('that comes from Temporal keeps its own message', () =>
    expect(accessErrorOf(Object.assign(new Error('7 PERMISSION_DENIED: no'), { code: 7 }), access)).toBeNull());
});

describe('the exit code', () => {
  test('of every failure type is documented', async () => {
    const shown = Object.keys(DmsFailureType).map(async (type) => {
      const failure = dmsFailure(type as DmsFailureType, { replicationConfigArn: arn }, 'It failed', 'Try again.');
      const { exitCode, message, hint } = await shownError(failure);
      expect([message, hint]).toEqual(['It failed.', 'Try again.']);
      return `${exitCode} ${type}`;
    });
    const codes = await Promise.all(shown);
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

  test('comes with the hint of a failure only once, also after its record was added', async () => {
    const failure = dmsFailure('DmsReplicationFailed', { replicationConfigArn: arn }, 'It failed', 'Read its log.');
    expect(await shownError(withCheckpoint(failure, archivedRecord(7)))).toMatchObject({
      message: 'It failed. Recorded as checkpoint 7.',
      hint: 'Read its log.',
      details: { checkpoint: { sequence: 7 } },
    });
  });

  const grpcError = (code: number, details: string) =>
    Object.assign(new Error(details), { code, details, metadata: {} });
  test.each([
    ['an error of the command line', new CliError('wrong', 'right'), 2, 'wrong', 'right'],
    ['any other error', new Error('x'), 1, 'x', null],
    ['Ctrl-C at a question', Object.assign(new Error('Aborted'), { name: 'AbortError' }), 130, 'Interrupted', null],
    ['a missing namespace', grpcError(5, 'Namespace none is not found.'), 3, 'Namespace none', '--namespace'],
    ['a namespace that the client misses', new NamespaceNotFoundError('none'), 3, 'none', '--namespace'],
    [
      'a workflow that nobody knows',
      new WorkflowNotFoundError('', 'dms-fleet:stop:x', undefined),
      3,
      'dms-fleet:stop:x',
      '--namespace',
    ],
    [
      'an expired API key',
      new ServiceError('Failed to connect', { cause: grpcError(16, 'expired') }),
      7,
      'expired',
      '--api-key',
    ],
    ['a denied request', grpcError(7, 'no'), 7, 'denies access: no', '--api-key'],
    [
      'a request that the server explains',
      new ServiceError('Failed to query Workflow', { cause: grpcError(9, 'why') }),
      6,
      'Failed to query Workflow: why',
      null,
    ],
    [
      'an operation that somebody cancelled',
      new WorkflowFailedError('x', new CancelledFailure('Cancelled'), 'NON_RETRYABLE_FAILURE'),
      5,
      'Somebody ended the workflow in Temporal: Cancelled',
      "See who ended it in Temporal's Web UI.",
    ],
    [
      'a fleet that somebody cancelled while it was followed',
      new FollowedFailure(
        'dms-fleet:stop:one two',
        new WorkflowFailedError('x', new CancelledFailure('Cancelled'), 'NON_RETRYABLE_FAILURE'),
      ),
      5,
      'Somebody ended the workflow in Temporal: Cancelled',
      "See who ended it: temporal workflow show --workflow-id 'dms-fleet:stop:one two'",
    ],
    [
      'a cutover that timed out while it was followed',
      new FollowedFailure(
        'dms-cutover:orders',
        new WorkflowFailedError('x', new TimeoutFailure('late', undefined, 'START_TO_CLOSE'), 'TIMEOUT'),
      ),
      6,
      'The workflow did not end in time: late',
      'temporal dms doctor (or: temporal workflow describe --workflow-id dms-cutover:orders)',
    ],
    [
      'a payload that is encoded',
      new Error('Unknown encoding: binary/x'),
      1,
      "can't be read",
      'TEMPORAL_DMS_CODEC_MODULE',
    ],
  ] as const)('of %s has a way out', async (_, err, exitCode, message, hint) =>
    expect(await shownError(err)).toMatchObject({
      exitCode,
      message: expect.stringContaining(message),
      hint: hint === null ? null : expect.stringContaining(hint),
    }),
  );
});

const globals = (options: Partial<GlobalOptions>): GlobalOptions => ({
  output: 'text',
  color: 'auto',
  quiet: false,
  ...options,
});

describe('a flag of the connection', () => {
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
        TEMPORAL_DEPLOYMENT_NAME: 'd',
        TEMPORAL_WORKER_BUILD_ID: 'b',
      }),
    ).toEqual({
      TEMPORAL_DMS_ALLOW: '*',
      TEMPORAL_TASK_QUEUE: 'q',
      TEMPORAL_DEPLOYMENT_NAME: 'd',
      TEMPORAL_WORKER_BUILD_ID: 'b',
    }));

  test('without a value is refused', () =>
    expect(() => temporalEnv(globals({ grpcMeta: ['team'] }), {})).toThrow(CliError));
});

test.each<[string, Partial<GlobalOptions>, Record<string, string>, string]>([
  ['--tls-disable-host-verification', { tlsDisableHostVerification: true }, {}, '--tls-server-name'],
  ['--client-authority', { clientAuthority: 'x' }, {}, '--tls-server-name'],
  ['--env', { env: 'prod' }, {}, '--profile'],
  ['--env-file', { envFile: 'x' }, {}, '--profile'],
  ['TEMPORAL_TLS_DISABLE_HOST_VERIFICATION', {}, { TEMPORAL_TLS_DISABLE_HOST_VERIFICATION: 'true' }, 'Unset it'],
  ['TEMPORAL_ENV', {}, { TEMPORAL_ENV: 'prod' }, 'Unset it'],
  ['TEMPORAL_ENV_FILE', {}, { TEMPORAL_ENV_FILE: 'x' }, 'Unset it'],
])('%s is refused, because ignoring it could reach the wrong server', (what, options, env, hint) => {
  const refusal = catchError(() => refuseUnsupported(globals(options), env));
  expect(refusal).toMatchObject({
    message: `temporal-dms does not support ${what}`,
    hint: expect.stringContaining(hint),
  });
});

test.each<[string, Partial<GlobalOptions>, Record<string, string>]>([
  ['with --disable-config-env', { disableConfigEnv: true }, { TEMPORAL_ENV: 'prod' }],
  ['if they are empty', {}, { TEMPORAL_ENV: '', TEMPORAL_TLS_DISABLE_HOST_VERIFICATION: 'false' }],
  ['if they name the default', {}, { TEMPORAL_ENV: 'default' }],
])('variables of the Temporal CLI are accepted %s', (_, options, env) =>
  expect(() => refuseUnsupported(globals(options), env)).not.toThrow(),
);

function catchError(action: () => unknown): unknown {
  try {
    return action();
  } catch (err) {
    return err;
  }
}
