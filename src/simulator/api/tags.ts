/** Tags of replication configs, endpoints and subnet groups. */
import { AwsFault } from '../engine/aws-fault.js';
import type { AccountRegion, Input, Operation } from './account-region.js';
import { invalid, notFound, textOf } from './checks.js';
import { findByArn } from './lists.js';

/** Maximum number of tags of a resource. */
const MAX_TAGS = 50;
const MAX_KEY = 128;
const MAX_VALUE = 256;
/** Characters that AWS allows in keys and values. */
const ALLOWED = /^[\p{L}\p{Z}\p{N}_.:/=+-]*$/u;

/** Tag in its wire format. Only a list of several resources names the resource of each tag. */
interface Tag {
  readonly Key: string;
  readonly Value: string;
  readonly ResourceArn?: string;
}

export const tagOperations: Readonly<Record<string, Operation>> = {
  AddTagsToResource(accountRegion, input) {
    const tags = findTags(accountRegion, textOf(input, 'ResourceArn'), 'ResourceArn');
    for (const [key, value] of readTags(input, tags)) tags.set(key, value);
    return {};
  },

  RemoveTagsFromResource(accountRegion, input) {
    const tags = findTags(accountRegion, textOf(input, 'ResourceArn'), 'ResourceArn');
    for (const key of (input['TagKeys'] ?? []) as readonly string[]) tags.delete(key);
    return {};
  },

  ListTagsForResource(accountRegion, input) {
    const arns = input['ResourceArnList'] as readonly string[] | undefined;
    const arn = textOf(input, 'ResourceArn');
    if (arns !== undefined && arn !== '')
      throw new AwsFault(
        'InvalidParameterCombinationException',
        'ResourceArn and ResourceArnList cannot both be given',
      );
    if (arns === undefined) return { TagList: tagsOf(accountRegion, arn, 'ResourceArn') };
    const tags = [...new Set(arns)].flatMap((each) =>
      tagsOf(accountRegion, each, 'ResourceArnList').map((tag) => ({ ...tag, ResourceArn: each })),
    );
    return { TagList: tags };
  },
};

/** Returns the tags of the resource with this ARN. Throws if there is none. */
function findTags(accountRegion: AccountRegion, arn: string, name: string): Map<string, string> {
  const [, kind] = /^arn:[^:]+:dms:[^:]*:\d{12}:(endpoint|subgrp):.+$/.exec(arn) ?? [];
  if (kind === undefined) return findByArn(accountRegion, arn, name).tags;
  const tags = accountRegion.resources.tags.get(arn);
  if (tags === undefined) throw notFound(kind === 'endpoint' ? 'Endpoint' : 'Replication Subnet Group', arn);
  return tags;
}

function tagsOf(accountRegion: AccountRegion, arn: string, name: string): readonly Tag[] {
  return [...findTags(accountRegion, arn, name)].map(([Key, Value]) => ({ Key, Value }));
}

/** Reads `Tags` of a request. Throws if one of them is invalid, or if the resource would have too many. */
export function readTags(input: Input, before: ReadonlyMap<string, string> = new Map()): ReadonlyMap<string, string> {
  const given = (input['Tags'] ?? []) as readonly { readonly Key?: string; readonly Value?: string }[];
  const tags = new Map(given.map(({ Key: key = '', Value: value = '' }) => [key, value]));
  for (const [key, value] of tags) {
    if (key === '' || key.length > MAX_KEY || !ALLOWED.test(key))
      throw invalid(
        `Tag key "${key.slice(0, MAX_KEY)}" is not valid: it takes 1 to ${MAX_KEY} letters, digits, spaces or _.:/=+-`,
      );
    if (/^(aws|dms):/i.test(key) || /^(aws|dms):/i.test(value))
      throw invalid('Tag keys and values cannot begin with aws: or dms:');
    if (value.length > MAX_VALUE || !ALLOWED.test(value))
      throw invalid(
        `The value of tag "${key}" is not valid: it takes at most ${MAX_VALUE} letters, digits, spaces or _.:/=+-`,
      );
  }
  if (new Set([...before.keys(), ...tags.keys()]).size > MAX_TAGS)
    throw invalid(`A resource can have at most ${MAX_TAGS} tags`);
  return tags;
}
