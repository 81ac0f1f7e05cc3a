/** Way out of every failure: the commands in its hint, ready to paste, with this program and with the Temporal CLI alone. */
import { readFile } from 'node:fs/promises';
import type { Client } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/client';
import { describe, expect, test } from 'vitest';
import { DmsApiError, type DmsApi } from '../../src/activities/index.js';
import { beginAttempt } from '../../src/activities/runtime/begin-attempt.js';
import { askLedger } from '../../src/activities/runtime/ledger-access.js';
import { LedgerUnreachable } from '../../src/activities/runtime/ledger-errors.js';
import { WorkerContext } from '../../src/activities/runtime/worker-context.js';
import { handleOf, cutoverIdTaken } from '../../src/client/cutovers.js';
import * as messages from '../../src/contract/failure-messages.js';
import { dmsFailure, DmsFailureType, findDmsFailure, type DmsFailure } from '../../src/contract/failures.js';
import type { FleetReport } from '../../src/contract/fleets.js';
import { readStopInput } from '../../src/contract/input-schemas.js';
import { callMark } from '../../src/dms/checkpoint.js';
import { validateBegin } from '../../src/ledger/begin.js';
import { emptyLedger } from '../../src/ledger/entries.js';
import { requireMayOperate, reserve, reservedByOtherFailure } from '../../src/ledger/reservation.js';
import { cutoverStatusText } from '../../src/cli/cutover-text.js';
import { cutoverMarkdown } from '../../src/rules/cutover/details.js';
import { refusedRequest, statusOf, undecidedFailure } from '../../src/rules/cutover/report.js';
import { tooManyFailed, usedBefore } from '../../src/rules/fleet-failures.js';
import { repeatedStop, repeatedResume, requireSameReload } from '../../src/rules/repeats.js';
import * as checks from '../../src/rules/resume-checks.js';
import { activitiesOf, attempt, dmsShowing } from '../support/attempts.js';
import { required, stateAt } from '../support/cutover-states.js';
import { checkPlain, commandsIn, parseOwn, wordsOf } from '../support/hint-commands.js';
import { running, stopped } from '../support/judged.js';
import { beginOf, resumedOf, withBegun, withNote, withRecord } from '../support/ledger-requests.js';
import { look } from '../support/look.js';
import { arn, at, operation } from '../support/operations.js';
import { archivedRecord } from '../support/records.js';

/** Subject of operations on a task queue that is not the default one. */
const subject = { replicationConfigArn: arn, operationTaskQueue: 'my queue' };
const open = { kind: 'stop', operationId: 'a', workflowId: `dms:${arn}`, hostWorkflowId: null };
const empty = emptyLedger(arn);
const stop = operation('a');
const resume = operation('b', { kind: 'resume' });
const done = withRecord(withNote(empty, stop, 1), stop, 9);
const endpoint = { endpointArn: 'e', host: 'a.example', port: 3306, database: 'orders' };
const fleet: FleetReport = {
  fleetId: 'nightly run',
  kind: 'stop',
  total: 9,
  duplicates: 0,
  outcomes: {},
  failed: 3,
  left: [],
  halted: 'failures',
  results: {},
};
const facts = (request: object = {}, row = look()): checks.ResumeFacts => ({
  request: { replicationConfigArn: arn, ...request },
  look: row,
  checkpoint: null,
  dmsTime: Date.parse('2026-02-01T00:00:00.000Z'),
  endpoints: null,
  subject,
});

const [stoppedBefore = expect.fail('Nothing was recorded')] = done.operations;

/** Runs `act`, and returns what it throws. */
async function failureOf(act: () => unknown): Promise<DmsFailure> {
  try {
    await act();
  } catch (err) {
    const failure = findDmsFailure(err);
    if (failure !== undefined) return failure;
    throw err;
  }
  throw new Error('It does not fail');
}

/** Runs an attempt of an activity past its deadline. */
function runActivity(activity: string, request: object, dms: DmsApi, more: object = {}) {
  const activities = activitiesOf({ dms, holdSeconds: 0, ...more }) as unknown as Record<
    string,
    (r: object) => Promise<unknown>
  >;
  const times = { scheduledTimestampMs: 0, currentAttemptScheduledTimestampMs: 1e7, taskQueue: 'my queue' };
  return attempt(times).run(activities[activity] as never, { replicationConfigArn: arn, ...request } as never);
}
/** Runs two attempts whose ledger gives no answer for five minutes. */
async function ledgerOutage() {
  const worker = new WorkerContext({ dms: gone, client: {} as Client, ledgerTaskQueue: 'q' });
  const silent = () => Promise.reject(new LedgerUnreachable('no worker has it'));
  const ask = (seconds: number) =>
    attempt({ scheduledTimestampMs: 0, currentAttemptScheduledTimestampMs: seconds * 1000 }).run(() =>
      askLedger(beginAttempt(worker, { replicationConfigArn: arn }, 'a test', { phase: 'beginning' }), silent),
    );
  await ask(0).catch(() => {});
  await ask(300);
}

const wait = { mayHaveCalled: true, lastStatus: 'stopping' };
const refusing = {
  ...dmsShowing('running'),
  describeReplication: () => Promise.reject(new DmsApiError('access-denied', 'AccessDeniedException', 'no')),
};
const gone = {
  ...dmsShowing('running'),
  describeReplication: () => Promise.reject(new DmsApiError('not-found', 'ResourceNotFoundFault', 'no')),
};
const noCutover = {
  withDeadline: (_: number, request: () => Promise<unknown>) => request(),
  workflow: {
    getHandle: () => ({
      workflowId: 'dms-cutover:x',
      query: () => Promise.reject(new WorkflowNotFoundError('none', 'dms-cutover:x', undefined)),
    }),
  },
} as unknown as Client;

const ledger = `--workflow-id dms-ledger:${arn}`;
const decision = '{"by":"<name>","reason":"<why>"}';
const onQueue = '--task-queue my queue';
const starts = (kind: 'Stop' | 'Resume', more: object = {}, queue = onQueue) =>
  `temporal workflow start --type dms${kind}Replication ${queue} --input ${JSON.stringify({ replicationConfigArn: arn, ...more })}`;
const stopAgain = [`temporal dms stop ${arn} ${onQueue}`, starts('Stop')];
const resumeAgain = [`temporal dms resume ${arn} ${onQueue}`, starts('Resume')];
const force = [`temporal dms resume ${arn} --force ${onQueue}`, starts('Resume', { force: true })];
const typed = (type: string) => [
  `temporal dms resume ${arn} --type ${type} ${onQueue}`,
  starts('Resume', { startReplicationType: type }),
];
const reload = [
  `temporal dms resume ${arn} --type reload-target ${onQueue}`,
  starts('Resume', { startReplicationType: 'reload-target', confirmReload: '<identifier>' }),
];
const status = [`temporal dms status ${arn}`, `temporal workflow query ${ledger} --name dms.ledger`];
const worker = (taskQueue: string) => `temporal-dms worker --task-queue ${taskQueue}`;
const breakReservation = [
  `temporal dms break-reservation ${arn}`,
  `temporal workflow update execute ${ledger} --name dms.breakReservation --input ${decision}`,
];
const list = ['temporal dms list', 'temporal workflow list --query WorkflowType = "dmsReplicationLedger"'];

/** Failure, and the commands that it must name. */
type Case = readonly [about: string, act: () => unknown, commands: readonly string[]];
const thrown = (failure: unknown) => () => {
  throw failure;
};

/** Failures of each type. A type without commands has a way out that is no command, or none. */
const table: Readonly<Record<DmsFailureType, readonly Case[]>> = {
  DmsInvalidInput: [['an unknown field', () => readStopInput({ replicationConfigArn: arn, intend: 'final' }), []]],
  DmsReplicationNotFound: [
    ['no such config', () => runActivity('dms.describeReplication', {}, gone), list],
    [
      'a deleted one',
      thrown(messages.replicationDeleted(arn)),
      [`temporal dms history ${arn}`, `temporal workflow query ${ledger} --name dms.history`],
    ],
  ],
  DmsReplicationFailed: [
    ['a failed one', thrown(messages.replicationFailed(subject, 'now')), resumeAgain],
    [
      'with a reason',
      thrown(messages.replicationFailed({ ...subject, replication: look({ status: 'failed' }) }, 'now')),
      resumeAgain,
    ],
  ],
  DmsReplicationDeleting: [['one that is deleted', thrown(messages.replicationDeleting(subject)), []]],
  DmsReplicationReadOnly: [['one of an integration', thrown(messages.replicationReadOnly(subject)), []]],
  DmsReplicationSealed: [
    [
      'a sealed one',
      thrown(messages.replicationSealed(subject, { by: 'ada', reason: 'x', at: at(1) })),
      [
        `temporal dms unseal ${arn}`,
        `temporal workflow update execute ${ledger} --name dms.unseal --input ${decision}`,
      ],
    ],
  ],
  DmsReplicationReserved: [
    [
      'a reserved one',
      () => requireMayOperate(reserve(empty, { owner: 'c', reason: null, workflowId: null }, at(0)).ledger, stop),
      breakReservation,
    ],
    ['seen by a client', thrown(reservedByOtherFailure(arn, 'c')), breakReservation],
  ],
  DmsNotStoppable: [
    [
      'one that still starts',
      () => runActivity('dms.requestStop', { stoppableTimeoutSeconds: 1, intent: 'final' }, dmsShowing('modifying')),
      [`temporal dms stop ${arn} --final ${onQueue}`, starts('Stop', { intent: 'final' })],
    ],
  ],
  DmsNotResumable: [
    [
      'a full load',
      () => checks.startTypeOf(facts({}, look({ replicationType: 'full-load' }))),
      typed('resume-processing'),
    ],
    ['a reload', () => checks.requireConfirmation(facts(), 'reload-target'), reload],
  ],
  DmsStopTimedOut: [
    [
      'a slow stop',
      () => runActivity('dms.awaitStopped', { ...wait, stopTimeoutSeconds: 1 }, dmsShowing('stopping')),
      stopAgain,
    ],
    [
      'without a worker',
      thrown(messages.nobodyLooked('DmsStopTimedOut', subject, 'my queue')),
      [worker(`my queue`), ...stopAgain],
    ],
    [
      'of a pause schedule',
      thrown(messages.scheduledStopNotRecorded({ ...subject, operationId: 'night:stop' }, 12)),
      [...status, ...resumeAgain],
    ],
  ],
  DmsStartTimedOut: [
    [
      'a slow start',
      () =>
        runActivity(
          'dms.awaitRunning',
          { ...wait, before: callMark(stopped), startTimeoutSeconds: 1 },
          dmsShowing('initializing'),
        ),
      resumeAgain,
    ],
    [
      'one that can not start',
      () => runActivity('dms.requestStart', { startTimeoutSeconds: 1 }, dmsShowing('modifying')),
      resumeAgain,
    ],
    [
      'without a worker',
      thrown(messages.nobodyLooked('DmsStartTimedOut', subject, 'my queue')),
      [worker('my queue'), ...resumeAgain],
    ],
  ],
  DmsStopReverted: [
    ['one that runs again', thrown(messages.stateBefore(subject, running, 'stopped')), stopAgain],
    ['one that is modified', thrown(messages.stateBefore(subject, look({ status: 'modifying' }), 'stopped')), status],
  ],
  DmsStartReverted: [['one that is stopped again', thrown(messages.startReverted(subject, stopped)), resumeAgain]],
  DmsResumeWindowClosed: [
    [
      'an old stop',
      () => checks.requireOpenWindow(facts(), 'resume-processing'),
      [...reload, `temporal dms checkpoint ${arn}`, status[1] ?? ''],
    ],
  ],
  DmsSourceLogExpired: [
    ['an old log', () => checks.requireSourceLog(facts({ sourceLogRetentionSeconds: 1 }), 'resume-processing'), reload],
  ],
  DmsEndpointChanged: [
    [
      'another host',
      thrown(messages.endpointChanged(subject, 'source', endpoint, { ...endpoint, host: 'b' })),
      [...force, ...reload],
    ],
  ],
  DmsCheckpointChanged: [
    [
      'another stop',
      thrown(messages.checkpointChanged(subject, archivedRecord(3), look())),
      [...stopAgain, ...resumeAgain],
    ],
  ],
  DmsCheckpointMissing: [
    ['no stop', () => checks.requireRecordedStop(facts(), 'resume-processing'), [...stopAgain, ...force]],
  ],
  DmsOperationInProgress: [
    [
      'a stop',
      thrown(messages.operationInProgress(arn, open)),
      [
        `temporal dms status ${arn}`,
        `temporal workflow query --workflow-id dms:${arn} --name dms.progress`,
        `temporal dms cancel ${arn}`,
        `temporal workflow cancel --workflow-id dms:${arn}`,
      ],
    ],
    [
      'a cutover',
      thrown(cutoverIdTaken({ cutoverId: 'orders', replicationConfigArns: [arn] }, true)),
      [
        'temporal dms cutover abort orders',
        `temporal workflow update execute --workflow-id dms-cutover:orders --name dms.abort --input ${decision}`,
      ],
    ],
  ],
  DmsOperationSuperseded: [
    [
      'an older stop',
      () => validateBegin(withBegun(done, resume, 20), beginOf(stop, 30, { taskQueue: 'my queue' }), at(30)),
      stopAgain,
    ],
    [
      'a pause',
      () => validateBegin(done, beginOf(stop, 30, { intent: 'final', taskQueue: 'my queue' }), at(30)),
      [`temporal dms stop ${arn} --final ${onQueue}`, starts('Stop', { intent: 'final' })],
    ],
    [
      'a stop that no longer holds',
      () => repeatedStop({ operation: stoppedBefore, checkpoint: null }, running, subject, 0),
      stopAgain,
    ],
    [
      'a resume that no longer holds',
      () => repeatedResume({ operation: resumed(), checkpoint: null }, stopped, subject),
      resumeAgain,
    ],
    [
      'a resume with another type',
      () =>
        requireSameReload(
          { operation: resumed({ startReplicationType: 'resume-processing' }), checkpoint: null },
          'reload-target',
          { ...subject, replication: look() },
        ),
      reload,
    ],
    [
      'a resume without its type',
      () =>
        requireSameReload(
          { operation: resumed({ startReplicationType: 'reload-target' }), checkpoint: null },
          null,
          subject,
        ),
      resumeAgain,
    ],
    [
      'a cutover',
      thrown(cutoverIdTaken({ cutoverId: 'orders', replicationConfigArns: [arn] }, false)),
      ['temporal dms cutover report orders', 'temporal workflow result --workflow-id dms-cutover:orders'],
    ],
  ],
  DmsWorkerMissing: [
    ['no activities', thrown(messages.activityMissing(arn, 'my queue', 'none')), [worker('my queue')]],
  ],
  DmsLedgerUnavailable: [
    ['on the task queue of the client', thrown(messages.ledgerUnavailable(arn, 'mine', 'x', 'mine')), [worker('mine')]],
    ['during an operation', ledgerOutage, [`temporal dms doctor ${arn}`, `temporal workflow describe ${ledger}`]],
    [
      'on another one',
      thrown(messages.ledgerUnavailable(arn, 'q', 'x', 'mine')),
      [worker('q'), `temporal dms move-ledger ${arn} --task-queue mine`, moves('mine')],
    ],
    [
      'nobody to move to',
      thrown(messages.nobodyToMoveTo(arn, 'q', 'workflows')),
      [worker('q'), `temporal dms move-ledger ${arn} --task-queue q`, moves('q')],
    ],
  ],
  DmsLedgerNotFound: [['no ledger', thrown(messages.ledgerNotFound(arn)), list]],
  DmsLedgerClosed: [
    [
      'a terminated one',
      thrown(messages.ledgerClosed(arn)),
      [`temporal workflow reset ${ledger} --type LastWorkflowTask --reason closed by mistake`],
    ],
  ],
  DmsAccessDenied: [['by IAM', () => runActivity('dms.describeReplication', {}, refusing), []]],
  DmsRequestRejected: [
    ['a start type', thrown(rejected({}, 'resume-processing')), reload],
    ['a first start', thrown(rejected({}, 'start-replication')), [...typed('resume-processing'), ...reload]],
    ['a position', thrown(rejected({ cdcStartPosition: 'p' }, 'start-replication')), typed('start-replication')],
  ],
  DmsNotAllowed: [['another ARN', () => runActivity('dms.describeReplication', {}, gone, { allow: ['x'] }), []]],
  DmsFleetHalted: [
    [
      'of a client',
      thrown(tooManyFailed(fleet, 'dms-fleet:stop:nightly run')),
      [
        'temporal dms fleet status stop nightly run',
        'temporal workflow query --workflow-id dms-fleet:stop:nightly run --name dms.fleet',
      ],
    ],
    [
      'of a workflow',
      thrown(usedBefore(fleet, 3, 'fleet')),
      ['temporal workflow query --workflow-id fleet --name dms.fleet'],
    ],
  ],
  DmsCutoverUndecided: [
    ['one replication', thrown(undecidedFailure(stateAt('end'))), breakReservation],
    [
      'two of them',
      thrown(undecidedFailure(stateAt('end', {}, { replicationConfigArns: [arn, `${arn}2`] }))),
      [0, 1].flatMap((form) => [breakReservation[form] ?? '', (breakReservation[form] ?? '').replace(arn, `${arn}2`)]),
    ],
  ],
  DmsCutoverRefused: [
    [
      'in a workflow of its own',
      thrown(refusedRequest(stateAt('end'), 'abort', 'no', 'dms-cutover:orders')),
      [
        'temporal dms cutover status orders',
        'temporal workflow query --workflow-id dms-cutover:orders --name dms.cutover',
      ],
    ],
    [
      'in a host',
      thrown(refusedRequest(stateAt('end'), 'abort', 'no', 'host')),
      ['temporal workflow query --workflow-id host --name dms.cutover'],
    ],
  ],
  DmsCutoverNotFound: [
    [
      'no cutover',
      () => handleOf(noCutover, 'x').status(),
      ["temporal workflow list --query WorkflowType = 'dmsCutover'"],
    ],
  ],
};

function moves(taskQueue: string) {
  const input = JSON.stringify({ by: '<name>', reason: '<why>', taskQueue });
  return `temporal workflow update execute ${ledger} --name dms.move --input ${input}`;
}

function rejected(request: object, type: string) {
  const hint = checks.refusedStartHint({ replicationConfigArn: arn, ...request }, type, {
    ...subject,
    replication: look(),
  });
  return dmsFailure('DmsRequestRejected', subject, 'DMS refused', hint);
}

function resumed(more: object = {}) {
  const ended = withRecord(withBegun(done, resume, 20), resume, 29, resumedOf(resume, 29) as never).operations[0];
  return { ...ended, ...more } as never;
}

/** Checks that the program or the Temporal CLI takes a command. */
async function checkCommand(words: readonly string[]): Promise<void> {
  if (words[1] === 'workflow') await checkPlain(words);
  else expect(words).toContain(await parseOwn(words.slice(words[0] === 'temporal-dms' ? 1 : 2)));
}

const cases = Object.entries(table).flatMap(([type, each]) => each.map((one) => [type, ...one] as const));

describe('the way out', () => {
  test.each(cases)('of %s (%s) is its commands, in both forms', async (type, _, act, wanted) => {
    const failure = await failureOf(act);
    expect(failure.type).toBe(type);
    const { hint } = failure.details[0];
    expect(failure.message.endsWith(hint)).toBe(true);
    const commands = commandsIn(hint).map(wordsOf);
    expect(commands.map((words) => words.join(' '))).toEqual(wanted);
    for (const words of commands) await checkCommand(words);
    // Only a decision's name and reason, and the identifier that confirms a reload, are left to the reader.
    expect(hint.replaceAll(/"<(name|why|identifier)>"/g, '')).not.toMatch(/<[a-z]/i);
  });

  test('is listed in the docs by its command', async () => {
    const page = await readFile(new URL('../../docs/failures.md', import.meta.url), 'utf8');
    const documented = [...page.matchAll(/^\| `(temporal[ -]dms [^`]+)` +\| (.*?) +\|$/gm)].map(
      ([, command, types]) => [command, types?.split(', ')],
    );
    const named = new Map<string, Set<string>>();
    for (const [type, , , commands] of cases)
      for (const command of commands) {
        const [own] = /^temporal[ -]dms (?:(?:fleet|cutover) )?[\w-]+/.exec(command) ?? [];
        if (own !== undefined) named.set(own, (named.get(own) ?? new Set()).add(`\`${type}\``));
      }
    expect(Object.fromEntries(documented)).toEqual(
      Object.fromEntries([...named].map(([command, types]) => [command, [...types].toSorted()])),
    );
  });

  test('is given to every type', () => {
    expect(Object.keys(table).toSorted()).toEqual(Object.keys(DmsFailureType).toSorted());
  });
});

describe('a cutover', () => {
  const update = (name: string, more: object = {}) =>
    `temporal workflow update execute --workflow-id dms-cutover:orders --name dms.${name} --input ${JSON.stringify({ by: '<name>', reason: '<why>', ...more })}`;
  const abort = ['temporal dms cutover abort orders', update('abort')];
  const writesStoppedSeconds = 600;
  const change = [
    'temporal dms cutover change orders --set {"writesStoppedSeconds":600}',
    update('change', { writesStoppedSeconds }),
  ];
  const decide = (field: string, value: string) => [
    `temporal dms cutover decide orders --${field} ${value}`,
    update('decide', { [field]: value }),
  ];
  const approvals = [{ by: 'bob', reason: 'fine', at: at(0) }];
  const asks = { approval: { required: true, approvers: 2 } };
  const hooks = ['switchToSource', ...required] as const;

  test.each([
    [
      'for its approval',
      stateAt('await-approval', { phase: 'waiting-for-approval', approvals }, asks),
      [
        'temporal dms cutover approve orders --confirm orders',
        update('approve', { confirm: 'orders' }),
        'temporal dms cutover revoke orders',
        update('revokeApproval'),
        ...abort,
        ...change,
      ],
    ],
    [
      'for which side the application uses',
      stateAt('decide-after-switch'),
      [...decide('traffic', 'source'), ...decide('traffic', 'target')],
    ],
    [
      'for whether the application stays',
      stateAt('await-verdict', { phase: 'verifying' }, {}, hooks),
      ['temporal dms cutover switch-back orders', update('switchBack'), ...decide('traffic', 'target')],
    ],
    [
      'for a repair',
      stateAt('await-repair', { phase: 'return-failed' }),
      [...decide('undo', 'retry'), ...decide('undo', 'done')],
    ],
    ['for nothing', stateAt('end'), []],
  ] as const)('that waits %s shows the commands that are allowed, in both forms', async (_, state, wanted) => {
    const shown = cutoverMarkdown(state, 'dms-cutover:orders').split('\n');
    const commands = shown.filter((line) => line.startsWith('    temporal ')).map((line) => wordsOf(line.trim()));
    expect(commands.map((words) => words.join(' '))).toEqual(wanted);
    for (const words of commands) await checkCommand(words);
    const own = commands.filter(([, program]) => program === 'dms').map((words) => words.join(' '));
    const status = cutoverStatusText('orders', statusOf(state)).split('\n');
    const ofStatus = status
      .filter((line) => line.startsWith('  temporal dms '))
      .map((line) => wordsOf(line.trim()).join(' '));
    expect(ofStatus).toEqual(own);
  });

  test('that is a step of a host shows only the commands that find it', () => {
    const shown = cutoverMarkdown(stateAt('drain'), 'host 1');
    expect(shown).toContain("    temporal workflow update execute --workflow-id 'host 1' --name dms.abort ");
    expect(shown).not.toContain('temporal dms');
  });
});
