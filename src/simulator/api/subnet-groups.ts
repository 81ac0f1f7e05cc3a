/** Subnet groups. Their subnets and their VPC are not checked. */
import { AwsFault } from '../engine/aws-fault.js';
import type { SubnetGroup } from '../engine/resources.js';
import type { AccountRegion, Input, Operation } from './account-region.js';
import { invalid, notFound, textOf } from './checks.js';
import { findUser, pageByIndex } from './lists.js';
import { readTags } from './tags.js';

const MOST = 100;
/** Availability zones of a region: the subnets take turns. */
const ZONES = ['a', 'b', 'c'];

export const subnetGroupOperations: Readonly<Record<string, Operation>> = {
  CreateReplicationSubnetGroup(accountRegion, input) {
    const { resources, region, accountId } = accountRegion;
    const identifier = textOf(input, 'ReplicationSubnetGroupIdentifier').toLowerCase();
    if (!/^[a-z0-9 ._-]{1,255}$/.test(identifier) || identifier === 'default')
      throw invalid('The parameter ReplicationSubnetGroupIdentifier is not valid');
    if (resources.subnetGroups.has(identifier))
      throw new AwsFault('ResourceAlreadyExistsFault', `Replication Subnet Group ${identifier} already exists`);
    const subnets = [...new Set(input['SubnetIds'] as readonly string[])];
    const wrong = subnets.find((id) => !/^subnet-[0-9a-z]+$/.test(id));
    if (wrong !== undefined) throw new AwsFault('InvalidSubnet', `The subnet ${wrong} is not valid`);
    if (subnets.length < 2)
      throw new AwsFault(
        'ReplicationSubnetGroupDoesNotCoverEnoughAZs',
        'The replication subnet group does not cover at least two availability zones',
      );
    const tags = readTags(input);
    const group: SubnetGroup = {
      ReplicationSubnetGroupIdentifier: identifier,
      ReplicationSubnetGroupDescription: textOf(input, 'ReplicationSubnetGroupDescription'),
      VpcId: 'vpc-00000000',
      SubnetGroupStatus: 'Complete',
      Subnets: subnets.map((id, n) => ({
        SubnetIdentifier: id,
        SubnetAvailabilityZone: { Name: `${region}${ZONES[n % ZONES.length]}` },
        SubnetStatus: 'Active',
      })),
      SupportedNetworkTypes: ['IPV4'],
    };
    resources.subnetGroups.set(identifier, group);
    resources.tags.set(`arn:aws:dms:${region}:${accountId}:subgrp:${identifier}`, new Map(tags));
    return { ReplicationSubnetGroup: group };
  },

  DescribeReplicationSubnetGroups(accountRegion, input) {
    const asked = (input['Filters'] ?? []) as readonly { Name: string; Values: readonly string[] }[];
    const unknown = asked.find(({ Name }) => Name !== 'replication-subnet-group-id');
    if (unknown !== undefined) throw invalid(`Filter name ${unknown.Name} is not supported`);
    const { subnetGroups } = accountRegion.resources;
    const missing = asked.flatMap(({ Values }) => Values).find((id) => !subnetGroups.has(id));
    if (missing !== undefined) throw notFound('Replication Subnet Group', missing);
    const wanted = [...subnetGroups.values()].filter(({ ReplicationSubnetGroupIdentifier: id }) =>
      asked.every(({ Values }) => Values.includes(id)),
    );
    const { items, marker } = pageByIndex(wanted, input, MOST, accountRegion.uncertain);
    return { ...marker, ReplicationSubnetGroups: items };
  },

  DeleteReplicationSubnetGroup(accountRegion, input) {
    const { resources, region, accountId } = accountRegion;
    const identifier = textOf(input, 'ReplicationSubnetGroupIdentifier').toLowerCase();
    if (!resources.subnetGroups.has(identifier)) throw notFound('Replication Subnet Group', identifier);
    const user = userOf(accountRegion, identifier);
    if (user !== undefined)
      throw new AwsFault(
        'InvalidResourceStateFault',
        `Replication Subnet Group ${identifier} is part of the replication config ${user}`,
      );
    resources.subnetGroups.delete(identifier);
    resources.tags.delete(`arn:aws:dms:${region}:${accountId}:subgrp:${identifier}`);
    return {};
  },
};

/** Returns the identifier of a replication config in the subnet group. */
function userOf(accountRegion: AccountRegion, identifier: string): string | undefined {
  const isUser = ({ ReplicationSubnetGroupId: id }: Input) => String(id).toLowerCase() === identifier;
  return findUser(accountRegion, ({ config }) => isUser(config.ComputeConfig))?.config.ReplicationConfigIdentifier;
}
