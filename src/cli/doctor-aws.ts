/** Checks of AWS by `temporal-dms doctor`: credentials, account, clock and permissions. */
import { dmsCommand } from '../contract/commands.js';
import type { ReplicationConfigArn } from '../dms/arn.js';
import { problemOf } from '../program.js';
import { bad, ok, skipped, type DoctorCheck } from './doctor.js';

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
