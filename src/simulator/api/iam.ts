import { matchesParts } from '../engine/wildcards.js';

/** Statement of an IAM policy. Conditions are not supported. */
export interface Statement {
  /** Effect of the statement. `Deny` overrides `Allow`. */
  readonly Effect: 'Allow' | 'Deny';
  /** Actions, such as `dms:StopReplication`. `*` and `?` are wildcards. */
  readonly Action: string | readonly string[];
  /** ARNs of replication configs. `*` and `?` are wildcards. Actions without a resource type need `*`. */
  readonly Resource: string | readonly string[];
}

/** Actions without a resource type. Only statements for `*` allow them. */
const withoutResource = new Set([
  'dms:DescribeReplications',
  'dms:DescribeReplicationConfigs',
  'dms:CreateReplicationConfig',
  'dms:CreateEndpoint',
  'dms:DescribeEndpoints',
  'dms:DescribeConnections',
  'dms:CreateReplicationSubnetGroup',
  'dms:DescribeReplicationSubnetGroups',
  'cloudwatch:GetMetricData',
]);

/** Returns true if a policy allows an action on a resource. */
export function isAllowed(policy: readonly Statement[], action: string, arn: string | null): boolean {
  return decide(policy, action, arn) === 'allowed';
}

/** Decides about an action on a resource, in the words of IAM. */
export function decide(
  policy: readonly Statement[],
  action: string,
  arn: string | null,
): 'allowed' | 'explicitDeny' | 'implicitDeny' {
  const resource = withoutResource.has(action) || arn === null ? '*' : arn;
  const matching = policy.filter(
    ({ Action, Resource }) =>
      asList(Action).some((each) => matches(each, action)) && asList(Resource).some((each) => matches(each, resource)),
  );
  if (matching.some(({ Effect }) => Effect === 'Deny')) return 'explicitDeny';
  return matching.some(({ Effect }) => Effect === 'Allow') ? 'allowed' : 'implicitDeny';
}

/** Returns the ARN of the only user of an account. */
export function userOf(accountId: string): string {
  return `arn:aws:iam::${accountId}:user/simulated`;
}

export function denial(action: string, accountId: string, arn: string | null): string {
  const resource = withoutResource.has(action) || arn === null ? '*' : arn;
  return `User: ${userOf(accountId)} is not authorized to perform: ${action} on resource: ${resource} because no identity-based policy allows the ${action} action`;
}

function asList(value: string | readonly string[]): readonly string[] {
  return typeof value === 'string' ? [value] : value;
}

/** True if a value matches a pattern of IAM. `*` is any text, `?` any character. Case does not count. */
function matches(pattern: string, value: string): boolean {
  const fits = (part: string, character: string) => part === '?' || part === character;
  return matchesParts(pattern.toLowerCase().split(''), value.toLowerCase(), '*', fits);
}
