/** JSON output and exit code of every command, questions to a person, and options that reach DMS. */
import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createProgram } from '../../src/cli/run.js';
import type { Terminal } from '../../src/cli/terminal.js';
import type { CutoverInput } from '../../src/contract/cutover-input.js';
import { createDynamoDbArchive } from '../../src/dynamodb/index.js';
import { runCli, type CliResult } from '../support/cli.js';
import { runCliProcess } from '../support/cli-process.js';
import { schemas } from '../support/cli-schemas.js';
import { Application, cutoverHook, cutoverInput, sharedActivities } from '../support/cutover.js';
import { inPhase } from '../support/cutover-stage.js';
import { startDynamoDb, type LocalDynamoDb } from '../support/dynamodb.js';
import { quick, Stage, until } from '../support/stage.js';

const TABLE = 'cli-results';
let stage: Stage;
let db: LocalDynamoDb;
/** Task queue of a second worker, to which ledgers are moved. */
const otherQueue = `other-${randomUUID()}`;
beforeAll(async () => {
  const uncertain = { ...quick.uncertain, customStartPoint: true };
  [stage, db] = await Promise.all([Stage.set({ ...quick, uncertain }), startDynamoDb()]);
  const archive = createDynamoDbArchive({ tableName: TABLE, client: db.client });
  await stage.work({ foreign: sharedActivities, holdSeconds: 2, archive });
  await stage.work({ holdSeconds: 2, archive }, otherQueue);
});
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
  await db[Symbol.asyncDispose]();
});

/** Replications and ids of one scenario. */
class Subject {
  readonly id = `it-${randomUUID()}`;
  readonly arn = stage.simulator.createReplication({ identifier: this.id, resourceIdentifier: this.id });
  readonly other = stage.simulator.createReplication({ identifier: `second-${this.id}` });
  /** Replication that never stops. */
  readonly endless = stage.simulator.createReplication({ durations: { stopping: 1e6 } });
  readonly application = new Application();

  /** Id and input of the cutover. */
  cutover(more: Partial<CutoverInput> = {}): string {
    const input = { ...cutoverInput([this.arn], more), cutoverId: this.id };
    this.application.serve(this.id);
    return JSON.stringify(input);
  }

  /** Waits until the cutover is in a phase. */
  async inPhase(phase: string): Promise<unknown> {
    return inPhase(stage.dms.cutover(this.id), phase);
  }
}

interface Step {
  /** Command with its arguments, and names of a {@link Subject} in braces. */
  readonly run: string;
  /** Schema of stdout. */
  readonly prints?: v.GenericSchema;
  /** Failure type on stderr. `null`: an error without a type. */
  readonly fails?: string | null;
  /** Default 0. */
  readonly code?: number;
  /** Text on stdin. */
  readonly input?: (subject: Subject) => string;
  readonly before?: (subject: Subject) => Promise<unknown>;
}

const brief = '--settle 0 --self-restart-grace 0';
const object = v.strictObject;
const arnOnly = { replicationConfigArn: v.string() };
const isArchived = ({ arn }: Subject) =>
  until(
    'it is archived',
    async () => (await createDynamoDbArchive({ tableName: TABLE, client: db.client }).list(arn)).length > 0,
  );
const isOver = ({ arn }: Subject) => until('it is over', async () => (await stage.dms.openOperation(arn)) === null);
const wayBack = {
  verify: cutoverHook('verify'),
  switchToSource: cutoverHook('switchToSource'),
} as CutoverInput['hooks'];

const scenarios: Readonly<Record<string, readonly Step[]>> = {
  'a replication that is stopped and resumed': [
    { run: 'status {arn}', fails: 'DmsLedgerNotFound', code: 3 },
    { run: 'checkpoint {arn}', fails: null, code: 3 },
    { run: 'history {arn}', fails: 'DmsLedgerNotFound', code: 3 },
    { run: 'stop {arn} --dry-run', prints: schemas.plan },
    { run: `stop {arn} {why} ${brief}`, prints: schemas.stop },
    { run: 'status {arn}', prints: schemas.status },
    { run: 'list', prints: schemas.list },
    { run: 'checkpoint {arn}', prints: v.string() },
    { run: 'ledger {arn}', prints: schemas.ledger },
    { run: 'history {arn}', prints: schemas.history },
    { run: 'resume {arn} --dry-run --record 7', prints: schemas.plan, code: 3 },
    { run: 'resume {arn} {why} --verify 0', prints: schemas.resume },
    { run: 'nudge {arn}', fails: null, code: 3 },
    { run: 'cancel {arn}', fails: null, code: 3 },
  ],
  'a replication that is sealed, and whose ledger moves': [
    { run: `stop {arn} --final {why} ${brief}`, prints: schemas.stop },
    { run: 'resume {arn} {why}', fails: 'DmsReplicationSealed', code: 4 },
    { run: 'ledger {arn}', prints: schemas.ledger },
    { run: 'unseal {arn} {why}', prints: object({ ...arnOnly, sealed: v.literal(false) }) },
    {
      run: 'move-ledger {arn} {why} --task-queue {queue}',
      prints: object({ ...arnOnly, ledgerTaskQueue: v.literal(otherQueue) }),
    },
    { run: 'move-ledger {arn} {why} --task-queue nobody-polls', fails: 'DmsLedgerUnavailable', code: 6 },
    { run: 'ledger {arn}', prints: schemas.ledger },
  ],
  'a stop that is nudged and cancelled': [
    { run: `stop {endless} {why} ${brief} --no-wait`, prints: schemas.started },
    { run: 'nudge {endless}', prints: object({ ...arnOnly, nudged: v.literal(true) }) },
    {
      run: 'cancel {endless}',
      prints: object({
        ...arnOnly,
        kind: v.literal('stop'),
        operationId: v.string(),
        hostWorkflowId: v.null(),
        cancelRequested: v.literal(true),
      }),
    },
  ],
  'a reservation that is broken': [
    {
      run: 'stop {arn} {why}',
      fails: 'DmsReplicationReserved',
      code: 4,
      before: ({ arn, id }) =>
        stage.client.workflow.execute('hostThatOnlyReserves', {
          workflowId: id,
          taskQueue: stage.taskQueue,
          args: [arn],
        }),
    },
    { run: 'ledger {arn}', prints: schemas.ledger },
    { run: 'break-reservation {arn} {why}', prints: object({ ...arnOnly, reservation: v.null() }) },
    { run: 'ledger {arn}', prints: schemas.ledger },
  ],
  fleets: [
    { run: 'fleet stop {arn} {other} --id {id} {why}', prints: schemas.fleet },
    { run: 'fleet status stop {id}', prints: schemas.fleetProgress },
    { run: 'fleet resume {arn} {other} --id {id} {why} --verify 0', prints: schemas.fleet },
    { run: 'fleet status resume {id}', prints: schemas.fleetProgress },
    { run: 'fleet status resume {id} --watch', prints: schemas.fleet },
    { run: 'fleet stop {endless} {missing} --id second-{id} {why} --no-wait', prints: schemas.startedMany },
    { run: 'fleet status stop second-{id}', prints: schemas.fleetProgress },
    {
      run: 'fleet cancel stop second-{id}',
      prints: object({ kind: v.literal('stop'), fleetId: v.string(), cancelRequested: v.literal(true) }),
    },
    {
      run: 'fleet status stop second-{id} --watch',
      prints: schemas.fleet,
      code: 5,
      before: async ({ endless }) => (await stage.dms.openOperation(endless))?.cancel(),
    },
    { run: 'fleet status stop third-{id}', fails: null, code: 3 },
    { run: 'fleet cancel stop third-{id}', fails: null, code: 3 },
  ],
  'a pause schedule': [
    { run: 'schedule create {id} {arn} --stop {night} --resume {morning} {why}', prints: schemas.schedule },
    { run: 'schedule create {id} {arn} --stop {night} --resume {morning} {why}', fails: 'DmsInvalidInput', code: 2 },
    { run: 'schedule list', prints: schemas.schedules },
    { run: 'schedule delete {id}', prints: object({ scheduleId: v.string(), deleted: v.literal(true) }) },
    { run: 'schedule delete {id}', fails: null, code: 3 },
  ],
  'a cutover that is approved': [
    { run: 'cutover start - --dry-run', prints: schemas.cutover, input: (it) => it.cutover() },
    {
      run: 'cutover start - --no-wait',
      prints: schemas.startedCutover,
      input: (it) => it.cutover({ approval: { approvers: 2 } }),
    },
    { run: 'cutover status {id}', prints: schemas.cutoverStatus, before: (it) => it.inPhase('waiting-for-approval') },
    { run: 'cutover report {id}', fails: null, code: 4 },
    { run: 'cutover change {id} --set {"writesStoppedSeconds":200} {why}', prints: schemas.answer },
    { run: 'cutover approve {id} --confirm {id} {why}', prints: schemas.answer },
    { run: 'cutover approve {id} --confirm {id} {why}', fails: 'DmsCutoverRefused', code: 4 },
    { run: 'cutover revoke {id} {why}', prints: schemas.answer },
    { run: 'cutover approve {id} --confirm {id} {why}', prints: schemas.answer },
    { run: 'cutover approve {id} --confirm {id} --by bob --reason agreed', prints: schemas.answer },
    { run: 'cutover status {id} --watch', prints: schemas.cutover },
    { run: 'cutover report {id}', prints: schemas.cutover },
    { run: 'cutover report {id} --format svg', prints: object({ svg: v.string() }) },
    { run: 'cutover report {id} --format mermaid', prints: object({ mermaid: v.string() }) },
  ],
  'a cutover that is aborted': [
    { run: 'cutover start - --no-wait', prints: schemas.startedCutover, input: (it) => it.cutover({ approval: {} }) },
    { run: 'cutover abort {id} {why}', prints: schemas.answer, before: (it) => it.inPhase('waiting-for-approval') },
    { run: 'cutover status {id} --watch', prints: schemas.cutover, code: 5 },
    { run: 'cutover report {id}', prints: schemas.cutover },
    { run: 'cutover abort {id} {why}', fails: 'DmsCutoverNotFound', code: 3 },
  ],
  'a cutover that is switched back': [
    {
      run: 'cutover start - --no-wait',
      prints: schemas.startedCutover,
      input: (it) => {
        it.application.checks = [{ name: 'verify', ok: false, detail: 'the checkout page is empty' }];
        return it.cutover({ hooks: wayBack, verifySeconds: 0 });
      },
    },
    {
      run: 'cutover switch-back {id} {why}',
      prints: schemas.answer,
      before: ({ id }) =>
        until('it asks', async () =>
          (
            await stage.dms
              .cutover(id)
              .status()
              .catch(() => null)
          )?.allowed.includes('decide'),
        ),
    },
    { run: 'cutover status {id} --watch', prints: schemas.cutover, code: 5 },
  ],
  'a cutover that needs a decision': [
    {
      run: 'cutover start - --no-wait',
      prints: schemas.startedCutover,
      input: (it) => {
        // Nothing tells where the traffic is after the switch.
        it.application.meddle['switchToTarget'] = async () => void (it.application.traffic = 'both');
        return it.cutover();
      },
    },
    { run: 'cutover status {id}', prints: schemas.cutoverStatus, before: (it) => it.inPhase('switch-unknown') },
    {
      run: 'cutover decide {id} --traffic target {why}',
      prints: schemas.answer,
      before: async ({ application }) => void (application.traffic = 'target'),
    },
    { run: 'cutover status {id} --watch', prints: schemas.cutover },
  ],
  'a cutover that is waited for': [{ run: 'cutover start -', prints: schemas.cutover, input: (it) => it.cutover() }],
  'the archive': [
    { run: 'archive create-table {table}', prints: object({ table: v.literal(TABLE), did: v.string() }) },
    { run: 'archive create-table {table}', prints: object({ table: v.literal(TABLE), did: v.string() }) },
    { run: `stop {arn} {why} ${brief}`, prints: schemas.stop },
    { run: 'archive list {arn} {table}', prints: schemas.archived, before: isArchived },
    {
      run: 'archive rebuild {arn} {table} {why}',
      prints: v.array(object({ ...arnOnly, archived: v.literal(1), added: v.literal(1) })),
      before: async (it) => {
        await isOver(it);
        await stage.client.workflow.getHandle(`dms-ledger:${it.arn}`).terminate('by mistake');
      },
    },
    {
      run: 'archive rebuild {name} {table} {why}',
      prints: v.array(object({ ...arnOnly, archived: v.literal(1), added: v.literal(0) })),
      before: ({ arn }) => until('it is listed', async () => (await listed()).includes(arn)),
    },
    { run: 'archive list {name} {table}', prints: schemas.archived },
    { run: 'archive rebuild {other} {table} {why}', fails: null, code: 3 },
    { run: 'archive rebuild {arn} nobody {table} {why}', fails: null, code: 3 },
  ],
  'a simulator': [
    { run: 'simulator --port 0', prints: object({ endpoint: v.string(), ...arnOnly, seed: v.number() }) },
    { run: 'simulator --speed fast', fails: null, code: 2 },
  ],
};

async function listed(): Promise<readonly string[]> {
  const arns: string[] = [];
  for await (const { replicationConfigArn } of stage.dms.list()) arns.push(replicationConfigArn);
  return arns;
}

const place = () => ['--task-queue', stage.taskQueue];

function argumentsOf({ arn, other, endless, id }: Subject, run: string): readonly string[] {
  const words: Readonly<Record<string, readonly string[]>> = {
    '{why}': ['--reason', 'because', '--by', 'ada'],
    '{table}': ['--table', TABLE],
    '{night}': ['0 22 * * *'],
    '{morning}': ['0 6 * * *'],
  };
  const names = { arn, other, endless, id, queue: otherQueue, name: arn.split(':').at(-1), missing: `${arn}-missing` };
  return run
    .split(' ')
    .flatMap((word) => words[word] ?? word.replace(/\{(\w+)\}/, (whole, name: string) => names[name as 'id'] ?? whole));
}

/** Commands that change nothing, so that a test can run them twice. */
const readers =
  /^(status|list|history|ledger|checkpoint|cutover (status|report)|schedule list|archive list|fleet status|(stop|resume) .*--dry-run)/;

/** Requires that JSON lines say the same as JSON: one line for each entry of a list, else one line. */
async function expectLines(subject: Subject, step: Step, schema: v.GenericSchema, json: unknown): Promise<void> {
  const { stdout } = await runStep(subject, step, 'jsonl');
  expect([step.run, stdout === '' || stdout.endsWith('\n')]).toEqual([step.run, true]);
  const lines = stdout.split('\n').flatMap((line): unknown[] => (line === '' ? [] : [JSON.parse(line)]));
  const isPage = typeof json === 'object' && json !== null && 'entries' in json;
  if (!Array.isArray(json) && !isPage) expect([step.run, lines.length]).toEqual([step.run, 1]);
  const whole = Array.isArray(json) ? lines : isPage ? { ...json, entries: lines } : lines[0];
  expect([step.run, v.safeParse(schema, whole).issues]).toEqual([step.run, undefined]);
}

/** Runs a command with JSON as its output. AWS is the simulator, and DynamoDB is local. */
async function runStep(subject: Subject, { run, input }: Step, format = 'json'): Promise<CliResult> {
  const args = ['-o', format, ...place(), ...argumentsOf(subject, run)];
  if (run.startsWith('archive'))
    return runCliProcess(args, stage.simulator, { env: { AWS_ENDPOINT_URL_DYNAMODB: db.endpoint } });
  return runCli(args, {
    ...(input === undefined ? {} : { input: input(subject) }),
    // A simulator runs until then.
    ...(run.startsWith('simulator') ? { onWrite: (_, terminal) => void terminal.emit('SIGINT') } : {}),
  });
}

describe.concurrent('the command line', () => {
  test.each(Object.entries(scenarios))(
    'prints JSON that fits its schema, and exits with the right code, for %s',
    async (_, steps) => {
      const subject = new Subject();
      for (const step of steps) {
        const { run, prints, fails, code = 0, before } = step;
        await before?.(subject);
        const ended = await runStep(subject, step);
        expect({ run, code: ended.code, said: ended.code === code ? '' : ended.stderr }).toEqual({
          run,
          code,
          said: '',
        });
        const [shown, silent] = prints === undefined ? [ended.stderr, ended.stdout] : [ended.stdout, ended.stderr];
        expect([run, silent]).toEqual([run, '']);
        const schema: v.GenericSchema = prints ?? schemas.error;
        const parsed = v.safeParse(schema, JSON.parse(shown));
        expect([run, parsed.issues?.map((issue) => `${v.getDotPath(issue)}: ${issue.message}`)]).toEqual([
          run,
          undefined,
        ]);
        if (prints !== undefined && readers.test(run)) await expectLines(subject, step, prints, JSON.parse(shown));
        if (fails !== undefined) expect([run, parsed.output]).toMatchObject([run, { error: { type: fails } }]);
      }
    },
  );
});

test('every command has a scenario', () => {
  const silent = { write: () => true };
  const terminal = { stdout: silent, stderr: silent } as unknown as Terminal;
  const names = (command: Command): readonly string[] =>
    command.commands.length === 0
      ? ['']
      : command.commands.flatMap((each) => names(each).map((name) => `${each.name()} ${name}`.trim()));
  const runs = Object.values(scenarios).flatMap((steps) => steps.filter(({ prints }) => prints).map(({ run }) => run));
  const missing = names(createProgram(terminal, () => async () => {})).filter(
    (name) => !runs.some((run) => `${run} `.startsWith(`${name} `)),
  );
  // cli.test.ts examines the doctor, and worker-program.test.ts the worker, which runs until it is ended.
  expect(missing).toEqual(['doctor', 'worker']);
});

const why = ['--reason', 'because', '--by', 'ada'];
const dms = (...args: readonly string[]) => runCli([...args, ...place()]);
const onTerminal = (input: string, ...args: readonly string[]) =>
  runCli([...args, ...place()], { isTerminal: true, input });
/** Returns the inputs of the starts that DMS was asked for. */
const startsOf = (arn: string) =>
  stage.simulator.calls
    .filter(({ operation, input }) => operation === 'StartReplication' && JSON.stringify(input).includes(arn))
    .map(({ input }) => input);

describe.concurrent('a command that asks', () => {
  test('approves a cutover only if its id is typed', async () => {
    const subject = new Subject();
    await runCli(['cutover', 'start', '-', '--no-wait', ...place()], { input: subject.cutover({ approval: {} }) });
    await subject.inPhase('waiting-for-approval');
    const approve = ['cutover', 'approve', subject.id, ...why];
    expect(await dms(...approve)).toMatchObject({ code: 2, stderr: expect.stringContaining('--confirm is missing') });
    expect(await onTerminal('\n', ...approve)).toMatchObject({ code: 2 });
    expect((await onTerminal('another\n', ...approve)).code).toBe(4);
    const approved = await onTerminal(`${subject.id}\n`, ...approve);
    expect(approved).toMatchObject({ code: 0, stderr: expect.stringContaining('Type the id of the cutover') });
    expect((await dms('cutover', 'status', subject.id, '--watch')).code).toBe(0);
  });

  test('reloads a target only if the identifier of its config is typed', async () => {
    const { arn, id } = new Subject();
    expect((await dms('stop', arn, ...why, ...brief.split(' '))).code).toBe(0);
    const reload = ['resume', arn, ...why, '--type', 'reload-target', '--verify', '0'];
    expect(await dms(...reload)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--confirm-reload is missing'),
    });
    expect(await onTerminal('another\n', ...reload)).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('DmsNotResumable'),
    });
    expect(startsOf(arn)).toEqual([]);
    const reloaded = await onTerminal(`${id}\n`, ...reload);
    expect(reloaded).toMatchObject({ code: 0, stderr: expect.stringContaining('DMS discards the target.') });
    expect(startsOf(arn)).toMatchObject([{ StartReplicationType: 'reload-target' }]);
  });
});

describe.concurrent('an option reaches DMS:', () => {
  const position =
    'checkpoint:V1#27#mysql-bin-changelog.157832:1975:-1:2002:677883278264080:mysql-bin-changelog.157832:1876#0#0#*#0#93';
  test.each([
    ['--confirm-reload', [], '--type reload-target --confirm-reload {id}', { StartReplicationType: 'reload-target' }],
    ['--type resume-processing', [], '--type resume-processing', { StartReplicationType: 'resume-processing' }],
    [
      '--cdc-start-position and --cdc-stop-position',
      ['created'],
      `--type start-replication --cdc-start-position ${position} --cdc-stop-position server_time:2099-02-09T12:12:12`,
      {
        StartReplicationType: 'start-replication',
        CdcStartPosition: position,
        CdcStopPosition: 'server_time:2099-02-09T12:12:12',
      },
    ],
    [
      '--cdc-start-time',
      ['created'],
      '--type start-replication --cdc-start-time 2026-01-02T03:04:05Z',
      { StartReplicationType: 'start-replication', CdcStartTime: Date.parse('2026-01-02T03:04:05Z') / 1000 },
    ],
  ] as const)('%s', async (_, [status], options, sent) => {
    const subject = new Subject();
    const replication = { replicationType: 'cdc', identifier: `cdc-${subject.id}` } as const;
    const arn = status === undefined ? subject.arn : stage.simulator.createReplication({ ...replication, status });
    if (status === undefined) expect((await dms('stop', arn, ...why, ...brief.split(' '))).code).toBe(0);
    const resumed = await dms('resume', arn, ...why, '--verify', '0', ...argumentsOf(subject, options), '-o', 'json');
    expect([resumed.code, resumed.stderr]).toEqual([0, '']);
    expect(startsOf(arn)).toMatchObject([sent]);
  });

  test('both start positions at once are refused, and nothing is sent', async () => {
    const { arn } = new Subject();
    const both = ['--cdc-start-position', position, '--cdc-start-time', '2026-01-02T03:04:05Z'];
    expect(await dms('resume', arn, ...why, ...both)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('DmsInvalidInput'),
    });
    expect(startsOf(arn)).toEqual([]);
  });

  test('stop --preempt cancels the resume under way, and stops the replication', async () => {
    const { arn } = new Subject();
    const stop = ['stop', arn, ...why, ...brief.split(' ')];
    expect((await dms(...stop)).code).toBe(0);
    expect((await dms('resume', arn, ...why, '--verify', '1h', '--no-wait')).code).toBe(0);
    const resume = await until('it verifies', async () => {
      const open = await stage.dms.openOperation(arn);
      return (await open?.progress())?.phase === 'verifying' ? open : null;
    });
    expect(await dms(...stop)).toMatchObject({ code: 4, stderr: expect.stringContaining('DmsOperationInProgress') });
    const preempted = await dms(...stop, '--preempt', '-o', 'json');
    expect(preempted.code).toBe(0);
    expect(v.parse(schemas.stop, JSON.parse(preempted.stdout))).toMatchObject({ checkpoint: { sequence: 2 } });
    await expect(resume.result()).rejects.toThrow(/cancelled/i);
    const { entries } = v.parse(schemas.history, JSON.parse((await dms('history', arn, '-o', 'json')).stdout));
    expect(entries.slice(0, 2)).toMatchObject([
      { operation: { kind: 'stop', outcome: 'stopped' } },
      { operation: { kind: 'resume' } },
    ]);
  });
});
