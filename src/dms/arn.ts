/** The parts of `arn:<partition>:dms:<region>:<account>:replication-config:<id>`. */
export interface ReplicationConfigArn {
  readonly arn: string;
  readonly partition: 'aws' | 'aws-cn' | 'aws-us-gov';
  readonly region: string;
  readonly accountId: string;
  /** The last part: random, or the `ResourceIdentifier` given when the config was created. */
  readonly resourceId: string;
}

const example = 'arn:aws:dms:eu-west-1:123456789012:replication-config:ABCDEFGHIJKLMNOPQRSTUVWXYZ';

/**
 * Splits the ARN of a DMS Serverless replication config.
 *
 * @throws TypeError that says which part is wrong. In workflow code catch it: there a plain error fails the workflow task, not the workflow.
 */
export function parseReplicationConfigArn(value: string): ReplicationConfigArn {
  const { arn, problem } = readArn(value);
  if (arn === null) throw new TypeError(`Not the ARN of a replication config: ${problem}. It looks like ${example}`);
  return arn;
}

/** Where requests for a replication go and whose limits they count against: one account in one region. */
export function accountAndRegion(arn: ReplicationConfigArn): string {
  return `${arn.partition}:${arn.accountId}:${arn.region}`;
}

type ReadArn =
  { readonly arn: ReplicationConfigArn; readonly problem: null } | { readonly arn: null; readonly problem: string };

function readArn(value: unknown): ReadArn {
  if (typeof value !== 'string') return wrong(`it is ${value === null ? 'null' : typeof value}, not a string`);
  if (value !== value.trim()) return wrong('it has white space around it');
  const [scheme, partition, service, region, accountId, resourceType, resourceId, ...rest] = value.split(':');
  if (scheme !== 'arn') return wrong(`it does not start with "arn:"`);
  if (partition !== 'aws' && partition !== 'aws-cn' && partition !== 'aws-us-gov') {
    return wrong(`its partition is "${shown(partition)}", not aws, aws-cn or aws-us-gov`);
  }
  if (service !== 'dms') return wrong(`its service is "${shown(service)}", not dms`);
  if (!/^[a-z]{2}(-[a-z]+)+-\d+$/.test(region ?? '')) return wrong(`its region is "${shown(region)}"`);
  if (!/^\d{12}$/.test(accountId ?? '')) return wrong(`its account is "${shown(accountId)}", not 12 digits`);
  if (resourceType !== 'replication-config') {
    return wrong(`it names a "${shown(resourceType)}", not a replication-config`);
  }
  if (!/^[A-Za-z0-9][A-Za-z0-9-]{0,127}$/.test(resourceId ?? '') || rest.length > 0) {
    return wrong(`its identifier is "${shown([resourceId, ...rest].join(':'))}"`);
  }
  return {
    arn: { arn: value, partition, region: region ?? '', accountId: accountId ?? '', resourceId: resourceId ?? '' },
    problem: null,
  };
}

function wrong(problem: string): ReadArn {
  return { arn: null, problem };
}

function shown(part: string | undefined): string {
  return (part ?? '').slice(0, 80);
}
