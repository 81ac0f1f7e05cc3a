/** Checks of `temporal-dms doctor`, from the Temporal server to the permissions in AWS. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowNotFoundError, type Client, type WorkflowHandle } from '@temporalio/client';
import { isUnanswered, serverMessageOf } from '../client/reach.js';
import { lastPolls } from '../client/workers.js';
import { dmsCommand, shellWord, workerCommand } from '../contract/commands.js';
import { isDmsFailure } from '../contract/failures.js';
import { ledgerWorkflowId, workflowTypes } from '../contract/names.js';
import type { ReplicationConfigArn } from '../dms/arn.js';
import { messageOf, problemOf } from '../program.js';
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
/** Time between two looks at the probe workflow. */
const PROBE_LOOK_MS = 500;
/** Clock skew that causes a warning. AWS refuses five minutes. */
const SKEW_SECONDS = 60;
/** Actions that the policy of a worker allows: `deploy/iam/worker.json`. */
export const workerActions = [
  'dms:DescribeReplicationConfigs',
  'dms:DescribeReplications',
  'dms:DescribeReplicationTableStatistics',
  'dms:StartReplication',
  'dms:StopReplication',
];
const listed = (actions: readonly string[]) => new Intl.ListFormat('en').format(actions);

const ok = (name: string, detail: string): DoctorCheck => ({ name, state: 'ok', detail, hint: null });
const bad = (state: 'failed' | 'warning', name: string, detail: string, hint: string): DoctorCheck => ({
  name,
  state,
  detail,
  hint,
});
const skipped = (name: string, detail: string): DoctorCheck => ({ name, state: 'skipped', detail, hint: null });

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
  return [
    ...checks,
    await checkWorkflow(client, taskQueue, 'workflows', workflowTypes.stop),
    await checkWorkflow(client, taskQueue, 'ledger', workflowTypes.ledger),
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

/** Starts a workflow with an input that it refuses at once. Only a worker that has its type can refuse it. */
async function checkWorkflow(client: Client, taskQueue: string, name: string, type: string): Promise<DoctorCheck> {
  const workflowId = `dms-doctor:${randomUUID()}`;
  const handle = client.workflow.getHandle(workflowId);
  try {
    await client.workflow.start(type, {
      workflowId,
      taskQueue,
      args: [{ replicationConfigArn: 'doctor' }],
      staticSummary: 'temporal-dms doctor: fails by intent, and has no effect',
      workflowExecutionTimeout: '30 s',
    });
  } catch (err) {
    const hint = 'Allow StartWorkflowExecution to check the workflows.';
    return bad('warning', name, `No workflow can be started: ${serverMessageOf(err)}`, hint);
  }
  const problem = await problemOfProbe(client, handle);
  if (problem === null) return ok(name, `A worker has ${type}`);
  await handle.terminate('temporal-dms doctor gave up').catch(() => {});
  return bad(
    'failed',
    name,
    `No worker of the task queue "${taskQueue}" ran ${type}: ${problem}`,
    'Export the workflows of temporal-dms/workflows from the file that the worker bundles.',
  );
}

/** Waits for the end of a probe, or for a failed task of it. `null`: a worker has refused its input, as it should. */
async function problemOfProbe(client: Client, handle: WorkflowHandle): Promise<string | null> {
  const over = new AbortController();
  const ended = client
    .withDeadline(Date.now() + PROBE_SECONDS * 1000, () => handle.result())
    .then(
      () => 'it took an invalid input, so another workflow has that name',
      (err: unknown) => {
        if (isDmsFailure(err, 'DmsInvalidInput')) return null;
        return isUnanswered(err) ? `none took it within ${PROBE_SECONDS} s` : serverMessageOf(err);
      },
    );
  const failed = async (): Promise<string | null> => {
    for (;;) {
      await sleep(PROBE_LOOK_MS, undefined, { signal: over.signal });
      const { raw } = await handle.describe();
      if (Number(raw.pendingWorkflowTask?.attempt) > 1) return 'its worker does not know that workflow';
    }
  };
  try {
    return await Promise.race([ended, failed().catch(() => ended)]);
  } finally {
    over.abort();
  }
}

/** Checks the workers of one ledger, which may be bound to another task queue than that of the operations. */
export async function checkLedger(client: Client, arn: string): Promise<DoctorCheck> {
  const name = 'its ledger';
  try {
    const { taskQueue, status } = await client.workflow.getHandle(ledgerWorkflowId(arn)).describe();
    if (status.name === 'RUNNING') return await checkPolls(client, taskQueue, name, WORKFLOW);
    const hint = `See it: temporal workflow describe --workflow-id ${ledgerWorkflowId(arn)}`;
    return bad('failed', name, `It is not open: ${status.name}`, hint);
  } catch (err) {
    if (err instanceof WorkflowNotFoundError) return skipped(name, 'Nothing is recorded yet');
    return bad('failed', name, serverMessageOf(err), 'Check the namespace, and that DescribeWorkflow is allowed.');
  }
}

/**
 * Checks what this machine can do in AWS. The workers may have other credentials. So a lack of the operator's own
 * credentials is only a warning.
 */
export async function checkAws(
  arn: ReplicationConfigArn | null,
  env: Readonly<Record<string, string | undefined>>,
): Promise<readonly DoctorCheck[]> {
  const endpoint = env['AWS_ENDPOINT_URL_DATABASE_MIGRATION_SERVICE'] || env['AWS_ENDPOINT_URL'];
  const checks = endpoint
    ? [bad('warning', 'endpoint', `Requests go to ${endpoint}, not to AWS`, 'Unset AWS_ENDPOINT_URL… for AWS.')]
    : [ok('endpoint', "AWS's own")];
  try {
    const { requireCredentials } = await import('../aws/index.js');
    await requireCredentials();
  } catch (err) {
    const hint = 'The workers may have others. Set AWS_PROFILE to check them from here.';
    return [...checks, bad('warning', 'credentials', problemOf(err), hint)];
  }
  checks.push(ok('credentials', 'Found on this machine'));
  if (arn === null) return [...checks, ...(await checkRegion())];
  const account = await checkAccount(arn, arn.accountId);
  // AWS shows a replication only to its own account.
  if (account.isOther)
    return [
      ...checks,
      account.check,
      ...['replication', 'clock', 'permissions'].map((name) => skipped(name, 'Another account')),
    ];
  return [...checks, account.check, ...(await checkReplication(arn)), await checkPermissions(arn)];
}

/** Checks what needs no replication, in the region of the environment or the AWS profile. */
async function checkRegion(): Promise<readonly DoctorCheck[]> {
  const [replication, permissions] = ['replication', 'permissions'].map((name) =>
    skipped(name, 'Name a replication to check it'),
  ) as [DoctorCheck, DoctorCheck];
  const region = await readRegion();
  if (region === null) {
    const without = ['account', 'clock'].map((name) => skipped(name, 'Name a replication, or set AWS_REGION'));
    return [...without, replication, permissions];
  }
  const place: ReplicationConfigArn = { arn: '', partition: 'aws', region, accountId: '', resourceId: '' };
  const { createAwsDmsApi } = await import('../aws/index.js');
  const [account, clock] = await Promise.all([
    checkAccount(place, null),
    createAwsDmsApi()
      .listReplications(place, null)
      .then(
        ({ dmsTime }) => clockCheck(dmsTime),
        (err: unknown) =>
          bad(
            'warning',
            'clock',
            problemOf(err),
            'Check the network, and that you may list replications (dms:DescribeReplications).',
          ),
      ),
  ]);
  return [account.check, replication, clock, permissions];
}

/** Reads the region as the AWS SDK does. `null`: neither a variable nor the profile names one. */
async function readRegion(): Promise<string | null> {
  const { DatabaseMigrationServiceClient } = await import('@aws-sdk/client-database-migration-service');
  const client = new DatabaseMigrationServiceClient({});
  try {
    return await client.config.region();
  } catch {
    return null;
  } finally {
    client.destroy();
  }
}

/** Compares the account of the credentials with that of the replication. `accountId`: `null` accepts any. */
async function checkAccount(
  arn: ReplicationConfigArn,
  accountId: string | null,
): Promise<{ check: DoctorCheck; isOther: boolean }> {
  const name = 'account';
  try {
    const { readCaller } = await import('../iam/caller.js');
    const caller = await readCaller(arn);
    if (accountId === null || caller.accountId === accountId)
      return { check: ok(name, `You are ${caller.arn} in ${arn.region}`), isOther: false };
    const what = `You are ${caller.arn}, and the replication is in the account ${arn.accountId}`;
    const hint =
      'The workers may have other credentials. Check the ARN, or set AWS_PROFILE to a profile of that account.';
    return { check: bad('warning', name, what, hint), isOther: true };
  } catch (err) {
    const hint = 'Check AWS_PROFILE and the network, then run temporal dms doctor again.';
    return { check: bad('warning', name, problemOf(err), hint), isOther: false };
  }
}

async function checkReplication(arn: ReplicationConfigArn): Promise<readonly DoctorCheck[]> {
  const [{ createAwsDmsApi }, { DmsApiError }] = await Promise.all([
    import('../aws/index.js'),
    import('../dms/api.js'),
  ]);
  try {
    const { replication, dmsTime } = await createAwsDmsApi().describeReplication(arn);
    return [ok('replication', `DMS shows "${replication.status}" in ${arn.region}`), clockCheck(dmsTime)];
  } catch (err) {
    const clock = skipped('clock', 'No answer from DMS');
    if (err instanceof DmsApiError && err.kind === 'access-denied') {
      const hint = workersNeedThem(arn.arn);
      return [bad('warning', 'replication', problemOf(err), hint), clock];
    }
    return [bad('failed', 'replication', problemOf(err), 'Check the account and the region in the ARN.'), clock];
  }
}

function clockCheck(dmsTime: number): DoctorCheck {
  const seconds = Math.round(Math.abs(dmsTime - Date.now()) / 1000);
  const detail = `${seconds} s from DMS's`;
  if (seconds <= SKEW_SECONDS) return ok('clock', detail);
  return bad('warning', 'clock', detail, 'AWS refuses requests from a clock that is 5 min off.');
}

/** Checks the operator's own permissions. Only the workers need them. */
async function checkPermissions(arn: ReplicationConfigArn): Promise<DoctorCheck> {
  const name = 'permissions';
  try {
    const { createIamPermissions } = await import('../iam/index.js');
    const { denied, undecided, reason } = await createIamPermissions().read(
      arn,
      workerActions,
      AbortSignal.timeout(15_000),
    );
    if (denied.length > 0) return bad('warning', name, `IAM denies you ${listed(denied)}`, workersNeedThem(arn.arn));
    if (undecided.length === 0) return ok(name, `IAM allows you ${listed(workerActions)}`);
    const what = `IAM gives no decision on ${listed(undecided)}`;
    return bad('warning', name, reason === null ? what : `${what}: ${reason}`, workersNeedThem(arn.arn));
  } catch (err) {
    const hint = `IAM can be asked with iam:SimulatePrincipalPolicy only. ${workersNeedThem(arn.arn)}`;
    return bad('warning', name, problemOf(err), hint);
  }
}

/** Says whose permissions count, and how to check them. */
function workersNeedThem(arn: string): string {
  return `Only the workers need them. A worker with TEMPORAL_DMS_PERMISSIONS=iam checks its own: ${dmsCommand('stop', arn, '--dry-run')}`;
}
