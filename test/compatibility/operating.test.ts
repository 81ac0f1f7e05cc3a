/** docs/operating.md, run line by line. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { ReplicationSummary } from '../../src/client/index.js';
import { lastPolls } from '../../src/client/workers.js';
import { findServer } from '../../scripts/temporal-server.js';
import { runCli } from '../support/cli.js';
import { runCliProcess } from '../support/cli-process.js';
import { quick, Stage, until } from '../support/stage.js';

const HOUR = 3_600_000;
/** Task queue to which the page moves a ledger. */
const moveTo = `moved-${randomUUID()}`;
const brief = { settleSeconds: 0, selfRestartGraceSeconds: 0 };
const page = await readFile(new URL('../../docs/operating.md', import.meta.url), 'utf8');

/** Commands of a section, or of the page's beginning, in order. */
function commandsOf(title: string): readonly string[] {
  const section = page.split(/^##? /m).find((each) => each.startsWith(`${title}\n`)) ?? '';
  return [...section.matchAll(/^```sh\n(.*?)^```$/gms)].flatMap(([, block = '']) => block.trim().split('\n'));
}

/** Replication whose DMS has a clock that is 44 hours late, so that its window ends soon. */
let late: Stage;
let stage: Stage;
beforeAll(async () => {
  [stage, late] = await Promise.all([
    Stage.set(),
    Stage.set({ ...quick, startAt: new Date(Date.now() - 44 * HOUR).toISOString() }),
  ]);
  await Promise.all([stage.work({ holdSeconds: 2 }), late.work({ holdSeconds: 2 })]);
});
afterAll(() => Promise.all([stage[Symbol.asyncDispose](), late[Symbol.asyncDispose]()]));

/** Runs the commands of a section for a replication, for workers on a task queue. Returns what each printed. */
async function follow(
  title: string,
  on: Stage,
  arn: string,
  before: (line: string) => Promise<void> = async () => {},
  taskQueue = on.taskQueue,
) {
  const lines = commandsOf(title);
  expect(lines.length).toBeGreaterThan(0);
  const printed: string[] = [];
  for (const line of lines) {
    await before(line);
    printed.push(line.startsWith('temporal dms ') ? await dms(on, line, arn, taskQueue) : await temporal(line, arn));
  }
  return printed;
}

async function dms(on: Stage, line: string, arn: string, taskQueue: string): Promise<string> {
  const words = [...line.slice('temporal dms '.length).matchAll(/"([^"]*)"|(\S+)/g)].map(
    ([, quoted, word]) => quoted ?? { ORDERS: nameOf(arn), 'temporal-dms': moveTo }[word ?? ''] ?? word ?? '',
  );
  const place = ['--task-queue', taskQueue];
  // The doctor asks AWS with the settings of its process.
  const run = words[0] === 'doctor' ? (args: string[]) => runCliProcess(args, on.simulator) : runCli;
  const { code, stdout, stderr } = await run([...place, ...words]);
  expect([line, code, code === 0 ? '' : stderr + stdout]).toEqual([line, 0, '']);
  return stdout;
}

/** Runs a command of the Temporal CLI itself. */
async function temporal(line: string, arn: string): Promise<string> {
  const executable = await findServer('dev');
  if (executable.type !== 'existing-path') throw new Error('The Temporal CLI is not there');
  const command = line.replace(/^temporal /, '"$TEMPORAL" ').replace('ORDERS', arn);
  const env = { ...process.env, TEMPORAL: executable.path, TEMPORAL_ADDRESS: inject('temporalAddress') };
  return (await promisify(execFile)('sh', ['-c', command], { env })).stdout;
}

const nameOf = (arn: string) => arn.split(':').at(-1) ?? '';
/** Creates a replication with a name of 18 characters. The row of a longer name may be broken in a wide list. */
const create = (on: Stage, more: object = {}) => {
  const identifier = `tour-${randomUUID().slice(0, 13)}`;
  return on.simulator.createReplication({ identifier, resourceIdentifier: identifier, ...more });
};
const untilListed = (on: Stage, arn: string, isMeant: (summary: ReplicationSummary) => boolean = () => true) =>
  until('it is listed', async () => {
    for await (const summary of on.dms.list())
      if (summary.replicationConfigArn === arn && isMeant(summary)) return true;
    return false;
  });

describe.concurrent('the page for operators', () => {
  test('lists every replication', async () => {
    const arn = create(stage);
    await stage.dms.stop({ replicationConfigArn: arn, ...brief });
    await untilListed(stage, arn);
    const [listed] = await follow('Operating', stage, arn);
    expect(listed).toMatch(new RegExp(`^${nameOf(arn)} +stopped `, 'm'));
  });

  test('finds out what is wrong when nothing works', async () => {
    const arn = create(stage);
    await stage.dms.stop({ replicationConfigArn: arn, ...brief });
    await untilListed(stage, arn);
    const [checks = ''] = await follow('Nothing works', stage, arn);
    for (const check of [
      'temporal',
      'namespace',
      'workflow workers',
      'activity workers',
      'workflows',
      'ledger',
      'replication',
    ])
      expect(checks).toMatch(new RegExp(`^${check} +OK `, 'm'));
    expect(checks).toMatch(/^endpoint +WARNING +Requests go to http:/m);
  });

  test('ends a stop that hangs', async () => {
    const arn = create(stage, { durations: { stopping: 1e6 } });
    const stop = await stage.dms.startStop({ replicationConfigArn: arn, ...brief });
    await until('it waits', async () => (await stop.progress()).phase === 'stopping');
    await untilListed(stage, arn);
    const [status, nudged, cancelled] = await follow('The stop hangs', stage, arn);
    expect(status).toMatch(/waits +stopping: "stopping"/);
    expect([nudged, cancelled]).toEqual([
      expect.stringContaining('Asked the worker to look at'),
      expect.stringMatching(/^Asked the stop .* to end/),
    ]);
  });

  test('goes on after a refusal', async () => {
    const arn = create(stage);
    await stage.dms.stop({ replicationConfigArn: arn, ...brief });
    const stop = await stage.dms.startResume({
      replicationConfigArn: arn,
      requestedBy: 'bob',
      verifyProgressSeconds: 1e6,
    });
    await until('it is under way', async () => (await stop.progress()).phase === 'verifying');
    const [status] = await follow('A stop or resume was refused', stage, arn, async (line) => {
      if (line.includes(' resume '))
        await until('it has ended', async () => (await stage.dms.openOperation(arn)) === null);
    });
    expect(status).toContain('by bob');
  });

  test('frees a replication whose owner is gone', async () => {
    const arn = create(stage);
    const start = { workflowId: `host-${randomUUID()}`, taskQueue: stage.taskQueue, args: [arn] };
    await stage.client.workflow.execute('hostThatOnlyReserves', start);
    await untilListed(stage, arn, ({ reservedBy }) => reservedBy !== null);
    const [list, status] = await follow('The owner of a reservation is gone', stage, arn);
    expect(list).toContain(start.workflowId.slice(0, 10));
    expect(status).toContain(`by ${start.workflowId} since`);
    expect((await stage.dms.ledger(arn)).reservation).toBeNull();
  });

  test('resumes a replication that was sealed by mistake', async () => {
    const arn = create(stage);
    await stage.dms.stop({ replicationConfigArn: arn, intent: 'final', ...brief });
    await untilListed(stage, arn, ({ sealed }) => sealed);
    await follow('Sealed by mistake', stage, arn);
    expect(stage.simulator.row(arn).Status).toBe('running');
  });

  test('resumes a replication whose window ends soon', async () => {
    const [arn, other] = [create(late), create(stage)];
    await late.dms.stop({ replicationConfigArn: arn, ...brief });
    await stage.dms.stop({ replicationConfigArn: other, ...brief });
    await Promise.all([untilListed(late, arn), untilListed(stage, other)]);
    const [list] = await follow('Six hours left', late, arn);
    expect(list).toMatch(new RegExp(`^${nameOf(arn)} +stopped +in [34] h`, 'm'));
    expect(list).not.toContain(nameOf(other));
    expect(late.simulator.row(arn).Status).toBe('running');
  });

  test('brings a terminated ledger back', async () => {
    const arn = create(stage);
    const { checkpoint } = await stage.dms.stop({ replicationConfigArn: arn, ...brief });
    await stage.client.workflow.getHandle(`dms-ledger:${arn}`).terminate('by mistake');
    await untilListed(stage, arn, ({ state }) => state === 'lost');
    const [list, , status] = await follow('The ledger was terminated', stage, arn);
    expect(list).toMatch(new RegExp(`^${nameOf(arn)} +lost`, 'm'));
    expect(status).toContain(`${nameOf(arn)} is stopped`);
    // The reset applies the newest update again, so its record has a later time.
    const { recordedAt: _, ...recorded } = checkpoint;
    expect((await stage.dms.ledger(arn)).checkpoints).toMatchObject([recorded]);
  });
});

test('the page moves a ledger whose task queue ends', async () => {
  await using ending = await Stage.set();
  const worker = await ending.work();
  const arn = create(ending);
  await ending.dms.stop({ replicationConfigArn: arn, ...brief });
  await untilListed(ending, arn);
  await ending.stopWorkers(worker);
  const startWorkers = async (line: string) => {
    if (!line.includes('move-ledger')) return;
    await ending.work();
    await ending.work({}, moveTo);
    await until('the next worker polls', async () => (await lastPolls(ending.client, moveTo))?.length === 1);
  };
  const [status] = await follow('Nobody serves the ledger any more', ending, arn, startWorkers, moveTo);
  expect(status).toContain(
    `What to do next:\n  temporal-dms worker --task-queue ${ending.taskQueue}\n  temporal dms status ${arn}\n  temporal dms move-ledger ${arn} --task-queue ${moveTo}\n`,
  );
  await until('it has moved', async () => {
    const { taskQueue } = await ending.client.workflow.getHandle(`dms-ledger:${arn}`).describe();
    return taskQueue === moveTo;
  });
});

test('the page lists every replication first', async () => {
  expect(page.split('## ')[0]).toContain('```sh\ntemporal dms list\n```');
});
