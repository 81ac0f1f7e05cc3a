/**
 * `temporal-dms/iam`: {@link createIamPermissions}, what the worker's identity may do, for worker code. No other part of
 * the package imports `@aws-sdk/client-iam` and `@aws-sdk/client-sts`.
 *
 * @module
 */
import { GetRoleCommand, IAMClient, SimulatePrincipalPolicyCommand, type EvaluationResult } from '@aws-sdk/client-iam';
import { STSClient } from '@aws-sdk/client-sts';
import { AwsClients, type ClientFor } from '../aws/clients.js';
import { DmsApiError } from '../dms/api.js';
import { accountRegionKey, type ReplicationConfigArn } from '../dms/arn.js';
import type { Permissions, PermissionSource } from '../dms/permissions.js';
import { readCaller } from './caller.js';

export type { Permissions, PermissionSource } from '../dms/permissions.js';

/** Options of {@link createIamPermissions}. Each function must return a new client each time. */
export interface IamPermissionsOptions {
  /** Function that creates the IAM client for an account. Default: the AWS SDK's standard credential chain. */
  readonly iamFor?: ClientFor<IAMClient>;
  /** Function that creates the STS client for an account. Default: the AWS SDK's standard credential chain. */
  readonly stsFor?: ClientFor<STSClient>;
}

/**
 * Creates a source that asks IAM's policy simulator. The worker's role needs `iam:SimulatePrincipalPolicy` on itself, and
 * `iam:GetRole` if it has a path.
 *
 * IAM decides by the policies of the identity, its permissions boundary and service control policies. It does not know
 * session policies. A denial by a boundary or a service control policy counts as undecided, because IAM evaluates their
 * conditions without the values of a real request.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
 */
export function createIamPermissions({
  iamFor = ({ region }) => new IAMClient({ region }),
  stsFor = ({ region }) => new STSClient({ region }),
}: IamPermissionsOptions = {}): PermissionSource {
  const [iam, sts] = [new AwsClients(iamFor), new AwsClients(stsFor)];
  /** Identity of the worker, by account-region. */
  const identities = new Map<string, Promise<string>>();

  const identityOf = (arn: ReplicationConfigArn): Promise<string> => {
    const key = accountRegionKey(arn);
    const known = identities.get(key);
    if (known !== undefined) return known;
    // Other replications wait for the same answer, so the signal of one does not end the request.
    const asked = readCaller(arn, sts).then((caller) => caller.arn);
    identities.set(key, asked);
    asked.catch(() => identities.delete(key));
    return asked;
  };

  return {
    async read(arn, actions, signal) {
      const simulate = async (identity: string) => {
        const command = new SimulatePrincipalPolicyCommand({
          PolicySourceArn: identity,
          ActionNames: [...actions],
          ResourceArns: [arn.arn],
          ContextEntries: [
            { ContextKeyName: 'aws:RequestedRegion', ContextKeyType: 'string', ContextKeyValues: [arn.region] },
          ],
        });
        const { answer } = await iam.send(arn, (client, options) => client.send(command, options), signal);
        return judge(actions, answer.EvaluationResults ?? []);
      };
      try {
        const caller = await identityOf(arn);
        const role = /^arn:([^:]+):sts::(\d+):assumed-role\/([^/]+)\//.exec(caller);
        if (role === null) return await simulate(caller);
        const [, partition, account, name = ''] = role;
        // The ARN of the session does not tell the path of the role. Most roles have none.
        const short = `arn:${partition}:iam::${account}:role/${name}`;
        return await simulate(short).catch(async (err: unknown) => {
          const mayHavePath =
            err instanceof DmsApiError && (err.awsName === 'NoSuchEntityException' || err.kind === 'access-denied');
          if (!mayHavePath) throw err;
          const command = new GetRoleCommand({ RoleName: name });
          const found = await iam
            .send(arn, (client, options) => client.send(command, options), signal)
            .catch(() => null);
          const whole = found?.answer.Role?.Arn ?? short;
          if (whole === short) throw err;
          return simulate(whole);
        });
      } catch (err) {
        throw err instanceof DmsApiError ? new Error(`${err.awsName}: ${err.message}`) : err;
      }
    },
  };
}

/** An action is undecided if IAM gives no answer, or lacks a value that the answer depends on. */
function judge(actions: readonly string[], results: readonly EvaluationResult[]): Permissions {
  const denied: string[] = [];
  const undecided = new Map<string, string>();
  for (const action of actions) {
    const result = results.find(({ EvalActionName }) => EvalActionName === action);
    const reason = result === undefined ? 'IAM gives no answer' : uncertaintyOf(result);
    if (reason !== null) undecided.set(action, reason);
    else if (result?.EvalDecision !== 'allowed') denied.push(action);
  }
  const reasons = [...new Set(undecided.values())];
  return { denied, undecided: [...undecided.keys()], reason: reasons.length === 0 ? null : reasons.join('; ') };
}

/** Returns the reason why a decision may be another for a real request. `null`: none. */
function uncertaintyOf(result: EvaluationResult): string | null {
  // IAM lists the keys of a simulation with a resource in either place.
  const keys = [result, ...(result.ResourceSpecificResults ?? [])].flatMap(
    ({ MissingContextValues: missing }) => missing ?? [],
  );
  if (keys.length > 0) return `it depends on ${[...new Set(keys)].join(', ')}`;
  if (result.EvalDecision === 'allowed') return null;
  if (result.OrganizationsDecisionDetail?.AllowedByOrganizations === false) return 'a service control policy denies it';
  if (result.PermissionsBoundaryDecisionDetail?.AllowedByPermissionsBoundary === false)
    return 'a permissions boundary denies it';
  return null;
}
