/**
 * `temporal-dms/iam`: {@link createIamPermissions}, what the worker's identity may do, for worker code. No other part of
 * the package imports `@aws-sdk/client-iam` and `@aws-sdk/client-sts`.
 *
 * @module
 */
import { GetRoleCommand, IAMClient, SimulatePrincipalPolicyCommand, type EvaluationResult } from '@aws-sdk/client-iam';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { AwsClients, type ClientFor } from '../aws/clients.js';
import { DmsApiError } from '../dms/api.js';
import type { ReplicationConfigArn } from '../dms/arn.js';
import type { PermissionSource } from '../dms/permissions.js';

export type { Permissions, PermissionSource } from '../dms/permissions.js';

/** Options of {@link createIamPermissions}. Each function must return a new client each time. */
export interface IamPermissionsOptions {
  /** Function that creates the IAM client for an account. Default: the AWS SDK's standard credential chain. */
  readonly iamFor?: ClientFor<IAMClient>;
  /** Function that creates the STS client for an account. Default: the AWS SDK's standard credential chain. */
  readonly stsFor?: ClientFor<STSClient>;
}

/**
 * Creates a source that asks IAM's policy simulator. Needs `iam:SimulatePrincipalPolicy` on the worker's own role, and
 * `iam:GetRole` if the role has a path.
 *
 * IAM decides by the policies of the identity, its permissions boundary and the policies of the organization. Session
 * policies are not part of it.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
 */
export function createIamPermissions({
  iamFor = ({ region }) => new IAMClient({ region }),
  stsFor = ({ region }) => new STSClient({ region }),
}: IamPermissionsOptions = {}): PermissionSource {
  const [iam, sts] = [new AwsClients(iamFor), new AwsClients(stsFor)];

  const identityOf = async (arn: ReplicationConfigArn, signal: AbortSignal): Promise<string> => {
    const ask: Parameters<typeof sts.send<{ Arn?: string | undefined }>>[1] = (client, options) =>
      client.send(new GetCallerIdentityCommand(), options);
    const { answer } = await sts.send(arn, ask, signal);
    return answer.Arn ?? '';
  };
  const simulate = async (
    arn: ReplicationConfigArn,
    identity: string,
    actions: readonly string[],
    signal: AbortSignal,
  ) => {
    const command = new SimulatePrincipalPolicyCommand({
      PolicySourceArn: identity,
      ActionNames: [...actions],
      ResourceArns: [arn.arn],
    });
    const { answer } = await iam.send(arn, (client, options) => client.send(command, options), signal);
    return answer.EvaluationResults ?? [];
  };
  const roleArn = async (arn: ReplicationConfigArn, RoleName: string, signal: AbortSignal): Promise<string> => {
    const { answer } = await iam.send(
      arn,
      (client, options) => client.send(new GetRoleCommand({ RoleName }), options),
      signal,
    );
    return answer.Role?.Arn ?? '';
  };

  return {
    async read(arn, actions, signal) {
      try {
        const caller = await identityOf(arn, signal);
        const role = /^arn:([^:]+):sts::(\d+):assumed-role\/([^/]+)\//.exec(caller);
        if (role === null) return judge(actions, await simulate(arn, caller, actions, signal));
        const [, partition, account, name = ''] = role;
        // The ARN of the session does not tell the path of the role. Most roles have none.
        const results = await simulate(arn, `arn:${partition}:iam::${account}:role/${name}`, actions, signal).catch(
          async (err: unknown) => {
            if (!(err instanceof DmsApiError) || err.awsName !== 'NoSuchEntityException') throw err;
            return simulate(arn, await roleArn(arn, name, signal), actions, signal);
          },
        );
        return judge(actions, results);
      } catch (err) {
        throw err instanceof DmsApiError ? new Error(`${err.awsName}: ${err.message}`) : err;
      }
    },
  };
}

/** An action that IAM does not answer for, or that depends on a value that IAM does not know, is undecided. */
function judge(actions: readonly string[], results: readonly EvaluationResult[]) {
  const resultOf = (action: string) => results.find(({ EvalActionName }) => EvalActionName === action);
  const isDecided = (result: EvaluationResult | undefined) =>
    result?.EvalDecision === 'allowed' || (result !== undefined && (result.MissingContextValues ?? []).length === 0);
  return {
    denied: actions.filter((action) => {
      const result = resultOf(action);
      return isDecided(result) && result?.EvalDecision !== 'allowed';
    }),
    undecided: actions.filter((action) => !isDecided(resultOf(action))),
  };
}
