/** Parts of the ARN of a replication config: `arn:<partition>:dms:<region>:<account>:replication-config:<id>`. */
export interface ReplicationConfigArn {
  /** Complete ARN. */
  readonly arn: string;
  /** Partition: `aws`, `aws-cn`, `aws-us-gov`, `aws-eusc`, `aws-iso` or any other that AWS opens. */
  readonly partition: string;
  /** Region, such as `eu-west-1`. */
  readonly region: string;
  /** Account id, 12 digits. */
  readonly accountId: string;
  /** Last part of the ARN: random, or the `ResourceIdentifier` given when the config was created. */
  readonly resourceId: string;
}

const example = 'arn:aws:dms:eu-west-1:123456789012:replication-config:ABCDEFGHIJKLMNOPQRSTUVWXYZ';

/**
 * Splits the ARN of a DMS Serverless replication config.
 *
 * @throws TypeError that says which part is wrong. Catch it in workflow code: there a plain error fails the workflow
 * task, and Temporal retries the task forever.
 */
export function parseReplicationConfigArn(value: string): ReplicationConfigArn {
  const invalidArn = (problem: string) =>
    new TypeError(`Not the ARN of a replication config: ${problem}. Example: ${example}`);
  if (typeof value !== 'string') throw invalidArn(`it is ${describeValue(value)}, not a string`);
  if (value !== value.trim()) throw invalidArn('it has white space around it');
  const [scheme, partition = '', service, region = '', accountId = '', resourceType, ...rest] = value.split(':');
  const resourceId = rest.join(':');
  if (scheme !== 'arn') throw invalidArn('it does not start with "arn:"');
  if (!/^aws(-[a-z]{1,20}){0,4}$/.test(partition)) {
    throw invalidArn(`its partition is "${cutText(partition)}", not aws or one like aws-cn, aws-us-gov or aws-eusc`);
  }
  if (service !== 'dms') throw invalidArn(`its service is "${cutText(service)}", not dms`);
  if (!/^[a-z]{2,10}(-[a-z]{1,20}){1,4}-\d{1,3}$/.test(region)) throw invalidArn(`its region is "${cutText(region)}"`);
  if (!/^\d{12}$/.test(accountId)) throw invalidArn(`its account is "${cutText(accountId)}", not 12 digits`);
  if (resourceType !== 'replication-config')
    throw invalidArn(`it names a "${cutText(resourceType)}", not a replication-config`);
  if (!/^[A-Za-z0-9][A-Za-z0-9-]{0,127}$/.test(resourceId))
    throw invalidArn(`its identifier is "${cutText(resourceId)}"`);
  return { arn: value, partition, region, accountId, resourceId };
}

/** Returns the key of an ARN's account-region. Clients, watcher and request budget are shared by this key. */
export function accountRegionKey(arn: ReplicationConfigArn): string {
  return `${arn.partition}:${arn.accountId}:${arn.region}`;
}

/** Describes a value, for a message about a wrong one. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'string') return `the string "${cutText(value)}"`;
  if (typeof value === 'number' || typeof value === 'boolean') return `the ${typeof value} ${value}`;
  if (Array.isArray(value)) return 'an array';
  if (value instanceof Date) return 'a Date';
  return typeof value === 'object' ? `an object { ${cutText(Object.keys(value).join(', '))} }` : `a ${typeof value}`;
}

function cutText(part = ''): string {
  return part.slice(0, 80);
}
