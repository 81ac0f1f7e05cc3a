/** Checks of Temporal by `temporal-dms doctor`: the server, the workers and the ledgers. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowNotFoundError, type Client, type WorkflowHandle } from '@temporalio/client';
import { isUnanswered, serverMessageOf } from '../client/reach.js';
import { describeStuckTask } from '../client/problems.js';
import { findWaitingTask, lastPolls } from '../client/workers.js';
import { shellWord, workerCommand } from '../contract/commands.js';
import { isDmsFailure } from '../contract/failures.js';
import { ledgerWorkflowId, planType, workflowTypes } from '../contract/names.js';
import { messageOf } from '../program.js';
import { distance } from './text.js';

export interface DoctorCheck {
  readonly name: string;
  /** `warning`: it works, and somebody should know. `skipped`: an earlier check failed, or nothing was asked for. */
  readonly state: 'ok' | 'warning' | 'failed' | 'skipped';
  readonly detail: string;
  /** Way out. `null`: none is needed. */
  readonly hint: string | null;
}

/** Values of `TaskQueueType` in Temporal's API. */
const [WORKFLOW, ACTIVITY] = [1, 2] as const;
/** Time limit for a worker to answer the probe workflow. */
const PROBE_SECONDS = 20;
/** Seconds after which a probe that no worker has taken counts as unserved. */
const UNSERVED_SECONDS = 8;
/** Time between two looks at the probe workflow. */
const PROBE_LOOK_MS = 500;
export const ok = (name: string, detail: string): DoctorCheck => ({ name, state: 'ok', detail, hint: null });
export const bad = (state: 'failed' | 'warning', name: string, detail: string, hint: string): DoctorCheck => ({
  name,
  state,
  detail,
  hint,
});
export const skipped = (name: string, detail: string): DoctorCheck => ({ name, state: 'skipped', detail, hint: null });

/** Checks the namespace, the workers of a task queue, and the workflows that they have. */
export async function checkTemporal(client: Client, taskQueue: string): Promise<readonly DoctorCheck[]> {
  const { namespace } = client.options;
  try {
    await client.workflowService.describeNamespace({ namespace });
  } catch (err) {
    const hint = `Check --namespace, or create it: temporal operator namespace create --namespace ${shellWord(namespace)}`;
    return [bad('failed', 'namespace', `"${namespace}" can't be used: ${messageOf(err)}`, hint)];
  }
  const [workflows, activities] = await Promise.all([
    checkPolls(client, taskQueue, 'workflow workers', WORKFLOW),
    checkPolls(client, taskQueue, 'activity workers', ACTIVITY),
  ]);
  const checks = [ok('namespace', namespace), workflows, activities];
  if (workflows.state === 'failed')
    return [...checks, skipped('workflows', 'No worker polls'), skipped('ledger', 'No worker polls')];
  const { stop, resume, ledger } = workflowTypes;
  return [
    ...checks,
    ...(await Promise.all([
      checkWorkflows(client, taskQueue, 'workflows', [stop, resume, planType]),
      checkWorkflows(client, taskQueue, 'ledger', [ledger]),
    ])),
  ];
}

async function checkPolls(
  client: Client,
  taskQueue: string,
  name: string,
  type: typeof WORKFLOW | typeof ACTIVITY,
): Promise<DoctorCheck> {
  const polls = await lastPolls(client, taskQueue, type);
  if (polls === null) return bad('warning', name, 'Temporal does not say who polls', 'Allow DescribeTaskQueue.');
  const newest = polls.toSorted().at(-1);
  return newest === undefined
    ? bad('failed', name, `Nobody polls the task queue "${taskQueue}"`, `Start a worker: ${workerCommand(taskQueue)}`)
    : ok(name, `${polls.length} on the task queue "${taskQueue}", the last poll was ${distance(newest)}`);
}

/** Checks that a worker has workflows. Returns the first problem. */
async function checkWorkflows(
  client: Client,
  taskQueue: string,
  name: string,
  types: readonly string[],
): Promise<DoctorCheck> {
  const problems = await Promise.all(types.map((type) => findWorkflowProblem(client, taskQueue, name, type)));
  return problems.find((problem) => problem !== null) ?? ok(name, `A worker has ${types.join(', ')}`);
}

/** Starts a workflow with an input that it refuses at once. Only a worker that has its type can refuse it. */
async function findWorkflowProblem(
  client: Client,
  taskQueue: string,
  name: string,
  type: string,
): Promise<DoctorCheck | null> {
  const workflowId = `dms-doctor:${randomUUID()}`;
  const handle = client.workflow.getHandle(workflowId);
  try {
    await client.workflow.start(type, {
      workflowId,
      taskQueue,
      args: [{ replicationConfigArn: 'doctor', kind: 'stop', input: { replicationConfigArn: 'doctor' } }],
      staticSummary: 'temporal-dms doctor: fails by intent, and has no effect',
      workflowExecutionTimeout: '30 s',
    });
  } catch (err) {
    const hint = 'Allow StartWorkflowExecution to check the workflows.';
    return bad('warning', name, `No workflow can be started: ${serverMessageOf(err)}`, hint);
  }
  const problem = await problemOfProbe(client, handle);
  if (problem === null) return null;
  await handle.terminate('temporal-dms doctor gave up').catch(() => {});
  const { text, isUnserved } = problem;
  const hint = isUnserved
    ? `Start a worker: ${workerCommand(taskQueue)}`
    : 'Export the workflows of temporal-dms/workflows from the file that the worker bundles.';
  return bad('failed', name, `No worker of the task queue "${taskQueue}" ran ${type}: ${text}`, hint);
}

interface ProbeProblem {
  readonly text: string;
  /** True if no worker takes the task. */
  readonly isUnserved: boolean;
}

/**
 * Waits for the end of a probe, for a failed task of it, or until no worker has taken its task for too long. `null`: a
 * worker has refused its input, as it should.
 */
async function problemOfProbe(client: Client, handle: WorkflowHandle): Promise<ProbeProblem | null> {
  const [over, begunAt] = [new AbortController(), performance.now()];
  const ended = client
    .withDeadline(Date.now() + PROBE_SECONDS * 1000, () => handle.result())
    .then(
      () => ({ text: 'it took an invalid input, so another workflow has that name', isUnserved: false }),
      (err: unknown) => {
        if (isDmsFailure(err, 'DmsInvalidInput')) return null;
        const text = isUnanswered(err) ? `none completed it within ${PROBE_SECONDS} s` : serverMessageOf(err);
        return { text, isUnserved: false };
      },
    );
  const waitForProblem = async (): Promise<ProbeProblem> => {
    for (;;) {
      await sleep(PROBE_LOOK_MS, undefined, { signal: over.signal });
      const description = await handle.describe();
      const text = await describeStuckTask(client, description);
      if (text !== null) return { text, isUnserved: false };
      const waiting = await findWaitingTask(client, description);
      const isLong = performance.now() - begunAt > UNSERVED_SECONDS * 1000;
      if (waiting !== null && (waiting.isCertain || isLong))
        return {
          text: `no worker has taken the task since ${waiting.since}. The workers may have ended`,
          isUnserved: true,
        };
    }
  };
  try {
    return await Promise.race([ended, waitForProblem().catch(() => ended)]);
  } finally {
    over.abort();
  }
}

/** Checks the workers of one ledger, which may be bound to another task queue than that of the operations. */
export async function checkLedger(client: Client, arn: string): Promise<DoctorCheck> {
  const name = 'its ledger';
  try {
    const description = await client.workflow.getHandle(ledgerWorkflowId(arn)).describe();
    const { taskQueue, status } = description;
    if (status.name === 'RUNNING') {
      const stuck = await describeStuckTask(client, description);
      if (stuck === null) return await checkPolls(client, taskQueue, name, WORKFLOW);
      return bad(
        'failed',
        name,
        stuck,
        `Mend or replace its workers (${workerCommand(taskQueue)}). Then run the doctor again.`,
      );
    }
    const hint = `See it: temporal workflow describe --workflow-id ${ledgerWorkflowId(arn)}`;
    return bad('failed', name, `It is not open: ${status.name}`, hint);
  } catch (err) {
    if (err instanceof WorkflowNotFoundError) return skipped(name, 'Nothing is recorded yet');
    return bad('failed', name, serverMessageOf(err), 'Check the namespace, and that DescribeWorkflow is allowed.');
  }
}
