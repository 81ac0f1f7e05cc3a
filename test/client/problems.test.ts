/** Problems that hold an operation up. The client, the command line and the details name them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OperationHandle } from '../../src/client/index.js';
import { runCli } from '../support/cli.js';
import { cutoverInput } from '../support/cutover.js';
import { failureOf, quick, Stage, until } from '../support/stage.js';

const brief = { settleSeconds: 0, selfRestartGraceSeconds: 0 };
const warnings: Error[] = [];
const onWarning = (warning: Error) => void warnings.push(warning);
beforeAll(() => void process.on('warning', onWarning));
afterAll(() => void process.off('warning', onWarning));

const endless = { ...quick, durations: { ...quick.durations, stopping: 1e6 } };

interface Trouble {
  readonly cause: string;
  /** Text that names the problem. */
  readonly says: (stage: Stage, arn: string) => string | RegExp;
  /** Brings the stage into trouble. Returns the operation that does not move. */
  readonly begin: (stage: Stage, arn: string) => Promise<OperationHandle<unknown>>;
  /** Text of the progress until the first request to the ledger fails. Default: `says`. */
  readonly saysAtOnce?: (stage: Stage, arn: string) => string;
  /** True if a workflow of the package runs, so that it shows the problem itself. */
  readonly hasDetails: boolean;
}

const startStop = (stage: Stage, replicationConfigArn: string) =>
  stage.dms.startStop({ replicationConfigArn, ...brief });

/** Starts the ledger of a replication on a task queue that no worker serves. */
async function startLostLedger(stage: Stage, arn: string): Promise<void> {
  await stage.client.workflow.start('dmsReplicationLedger', {
    workflowId: `dms-ledger:${arn}`,
    taskQueue: `${stage.taskQueue}-lost`,
    args: [{ replicationConfigArn: arn }],
  });
}

const troubles: readonly Trouble[] = [
  {
    cause: 'no worker polls the task queue',
    says: ({ taskQueue }) => `No worker polls the task queue "${taskQueue}"`,
    begin: startStop,
    hasDetails: false,
  },
  {
    cause: 'the worker has ended during the wait',
    says: ({ taskQueue }) => `No worker has taken a task of the task queue "${taskQueue}" since`,
    begin: async (stage, arn) => {
      await stage.work({ holdSeconds: 2 });
      const stop = await startStop(stage, arn);
      await until('it waits', async () => (await stop.progress()).phase === 'stopping');
      await stage.stopWorkers();
      return stop;
    },
    hasDetails: false,
  },
  {
    cause: 'the worker lacks the workflow',
    says: () => /fail the workflow task of dms:.*no such function .* bundle has the workflow dmsStopReplication/,
    begin: async (stage, arn) => {
      await stage.work({ lacks: 'dmsStopReplication' });
      return startStop(stage, arn);
    },
    hasDetails: false,
  },
  {
    cause: 'the worker lacks the activity',
    says: ({ taskQueue }) => `No worker of the task queue "${taskQueue}" has the activity dms.requestStop`,
    begin: async (stage, arn) => {
      await stage.work({ bare: true, foreign: { other: async () => null } });
      return startStop(stage, arn);
    },
    hasDetails: true,
  },
  {
    cause: 'no worker serves the ledger',
    says: ({ taskQueue }, arn) => new RegExp(`${arn}.*"?${taskQueue}-lost"?|"${taskQueue}-lost"`),
    saysAtOnce: ({ taskQueue }) => `It waits for its ledger. No worker polls the task queue "${taskQueue}-lost"`,
    begin: async (stage, arn) => {
      await startLostLedger(stage, arn);
      await stage.work();
      return startStop(stage, arn);
    },
    hasDetails: true,
  },
  {
    cause: 'the worker lacks the ledger',
    says: (_, arn) => new RegExp(`fail the workflow task of dms-ledger:${arn}: |dms-ledger:${arn} .*no answer`),
    saysAtOnce: ({ taskQueue }, arn) =>
      `It waits for its ledger. The workers of the task queue "${taskQueue}" fail the workflow task of dms-ledger:${arn}: `,
    begin: async (stage, arn) => {
      await stage.work({ lacks: 'dmsReplicationLedger' });
      return startStop(stage, arn);
    },
    hasDetails: true,
  },
];

describe.concurrent.each(troubles)('if $cause', ({ says, saysAtOnce, begin, hasDetails }) => {
  test('the progress, the warning, the command line and the details name it', async () => {
    await using stage = await Stage.set(endless);
    const arn = stage.simulator.createReplication();
    const wanted = says(stage, arn);
    const named = expect.stringMatching(wanted);
    const isNamed = (text: string) => (typeof wanted === 'string' ? text.includes(wanted) : wanted.test(text));
    const stop = await begin(stage, arn);
    const ended = stop.result().catch((err: unknown) => err);

    const { detail, problem } = await until('the progress names it', async () => {
      const progress = await stop.progress();
      return progress.problem !== null && isNamed(progress.problem) ? progress : null;
    });
    const atOnce = expect.stringMatching(saysAtOnce?.(stage, arn) ?? wanted);
    expect([detail, problem]).toEqual([atOnce, atOnce]);
    await until('the client warns', () => warnings.some(({ message }) => isNamed(message)));

    const place = ['--task-queue', stage.taskQueue];
    const shown = await runCli(['stop', arn, '--reason', 'r', '--settle', '0', ...place], {
      onWrite: (written, terminal) => {
        if (isNamed(written)) terminal.emit('SIGINT');
      },
    });
    expect(shown).toMatchObject({ code: 130, stderr: named });
    const handle = stage.client.workflow.getHandle(stop.workflowId);
    const fromStart = await (await handle.describe()).staticDetails();
    expect(fromStart).toContain(
      `temporal dms status ${arn} (or: temporal task-queue describe --task-queue ${stage.taskQueue})`,
    );
    if (hasDetails) {
      await until('the details name it', async () => {
        const { currentDetails } = await handle.query<{ currentDetails: string }>('__temporal_workflow_metadata');
        return isNamed(currentDetails);
      });
    }
    await handle.terminate();
    await ended;
  });
});

test.each<readonly [string, (stage: Stage, arn: string) => Promise<() => Promise<unknown>>]>([
  [
    'dmsStopFleet',
    async (stage, arn) => {
      const fleet = await stage.dms.startStopFleet({ replicationConfigArns: [arn], ...brief });
      return () => fleet.progress();
    },
  ],
  [
    'dmsCutover',
    async (stage, arn) => {
      const cutover = await stage.dms.startCutover(cutoverInput([arn]));
      return () => cutover.status();
    },
  ],
])('the error of a progress request names workers that lack %s', async (workflowType, begin) => {
  await using stage = await Stage.set(endless);
  await stage.work({ lacks: workflowType });
  const ask = await begin(stage, stage.simulator.createReplication());
  const { message } = await failureOf(ask());
  expect(message).toContain(`The workers of the task queue "${stage.taskQueue}" fail the workflow task of dms-`);
});

test.each<
  readonly [string, (stage: Stage, arn: string) => Promise<{ result(): Promise<unknown>; workflowId: string }>]
>([
  ['a resume', (stage, replicationConfigArn) => stage.dms.startResume({ replicationConfigArn })],
  ['a stop fleet', (stage, arn) => stage.dms.startStopFleet({ replicationConfigArns: [arn], ...brief })],
  ['a resume fleet', (stage, arn) => stage.dms.startResumeFleet({ replicationConfigArns: [arn] })],
  ['a cutover', (stage, arn) => stage.dms.startCutover(cutoverInput([arn]))],
])('the client warns that no worker takes %s', async (_, start) => {
  await using stage = await Stage.set(endless);
  const handle = await start(stage, stage.simulator.createReplication());
  const ended = handle.result().catch((err: unknown) => err);
  const named = `No worker polls the task queue "${stage.taskQueue}"`;
  await until('the client warns', () => warnings.some(({ message }) => message.includes(named)));
  await stage.client.workflow.getHandle(handle.workflowId).terminate();
  await ended;
});

test('a problem of the ledger leaves the progress and the details once the ledger answers', async () => {
  await using stage = await Stage.set(endless);
  // The activity that asked the ledger goes on, because DMS can't stop the replication yet.
  const arn = stage.simulator.createReplication({ status: 'modifying', durations: { modifying: 1e6 } });
  await startLostLedger(stage, arn);
  await stage.work();
  const stop = await startStop(stage, arn);
  const handle = stage.client.workflow.getHandle(stop.workflowId);
  const reported = async () => (await handle.query<{ problem: string | null }>('dms.progress')).problem;
  await until('the workflow shows it', async () => (await reported())?.includes(`${stage.taskQueue}-lost`));
  await stage.work({}, `${stage.taskQueue}-lost`);
  await until('it goes on', async () => (await stop.progress()).phase === 'waiting-until-stoppable');
  await until('the workflow shows it no more', async () => (await reported()) === null);
  expect((await stop.progress()).problem).toBeNull();
  await stop.cancel();
  await stop.result().catch((err: unknown) => err);
});

test('the progress of a long wait keeps the time at which it began, over all attempts', async () => {
  await using stage = await Stage.set(endless);
  await stage.work({ holdSeconds: 1 });
  const stop = await startStop(stage, stage.simulator.createReplication());
  const attempts = async () => {
    const { raw } = await stage.client.workflow.getHandle(stop.workflowId).describe();
    return raw.pendingActivities?.[0]?.attempt ?? 0;
  };
  await until('there is another attempt', async () => (await attempts()) > 1);
  const first = await stop.progress();
  await until('there are more attempts', async () => (await attempts()) > 3);
  const later = await stop.progress();
  expect([later.since, later.until]).toEqual([first.since, first.until]);
  await stop.cancel();
  await stop.result().catch((err: unknown) => err);
});
