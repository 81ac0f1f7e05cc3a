/** Replications by their AWS tags, read with the operator's own credentials. Loaded only when tags are asked for. */
import {
  DatabaseMigrationServiceClient,
  DescribeReplicationConfigsCommand,
  ListTagsForResourceCommand,
  type Tag,
} from '@aws-sdk/client-database-migration-service';
import { toDmsApiError } from '../aws/errors.js';
import { accessErrorOf } from './aws-access.js';
import { CliError, exitCodes } from './exit-codes.js';

/** Tag that a replication must have. */
export interface WantedTag {
  readonly key: string;
  /** `null`: any value. */
  readonly value: string | null;
}

/** Replications that have all the tags, and where they were looked for. */
export interface Tagged {
  readonly arns: readonly string[];
  readonly region: string;
}

/** Configs in a page of DMS. */
const PAGE = 100;
/** ARNs in a request for tags. DMS documents no maximum. */
const ARNS = 50;
/** Tries of a request. DMS throttles by account and region. */
const TRIES = 6;
const REQUEST_MS = 15_000;

/** Finds the replications of the region that have every one of the tags, in the order of DMS. */
export async function findTagged(wanted: readonly WantedTag[]): Promise<Tagged> {
  const client = new DatabaseMigrationServiceClient({
    maxAttempts: TRIES,
    requestHandler: { connectionTimeout: 5000, requestTimeout: REQUEST_MS, throwOnRequestTimeout: true },
  });
  try {
    const region = await client.config.region();
    const all = await configArns(client);
    const tags = new Map<string, readonly Tag[]>();
    for (let from = 0; from < all.length; from += ARNS)
      for (const [arn, found] of await tagsOf(client, all.slice(from, from + ARNS))) tags.set(arn, found);
    return { arns: all.filter((arn) => hasTags(tags.get(arn) ?? [], wanted)), region };
  } catch (err) {
    throw cliErrorOf(err);
  } finally {
    client.destroy();
  }
}

/** True if a replication has every one of the tags. A replication has at most one value for a key. */
export function hasTags(tags: readonly Tag[], wanted: readonly WantedTag[]): boolean {
  return wanted.every(({ key, value }) =>
    tags.some((tag) => tag.Key === key && (value === null || (tag.Value ?? '') === value)),
  );
}

async function configArns(client: DatabaseMigrationServiceClient): Promise<readonly string[]> {
  const arns = new Set<string>();
  let marker: string | undefined;
  do {
    const page: { Marker?: string; MaxRecords: number } = { MaxRecords: PAGE };
    if (marker !== undefined) page.Marker = marker;
    const answer = await client.send(new DescribeReplicationConfigsCommand(page));
    for (const { ReplicationConfigArn: arn } of answer.ReplicationConfigs ?? []) if (arn !== undefined) arns.add(arn);
    marker = answer.Marker;
  } while (marker !== undefined && marker !== '');
  return [...arns];
}

/**
 * Reads the tags of some replications with one request, or with one for each.
 *
 * One ARN that is gone by now makes the whole request fail. A tag without an ARN could be that of any of them.
 */
async function tagsOf(
  client: DatabaseMigrationServiceClient,
  arns: readonly string[],
): Promise<ReadonlyMap<string, readonly Tag[]>> {
  try {
    const { TagList: tags = [] } = await client.send(new ListTagsForResourceCommand({ ResourceArnList: [...arns] }));
    if (tags.every(({ ResourceArn }) => ResourceArn !== undefined))
      return new Map(arns.map((arn) => [arn, tags.filter(({ ResourceArn }) => ResourceArn === arn)]));
  } catch (err) {
    if (toDmsApiError(err).kind !== 'not-found') throw err;
  }
  const found = new Map<string, readonly Tag[]>();
  for (const arn of arns) found.set(arn, await tagsOfOne(client, arn));
  return found;
}

async function tagsOfOne(client: DatabaseMigrationServiceClient, arn: string): Promise<readonly Tag[]> {
  try {
    return (await client.send(new ListTagsForResourceCommand({ ResourceArn: arn }))).TagList ?? [];
  } catch (err) {
    if (toDmsApiError(err).kind === 'not-found') return [];
    throw err;
  }
}

function cliErrorOf(err: unknown): CliError {
  const failed = "The AWS tags can't be read";
  const actions = 'dms:DescribeReplicationConfigs and dms:ListTagsForResource';
  const { message, awsName } = toDmsApiError(err);
  return (
    accessErrorOf(err, { by: '--tag', failed, actions }) ??
    new CliError(
      `${failed}: ${awsName}: ${message}`,
      'Try again, or name the replications: --file, or their ARNs.',
      exitCodes.failure,
    )
  );
}
