/** The commands against a real server and the simulator. Each result in JSON has its schema. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { cutoverInput, Application, sharedActivities } from '../support/cutover.js';
import type { Ledger } from '../../src/contract/ledger-state.js';
import { runCli, serverVariables, type CliResult } from '../support/cli.js';
import { runCliProcess } from '../support/cli-process.js';
import { nullable, schemas } from '../support/cli-schemas.js';
import { encrypted } from '../support/encrypted.js';
import { quick, Stage, until } from '../support/stage.js';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.set();
  await stage.work({ foreign: sharedActivities, holdSeconds: 2 });
});
afterAll(() => stage[Symbol.asyncDispose]());

const place = () => ['--task-queue', stage.taskQueue];
const dms = (...args: readonly string[]) => runCli([...args, ...place()]);
const why = ['--reason', 'because', '--by', 'ada'];
const brief = ['--settle', '0', '--self-restart-grace', '0'];
/** Returns a name of 17 characters. The row of a longer name may be broken, if others make the list wide. */
const shortName = () => `cli-${randomUUID().slice(0, 13)}`;
const named = (on = stage) => {
  const identifier = shortName();
  return on.simulator.createReplication({ identifier, resourceIdentifier: identifier });
};
const unknownArn = () => `arn:aws:dms:eu-west-1:123456789012:replication-config:unknown-${randomUUID()}`;
const nameOf = (arn: string) => arn.split(':').at(-1) ?? '';

/** Reads JSON from stdout, with a schema. */
async function json<Schema extends v.GenericSchema>(
  schema: Schema,
  ...args: readonly string[]
): Promise<v.InferOutput<Schema>> {
  const { code, stdout, stderr } = await dms(...args, '-o', 'json');
  expect([code, stderr]).toEqual([0, '']);
  return v.parse(schema, JSON.parse(stdout));
}

describe.concurrent('the command line', () => {
  test('stops, lists, shows, resumes and reports a replication, by the last part of its ARN', async () => {
    const arn = named();
    const name = nameOf(arn);
    const stopped = await json(schemas.stop, 'stop', arn, ...why, ...brief);
    expect(stopped).toMatchObject({
      outcome: 'stopped',
      checkpoint: { sequence: 1, requestedBy: 'ada', reason: 'because' },
    });
    await until('it is listed', async () =>
      (await json(schemas.list, 'list', '--state', 'stopped')).some(
        ({ replicationConfigArn }) => replicationConfigArn === arn,
      ),
    );
    const shown = await json(schemas.status, 'status', name);
    expect(shown).toMatchObject({
      state: 'stopped',
      operation: null,
      problem: null,
      ledger: { newestCheckpoint: { sequence: 1 } },
    });
    expect(shown.next).toEqual([`temporal dms resume ${arn} --task-queue ${stage.taskQueue}`]);
    expect((await dms('checkpoint', name)).stdout).toBe(`${stopped.checkpoint.recoveryCheckpoint}\n`);
    expect((await dms('list', '--expires-within', '49h')).stdout).toMatch(
      new RegExp(`^${name} +stopped +in \\d d`, 'm'),
    );
    expect((await dms('list', '--expires-within', '1h')).stdout).not.toContain(name);

    const resumed = await json(schemas.resume, 'resume', name, ...why, '--verify', '1s');
    expect(resumed).toMatchObject({ outcome: 'resumed', resumedFrom: { sequence: 1 } });
    const lines = (await dms('history', name, '-o', 'jsonl')).stdout.trim().split('\n');
    expect(lines.map((line) => v.parse(schemas.entry, JSON.parse(line)))).toMatchObject([
      { operation: { kind: 'resume', outcome: 'resumed', requestedBy: 'ada' } },
      { operation: { kind: 'stop', outcome: 'stopped' } },
    ]);
    const page = await json(schemas.history, 'history', name, '--limit', '1');
    expect(page).toMatchObject({ entries: [{ operation: { kind: 'resume' } }], next: expect.any(String) });
    expect((await dms('history', name, '--limit', '1')).stderr).toBe(`There is more: --cursor '${page.next}'\n`);
    expect(await json(schemas.history, 'history', name, '--limit', '1', '--cursor', page.next ?? '')).toMatchObject({
      entries: [{ operation: { kind: 'stop' } }],
      next: null,
    });
    expect(JSON.parse((await dms('ledger', name)).stdout)).toMatchObject({
      replicationConfigArn: arn,
      lastSequence: 1,
    });
  });

  test('shows a stop that waits: since when, until when, by whom, why, and the ways out', async () => {
    const arn = stage.simulator.createReplication({ durations: { stopping: 1e6 } });
    const started = await json(schemas.started, 'stop', arn, ...why, ...brief, '--timeout', '1h', '--no-wait');
    expect(started).toMatchObject({ workflowId: `dms:${arn}`, joined: false });
    const shown = await until('it waits', async () => {
      const found = await json(schemas.status, 'status', arn);
      return found.operation?.progress.phase === 'stopping' ? found : null;
    });
    const { operation, next } = shown;
    expect(operation).toMatchObject({ kind: 'stop', requestedBy: 'ada', reason: 'because' });
    const { since = '', until: deadline } = operation?.progress ?? {};
    expect(Date.parse(deadline ?? '') - Date.parse(since)).toBe(3_600_000);
    expect(next).toContain(`temporal dms cancel ${arn}`);
    const { stdout } = await dms('status', arn);
    expect(stdout).toMatch(/^ {2}operation +stop "\S+" by ada: because$/m);
    expect(stdout).toMatch(/^ {2}until +\S+ \(in (59 min|1 h)/m);
    expect(stdout).toContain(`\n  temporal dms nudge ${arn}\n`);

    expect((await json(schemas.started, 'stop', arn, ...why, '--no-wait')).joined).toBe(true);
    expect(await json(v.object({ nudged: v.literal(true) }), 'nudge', arn)).toBeDefined();
    const refused = await dms('resume', arn, ...why, '-o', 'json');
    expect(refused.code).toBe(4);
    expect(JSON.parse(refused.stderr)).toMatchObject({
      error: { type: 'DmsOperationInProgress', details: { operation: { kind: 'stop' } } },
    });
    const cancelled = v.object({ cancelRequested: v.literal(true), kind: v.literal('stop') });
    expect(await json(cancelled, 'cancel', arn)).toBeDefined();
    await until('it has ended', async () => (await dms('cancel', arn)).code === 3);
    expect((await dms('nudge', arn)).code).toBe(3);
  });

  test('leaves the operation running on Ctrl-C, and says how to follow it', async () => {
    const arn = stage.simulator.createReplication({ durations: { stopping: 1e6 } });
    const interrupted = await runCli(['stop', arn, ...why, ...brief, ...place()], {
      onWrite: (written, terminal) => {
        if (written.includes(': stopping')) terminal.emit('SIGINT');
      },
    });
    expect(interrupted).toMatchObject({ code: 130, stdout: '' });
    expect(interrupted.stderr).toContain(`Follow it then: temporal dms status ${arn} --watch`);
    expect(interrupted.stderr).toMatch(/\nThe operation goes on\.\n$/);
    expect((await json(schemas.status, 'status', arn)).operation).toMatchObject({ kind: 'stop' });
    const watched = await runCli(['status', arn, '--watch', '-o', 'jsonl', ...place()], {
      onWrite: (_, terminal) => terminal.emit('SIGINT'),
    });
    expect(watched.code).toBe(130);
    expect(v.parse(schemas.status, JSON.parse(watched.stdout.split('\n')[0] ?? '')).replicationConfigArn).toBe(arn);
    await dms('cancel', arn);
  });

  test('replaces its progress on a terminal, and asks there for what is missing', async () => {
    const arn = named();
    const asked = await runCli(['stop', arn, ...brief, ...place()], { isTerminal: true, input: 'tidy up\n' });
    expect(asked.code).toBe(0);
    expect(asked.stderr).toContain('Reason: ');
    expect(asked.stderr).toContain('A\u001B[J');
    expect(JSON.parse((await dms('ledger', arn)).stdout)).toMatchObject({ operations: [{ reason: 'tidy up' }] });
    expect(await dms('resume', arn)).toMatchObject({ code: 2, stderr: expect.stringContaining('--reason is missing') });
    const quiet = await dms('resume', arn, ...why, '--verify', '0', '--quiet');
    expect([quiet.code, quiet.stderr]).toEqual([0, '']);
  });

  test('takes the identifier that people gave the replication, although its ARN has another', async () => {
    const identifier = `payments-${randomUUID()}`;
    const arn = stage.simulator.createReplication({ identifier, resourceIdentifier: `X7Q${randomUUID()}` });
    await json(schemas.stop, 'stop', arn, ...why, ...brief);
    await until('it is listed', async () => (await dms('list')).stdout.includes(identifier));
    expect(await json(schemas.status, 'status', identifier)).toMatchObject({ replicationConfigArn: arn, identifier });
    expect((await dms('status', identifier)).stdout).toMatch(new RegExp(`^ +identifier +${identifier}$`, 'm'));
    const unnamed = ['--reason', 'because', '--verify', '0'];
    expect((await dms('resume', identifier.slice(0, -3), ...unnamed)).code).toBe(0);
    expect((await stage.dms.ledger(arn)).operations[0]).toMatchObject({
      kind: 'resume',
      requestedBy: userInfo().username,
    });
  });

  test('seals with a final stop, refuses a resume with the way out, and unseals', async () => {
    const arn = named();
    await json(schemas.stop, 'stop', arn, '--final', ...why, ...brief);
    await until('it is listed', async () => (await dms('list', '--sealed')).stdout.includes(nameOf(arn)));
    expect((await json(schemas.status, 'status', arn)).next).toEqual([`temporal dms unseal ${arn}`]);
    const refused = await dms('resume', arn, ...why);
    expect(refused.code).toBe(4);
    expect(refused.stderr).toContain('DmsReplicationSealed');
    expect(refused.stderr).toContain(`temporal dms unseal ${arn}`);
    await json(v.object({ sealed: v.literal(false) }), 'unseal', arn, ...why);
    expect((await dms('resume', arn, ...why, '--verify', '0')).code).toBe(0);
  });

  test('breaks the reservation of an owner that is gone', async () => {
    const arn = named();
    const workflowId = `host-${randomUUID()}`;
    const host = { workflowId, taskQueue: stage.taskQueue, args: [arn] };
    await stage.client.workflow.execute('hostThatOnlyReserves', host);
    await until('it is listed', async () => (await dms('list', '--reserved')).stdout.includes(nameOf(arn)));
    expect((await dms('stop', arn, ...why)).code).toBe(4);
    expect((await json(schemas.status, 'status', arn)).next).toEqual([
      `temporal workflow describe --workflow-id ${workflowId}`,
      `temporal dms break-reservation ${arn}`,
    ]);
    expect((await dms('break-reservation', arn, ...why)).stdout).toContain('is free');
    expect((await dms('stop', arn, ...why, ...brief)).code).toBe(0);
  });

  test('exits with 3 for a replication or a cutover that nobody knows', async () => {
    const unknown = unknownArn();
    const codes = async (...commands: readonly (readonly string[])[]) =>
      Promise.all(commands.map(async (args) => (await dms(...args)).code));
    expect(
      await codes(
        ['status', unknown],
        ['ledger', unknown],
        ['checkpoint', unknown],
        ['unseal', unknown, ...why],
        ['stop', unknownArn(), ...why],
        ['cutover', 'abort', 'unknown', ...why],
        ['cutover', 'report', 'unknown'],
        ['schedule', 'delete', 'unknown'],
      ),
    ).toEqual([3, 3, 3, 3, 3, 3, 3, 3]);
  });

  test('stops a fleet from stdin, shows its progress, and exits with 5 if one fails', async () => {
    const arns = [named(), named()];
    const id = `fleet-${randomUUID()}`;
    const unknown = unknownArn();
    const list = [...arns, unknown].join('\n');
    const run = await runCli(['fleet', 'stop', '--file', '-', '--id', id, ...why, '-o', 'json', ...place()], {
      input: list,
    });
    expect(run.code).toBe(5);
    expect(v.parse(schemas.fleet, JSON.parse(run.stdout))).toMatchObject({
      fleetId: id,
      total: 3,
      failed: 1,
      left: [],
    });
    const shown = await dms('fleet', 'status', 'stop', id);
    expect(shown.stdout).toMatch(/3 in all: 2 stopped, 1 failed/);
    expect(shown.stdout).toMatch(new RegExp(`^${nameOf(unknown)}: DmsReplicationNotFound$`, 'm'));
    await until('both are listed', async () => {
      const { stdout } = await dms('list', '--state', 'stopped');
      return arns.every((arn) => stdout.includes(nameOf(arn)));
    });
    // Two of these names can't be used. Nothing is started for the third.
    const [first = '', second = ''] = arns.map(nameOf);
    const refused = await dms('fleet', 'resume', first, 'nobody', 'cli-', ...why, '--verify', '0');
    expect(refused).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/nothing was changed:\n.*has the name "nobody"\n.*has the name "cli-"\n/),
    });
    expect((await dms('fleet', 'resume', 'nobody', 'no one', ...why)).code).toBe(3);
    expect(stage.simulator.count('StartReplication', arns[0])).toBe(0);
    expect((await dms('fleet', 'resume', first, second, ...why, '--verify', '0')).code).toBe(0);
  });

  test('completes the names of replications, for commands on one and on many', async () => {
    const arn = named();
    await json(schemas.stop, 'stop', arn, ...why, ...brief);
    const complete = (...words: readonly string[]) => {
      const env = { TEMPORAL_ADDRESS: inject('temporalAddress'), TEMPORAL_CONFIG_FILE: '/none' };
      return runCliProcess(['complete', '--', ...words, nameOf(arn).slice(0, -3)], stage.simulator, { env });
    };
    await until('it is listed', async () => (await dms('list')).stdout.includes(nameOf(arn)));
    // A TAB shows nothing if the names take too long, as they may on a busy machine.
    for (const command of [['status'], ['fleet', 'stop'], ['archive', 'list'], ['archive', 'rebuild']])
      await until(`${command.join(' ')} is completed`, async () =>
        (await complete(...command)).stdout.includes(nameOf(arn)),
      );
  });

  test('says in a dry run what would be done or refused, asks for no reason, and exits as the operation would', async () => {
    const arn = named();
    const planned = await json(schemas.plan, 'stop', arn, '--dry-run');
    expect(planned).toMatchObject({ action: 'call', refusal: null });
    expect((await dms('stop', arn, '--dry-run')).stdout).toMatch(
      /^The stop of \S+ can begin\n\n {2}because +It would ask DMS/,
    );
    expect((await dms('stop', arn, '--dry-run')).stdout.replaceAll(/\s+/g, ' ')).toContain(
      'iam not asked: the worker needs TEMPORAL_DMS_PERMISSIONS=iam',
    );
    expect(stage.simulator.count('StopReplication', arn)).toBe(0);
    await json(schemas.stop, 'stop', arn, ...why, ...brief);
    const refused = await dms('resume', arn, '--dry-run', '--record', '7');
    expect(refused).toMatchObject({
      code: 3,
      stdout: expect.stringMatching(/would be refused.*DmsCheckpointMissing/s),
    });
    expect(stage.simulator.count('StartReplication', arn)).toBe(0);
  });

  test('says that a final stop waits for the pause under way, and starts nothing after Ctrl-C', async () => {
    const arn = stage.simulator.createReplication({ durations: { stopping: 1e6 } });
    await dms('stop', arn, ...why, ...brief, '--no-wait');
    const final = await runCli(['stop', arn, '--final', ...why, ...brief, ...place()], {
      onWrite: (written, terminal) => {
        if (written.includes('Waiting for the end of the stop')) terminal.emit('SIGINT');
      },
    });
    expect(final).toMatchObject({ code: 130, stdout: '' });
    expect(final.stderr).toMatch(
      /Waiting for the end of the stop ("\S+" of ada), then starting\..*\nThe stop was not started\. The stop \1 is under way\. See it: .*\n$/,
    );
    await dms('cancel', arn);
    await until('the pause has ended', async () => (await stage.dms.openOperation(arn)) === null);
    expect((await json(schemas.status, 'status', arn)).sealed).toBe(false);
  });

  test('says after Ctrl-C during a start how to see whether it was started', async () => {
    const arn = stage.simulator.createReplication({ durations: { stopping: 1e6 } });
    const interrupted = async (input: string, ...args: readonly string[]) => {
      const { code, stdout, stderr } = await runCli([...args, ...place()], { isInterrupted: true, input });
      expect([code, stdout]).toEqual([130, '']);
      return stderr;
    };
    const id = `interrupted-${randomUUID()}`;
    const said = (what: string) => `${what} may have been started, because Temporal may have the request. See it:`;
    expect(await interrupted('', 'fleet', 'stop', arn, '--id', id, ...why)).toContain(
      `${said(`The fleet ${id}`)} temporal dms fleet status stop ${id}`,
    );
    const unnamed = await interrupted('', 'fleet', 'resume', arn, ...why);
    expect(unnamed).toMatch(/See it: temporal dms fleet status resume [-0-9a-f]{36}\n/);
    const { hooks, ...input } = cutoverInput([arn]);
    expect(await interrupted(JSON.stringify({ ...input, hooks }), 'cutover', 'start', '-', '--dry-run')).toContain(
      `${said(`The cutover ${input.cutoverId}`)} temporal dms cutover status ${input.cutoverId}`,
    );
    expect(await interrupted('', 'resume', named(), ...why)).toMatch(
      /[Tt]he resume .*See it: temporal dms status \S+\n/,
    );
  });

  test('lists the replications of a file, also those that have no ledger', async () => {
    const [stopped, unknown] = [named(), unknownArn()];
    await json(schemas.stop, 'stop', stopped, ...why, ...brief);
    await until('it is listed', async () => (await dms('list')).stdout.includes(nameOf(stopped)));
    const fromStdin = async (...args: readonly string[]) =>
      runCli(['fleet', 'status', '--file', '-', ...args, ...place()], { input: `${stopped} # orders\n${unknown}\n` });
    const listed = await fromStdin('-o', 'json');
    expect(v.parse(schemas.list, JSON.parse(listed.stdout))).toMatchObject([
      { replicationConfigArn: stopped, state: 'stopped' },
      { replicationConfigArn: unknown },
    ]);
    expect(await fromStdin('--watch')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--file goes neither with a fleet, nor with --watch, nor with --tag'),
    });
  });

  test('refuses to join a fleet of another list, and cancels a fleet', async () => {
    const arn = stage.simulator.createReplication({ durations: { stopping: 1e6 } });
    const id = `fleet-${randomUUID()}`;
    const stop = (...arns: readonly string[]) => dms('fleet', 'stop', ...arns, '--id', id, ...why, '--no-wait');
    expect((await stop(arn)).code).toBe(0);
    expect((await stop(arn)).stdout).toContain('is under way already');
    const other = unknownArn();
    expect(await stop(arn, other)).toMatchObject({ code: 4, stderr: expect.stringContaining(`such as ${other}`) });
    await until('it stops', async () => (await stage.dms.openOperation(arn)) !== null);
    const cancelled = v.object({ cancelRequested: v.literal(true) });
    expect(await json(cancelled, 'fleet', 'cancel', 'stop', id)).toBeDefined();
    expect((await dms('fleet', 'cancel', 'stop', 'unknown')).code).toBe(3);
    await dms('cancel', arn);
  });

  test('shows a replication whose ledger was terminated as lost, and one without a guard with its deadline', async () => {
    const arn = named();
    await json(schemas.stop, 'stop', arn, ...why, ...brief, '--deadline-policy', 'none');
    const { resumeBy } = await until('it is listed', async () =>
      (await json(schemas.list, 'list', '--expires-within', '49h')).find((each) => each.replicationConfigArn === arn),
    );
    expect(Date.parse(resumeBy ?? '')).toBeGreaterThan(Date.now());
    await stage.client.workflow.getHandle(`dms-ledger:${arn}`).terminate();
    const lost = await json(schemas.status, 'status', arn);
    expect(lost.state).toBe('lost');
    expect(lost.next).toEqual([
      `temporal workflow reset --workflow-id dms-ledger:${arn} --type LastWorkflowTask --reason terminated`,
    ]);
    expect((await dms('checkpoint', arn)).code).toBe(0);
  });

  test('exits with 3 for a namespace that does not exist', async () => {
    for (const command of [['list'], ['checkpoint', unknownArn()], ['stop', unknownArn(), ...why]])
      expect(await dms(...command, '--namespace', 'nowhere')).toMatchObject({
        code: 3,
        stderr: expect.stringMatching(/nowhere.*--namespace/s),
      });
  });

  test('creates, lists and deletes a pause schedule', async () => {
    const arn = named();
    const id = `nightly-${randomUUID()}`;
    const times = ['--stop', '0 22 * * *', '--resume', '0 6 * * *', '--timezone', 'Europe/Berlin'];
    expect((await dms('schedule', 'create', id, arn, ...times, ...why)).stdout).toContain(`dms-pause:${id}:stop`);
    const found = await until('it is listed', async () =>
      (await json(schemas.schedules, 'schedule', 'list')).find(
        ({ scheduleId, nextStopAt, paused }) => scheduleId === id && nextStopAt !== null && !paused,
      ),
    );
    expect(found).toMatchObject({ paused: false, nextStopAt: expect.any(String), nextResumeAt: expect.any(String) });
    expect((await dms('schedule', 'create', id, arn, ...times, ...why)).code).toBe(2);
    expect((await dms('schedule', 'delete', id)).code).toBe(0);
  });

  test('starts a cutover, shows what it waits for, approves it, and draws its report', async () => {
    const application = new Application();
    const input = cutoverInput([named()], { approval: {} });
    const { cutoverId: id } = input;
    application.serve(id);
    const started = await runCli(['cutover', 'start', '-', '--no-wait', ...place()], { input: JSON.stringify(input) });
    expect(started).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`temporal dms cutover status ${id} --watch`),
    });
    const text = await until('it waits for its approval', async () => {
      const { stdout } = await dms('cutover', 'status', id);
      return stdout.includes('waiting-for-approval') ? stdout : null;
    });
    expect(text).toContain('waits for  Approvals: 0 of 1 given');
    expect(text).toContain(`\n  temporal dms cutover approve ${id} --confirm ${id}`);
    const mistaken = await dms('cutover', 'approve', id, '--confirm', 'another', ...why);
    expect(mistaken).toMatchObject({ code: 4, stderr: expect.stringContaining('DmsCutoverRefused') });
    expect((await dms('cutover', 'report', id)).code).toBe(4);
    const set = JSON.stringify({ writesStoppedSeconds: 200 });
    expect((await dms('cutover', 'change', id, '--set', set, ...why)).code).toBe(0);
    expect((await dms('cutover', 'switch-back', id, ...why)).code).toBe(4);
    expect((await dms('cutover', 'decide', id, '--traffic', 'target', ...why)).code).toBe(4);
    expect((await dms('cutover', 'revoke', id, ...why)).code).toBe(4);
    expect((await dms('cutover', 'approve', id, '--confirm', id, ...why)).code).toBe(0);
    expect((await dms('cutover', 'status', id, '--watch')).stdout).toContain(`The cutover ${id}: switched`);
    const [report, mermaid, svg] = await Promise.all([
      json(v.object({ outcome: v.literal('switched') }), 'cutover', 'report', id),
      dms('cutover', 'report', id, '--format', 'mermaid'),
      dms('cutover', 'report', id, '--format', 'svg'),
    ]);
    expect(report.outcome).toBe('switched');
    expect([mermaid.stdout.slice(0, 5), svg.stdout.slice(0, 4)]).toEqual(['gantt', '<svg']);
    const folder = await mkdtemp(join(tmpdir(), 'temporal-dms-'));
    const file = join(folder, 'report.json');
    expect(await json(v.strictObject({ file: v.literal(file) }), 'cutover', 'report', id, '--file', file)).toEqual({
      file,
    });
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ outcome: 'switched' });
    await rm(folder, { recursive: true });
    expect(await dms('cutover', 'abort', id, ...why)).toMatchObject({ code: 3 });
  });

  test('prints the plan of a dry run, and exits with 5 when a cutover goes back', async () => {
    const application = new Application();
    const input = cutoverInput([named()]);
    application.serve(input.cutoverId);
    application.meddle['fence'] = async () => {
      throw new Error('the database is down');
    };
    const start = (...more: readonly string[]) =>
      runCli(['cutover', 'start', '-', ...more, ...place()], { input: JSON.stringify(input) });
    const planned: CliResult = await start('--dry-run');
    expect(planned).toMatchObject({ code: 0, stdout: expect.stringMatching(/^fencing +Call fence$/m) });
    const returned = await start();
    expect(returned).toMatchObject({ code: 5, stdout: expect.stringContaining('because  hook-failed in fencing') });
  });
});

test('what is recorded is printed as it was recorded, whatever the flags of the connection are', async () => {
  const arn = named();
  const reason = 'see temporal dms status X';
  await json(schemas.stop, 'stop', arn, '--reason', reason, '--by', 'ada', ...brief);
  const place = ['--address', inject('temporalAddress'), '--disable-config-file'];
  const { stdout } = await runCli(['ledger', arn, ...place], { env: {} });
  expect((JSON.parse(stdout) as Ledger).checkpoints[0]?.reason).toBe(reason);
  const status = await runCli(['status', arn, '-o', 'json', ...place], { env: {} });
  const { next } = JSON.parse(status.stdout) as { next: string[] };
  expect(next).toEqual([`temporal dms ${place.join(' ')} resume ${arn}`]);
});

describe('the doctor', () => {
  const check = v.strictObject({
    name: v.string(),
    state: v.picklist(['ok', 'warning', 'failed', 'skipped']),
    detail: v.string(),
    hint: nullable,
  });
  /** Runs the doctor in a process of its own. */
  const examine = async (
    { simulator, taskQueue }: Stage,
    args: readonly string[] = [],
    options: Parameters<typeof runCliProcess>[2] = {},
  ) => {
    const place = ['--task-queue', taskQueue];
    const { code, stdout } = await runCliProcess(['doctor', '-o', 'json', ...place, ...args], simulator, options);
    const checks = v.parse(v.array(check), JSON.parse(stdout));
    return { code, checks, of: (name: string) => checks.find((each) => each.name === name) };
  };

  test('names what is wrong with Temporal and the workers, says what to do, and exits with 1', async () => {
    await using lonely = await Stage.set(quick);
    const alone = await examine(lonely);
    expect(alone.code).toBe(1);
    expect(alone.of('workflow workers')).toMatchObject({
      state: 'failed',
      hint: `Start a worker: temporal-dms worker --task-queue ${lonely.taskQueue}`,
    });
    expect(alone.of('ledger')?.state).toBe('skipped');
    await lonely.work({ lacks: 'dmsReplicationLedger' });
    const forgetful = await examine(lonely);
    expect(forgetful.of('workflows')?.state).toBe('ok');
    expect(forgetful.of('ledger')).toMatchObject({
      state: 'failed',
      hint: expect.stringContaining('temporal-dms/workflows'),
    });
    const arn = lonely.simulator.createReplication();
    await lonely.client.workflow.start('dmsReplicationLedger', {
      workflowId: `dms-ledger:${arn}`,
      taskQueue: lonely.taskQueue,
      args: [{ replicationConfigArn: arn }],
    });
    const { of } = await examine(lonely, [arn]);
    expect(of('its ledger')).toMatchObject({
      state: 'failed',
      detail: expect.stringContaining(`fail the workflow task of dms-ledger:${arn}: `),
      hint: expect.stringContaining(`temporal-dms worker --task-queue ${lonely.taskQueue}`),
    });
    const nowhere = await runCliProcess(
      ['doctor', '--address', '127.0.0.1:1', '--disable-config-file'],
      lonely.simulator,
    );
    expect([nowhere.code, nowhere.stdout]).toEqual([
      1,
      expect.stringMatching(/^temporal +FAILED +No Temporal server/m),
    ]);
    const elsewhere = await examine(lonely, ['--namespace', 'nowhere']);
    expect(elsewhere.of('namespace')?.hint).toContain('temporal operator namespace create --namespace nowhere');
  });

  test('says that the workers may have ended although one polled lately, and how to start one', async () => {
    await using ended = await Stage.set(quick);
    await ended.work();
    await until('it serves', async () => (await examine(ended)).of('workflows')?.state === 'ok');
    await ended.stopWorkers();
    const { of } = await examine(ended);
    expect(of('workflow workers')?.state).toBe('ok');
    for (const name of ['workflows', 'ledger'])
      expect(of(name)).toMatchObject({
        state: 'failed',
        detail: expect.stringContaining('no worker has taken the task since'),
        hint: `Start a worker: temporal-dms worker --task-queue ${ended.taskQueue}`,
      });
  });

  test.each(['dmsResumeReplication', 'dmsPlanOperation'])(
    'names the workflow %s that the workers lack',
    async (lacks) => {
      await using lacking = await Stage.set(quick);
      await lacking.work({ lacks });
      const { of } = await examine(lacking);
      expect(of('workflows')).toMatchObject({ state: 'failed', detail: expect.stringContaining(`ran ${lacks}: `) });
      expect(of('ledger')?.state).toBe('ok');
    },
  );

  test('exits with 0 for an operator who may only look, and says that the workers have other credentials', async () => {
    // Real time, so that the clock of the process can be compared with DMS's.
    await using healthy = await Stage.set({
      ...quick,
      speed: 1,
      policy: [
        { Effect: 'Allow', Action: ['dms:Describe*', 'iam:SimulatePrincipalPolicy'], Resource: '*' },
        { Effect: 'Deny', Action: 'dms:StopReplication', Resource: '*' },
      ],
    });
    await healthy.work();
    const arn = healthy.simulator.createReplication();
    const workersNeedThem = `Only the workers need them. A worker with TEMPORAL_DMS_PERMISSIONS=iam checks its own: temporal dms stop ${arn} --dry-run`;
    const found = await examine(healthy, [arn]);
    expect(found.code).toBe(0);
    expect(found.checks.map(({ name, state }) => `${name}: ${state}`)).toEqual([
      'temporal: ok',
      'namespace: ok',
      'workflow workers: ok',
      'activity workers: ok',
      'workflows: ok',
      'ledger: ok',
      'search: skipped',
      'its ledger: skipped',
      'endpoint: warning',
      'credentials: ok',
      'account: ok',
      'replication: ok',
      'clock: ok',
      'permissions: warning',
    ]);
    expect(found.of('account')?.detail).toBe('You are arn:aws:iam::123456789012:user/simulated in eu-west-1');
    expect(found.of('replication')?.detail).toBe('DMS shows "running" in eu-west-1');
    expect(found.of('clock')?.detail).toMatch(/^\d s from DMS's$/);
    expect(found.of('permissions')).toMatchObject({
      detail: 'IAM denies you dms:StartReplication and dms:StopReplication',
      hint: workersNeedThem,
    });

    const unnamed = await examine(healthy);
    expect(unnamed.checks.slice(-4).map(({ name, state }) => `${name}: ${state}`)).toEqual([
      'account: ok',
      'replication: skipped',
      'clock: ok',
      'permissions: skipped',
    ]);
    expect(unnamed.of('account')?.detail).toBe('You are arn:aws:iam::123456789012:user/simulated in eu-west-1');

    healthy.simulator.setPolicy([{ Effect: 'Allow', Action: 'iam:SimulatePrincipalPolicy', Resource: '*' }]);
    const blind = await examine(healthy, [arn]);
    expect([blind.code, blind.of('clock')?.state]).toEqual([0, 'skipped']);
    expect((await examine(healthy)).of('clock')).toMatchObject({
      state: 'warning',
      hint: expect.stringContaining('network'),
    });
    expect(blind.of('replication')).toMatchObject({ state: 'warning', hint: workersNeedThem });

    healthy.simulator.setPolicy(null);
    const skewed = await examine(healthy, [arn], { clock: './skewed-clock.mjs', env: { CLOCK_SKEW_SECONDS: '-120' } });
    expect(skewed.code).toBe(0);
    expect(skewed.of('clock')).toMatchObject({
      state: 'warning',
      detail: expect.stringMatching(/^1[12]\d s from DMS's$/),
      hint: 'AWS refuses requests from a clock that is 5 min off.',
    });
    const policy = await readFile(new URL('../../deploy/iam/worker.json', import.meta.url), 'utf8');
    const { Statement } = JSON.parse(policy) as { Statement: readonly { Action: readonly string[] }[] };
    const actions = Statement.flatMap(({ Action }) => Action);
    expect(actions).toHaveLength(5);
    expect(skewed.of('permissions')).toMatchObject({
      state: 'ok',
      detail: `IAM allows you ${actions.slice(0, 4).join(', ')}, and ${actions[4]}`,
    });
  });

  test('warns if this machine has no credentials, or those of another account', async () => {
    await using healthy = await Stage.set(quick);
    await healthy.work();
    const arn = healthy.simulator.createReplication();
    const none = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', HOME: '/none', AWS_EC2_METADATA_DISABLED: 'true' };
    const bare = await examine(healthy, [arn], { env: none });
    expect(bare.code).toBe(0);
    expect(bare.checks.at(-1)).toMatchObject({
      name: 'credentials',
      state: 'warning',
      detail: expect.stringContaining('No AWS credentials'),
      hint: 'The workers may have others. Set AWS_PROFILE to check them from here.',
    });
    const foreign = await examine(healthy, [arn], { env: { AWS_ACCESS_KEY_ID: 'key210987654321' } });
    expect(foreign.code).toBe(0);
    expect(foreign.of('account')).toMatchObject({
      state: 'warning',
      detail: 'You are arn:aws:iam::210987654321:user/simulated, and the replication is in the account 123456789012',
      hint: expect.stringContaining('AWS_PROFILE'),
    });
    expect(foreign.of('replication')?.state).toBe('skipped');
    const gone = await examine(healthy, [unknownArn()]);
    expect([gone.code, gone.of('replication')?.state]).toEqual([1, 'failed']);
  });

  test('finds the ledger of a replication on a queue that nobody polls, and one that was terminated', async () => {
    await using healthy = await Stage.set(quick);
    await healthy.work();
    const arn = named(healthy);
    const taskQueue = `dead queue ${randomUUID()}`;
    const workflowId = `dms-ledger:${arn}`;
    const ledger = await healthy.client.workflow.start('dmsReplicationLedger', { workflowId, taskQueue, args: [arn] });
    const dead = await examine(healthy, [arn]);
    expect(dead.code).toBe(1);
    expect(dead.of('its ledger')).toMatchObject({
      state: 'failed',
      detail: `Nobody polls the task queue "${taskQueue}"`,
      hint: `Start a worker: temporal-dms worker --task-queue '${taskQueue}'`,
    });
    await ledger.terminate();
    const lost = await examine(healthy, [arn]);
    expect(lost.code).toBe(1);
    expect(lost.of('its ledger')).toMatchObject({
      state: 'failed',
      detail: 'It is not open: TERMINATED',
      hint: `See it: temporal workflow describe --workflow-id ${workflowId}`,
    });
  });
});

test('the list shows ledgers that another codec has encoded, and says how to read one', async () => {
  await using encoded = await Stage.set(quick, { dataConverter: encrypted });
  await encoded.work();
  const arn = named(encoded);
  await encoded.dms.stop({ replicationConfigArn: arn, settleSeconds: 0, selfRestartGraceSeconds: 0 });
  const { stdout } = await until('it is listed', async () => {
    const listed = await dms('list', '--state', 'unreadable');
    return listed.stdout.includes(nameOf(arn)) ? listed : null;
  });
  expect(stdout).toMatch(new RegExp(`^${nameOf(arn)} +unreadable`, 'm'));
  const shown = await dms('history', arn);
  expect([shown.code, shown.stderr]).toEqual([1, expect.stringContaining('TEMPORAL_DMS_CODEC_MODULE=')]);
  const endpoint = 'http://127.0.0.1:1';
  const warned = { code: 0, stderr: expect.stringMatching(/^Payloads are not encoded: /) };
  expect(
    await runCli(['list', ...place()], { env: { ...serverVariables(), TEMPORAL_CODEC_ENDPOINT: endpoint } }),
  ).toMatchObject(warned);
  expect(await runCli(['list', ...place(), '--codec-endpoint', endpoint])).toMatchObject(warned);
});

test('the status and the list need no worker, and name the queue that nobody polls', async () => {
  await using lonely = await Stage.set(quick);
  const [arn, recorded] = [0, 1].map(() => named(lonely)) as [string, string];
  const run = (...args: readonly string[]) => runCli([...args, '--task-queue', lonely.taskQueue]);
  expect((await run('stop', arn, ...why, '--no-wait')).code).toBe(0);
  const stdout = await until('it misses a worker', async () => {
    const shown = await run('status', arn);
    return shown.stdout.includes('No worker polls') ? shown.stdout : null;
  });
  expect(stdout.replaceAll(/\s+/g, ' ')).toContain(`No worker polls the task queue "${lonely.taskQueue}"`);
  expect(stdout).toContain(`\n  temporal-dms worker --task-queue ${lonely.taskQueue}\n`);

  // A ledger whose worker has ended: the list reads what it left in the server.
  const worker = await lonely.work();
  await lonely.dms.stop({ replicationConfigArn: recorded, settleSeconds: 0, selfRestartGraceSeconds: 0 });
  await lonely.stopWorkers(worker);
  await until('the list shows it', async () =>
    (await run('list', '--state', 'stopped')).stdout.includes(nameOf(recorded)),
  );
  expect((await run('cancel', arn)).code).toBe(0);
});
