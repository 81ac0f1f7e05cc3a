/** The operations that create, change and delete replication configs. */
import { AwsFault } from '../engine/aws-fault.js';
import type { Config, ReplicationType } from '../engine/model.js';
import { readMappings } from '../engine/mappings.js';
import { idOf, wrongState } from '../engine/rules.js';
import { changedSettings, settingsOf } from '../engine/task-settings.js';
import type { Input, Operation } from './account-region.js';
import {
  checkCompute,
  checkEndpoint,
  checkIdentifier,
  checkSupplementalSettings,
  invalid,
  refuseReadOnly,
  textOf,
} from './checks.js';
import { findByIdentifier, find, runDueEvents } from './lists.js';
import { randomIdentifier } from './random-identifier.js';
import { readTags } from './tags.js';

/** Fields that can't change once the replication was provisioned, and their names in DMS's messages. */
const fixedMembers = [
  ['ReplicationType', 'replication-type'],
  ['SourceEndpointArn', 'source-endpoint-arn'],
  ['TargetEndpointArn', 'target-endpoint-arn'],
] as const;
const fixedCompute = [
  ['AvailabilityZone', 'availability-zone'],
  ['DnsNameServers', 'dns-name-servers'],
  ['KmsKeyId', 'kms-key-id'],
  ['ReplicationSubnetGroupId', 'replication-subnet-group-id'],
] as const;

export const configOperations: Readonly<Record<string, Operation>> = {
  CreateReplicationConfig(accountRegion, input) {
    const identifier = textOf(input, 'ReplicationConfigIdentifier');
    const resource =
      typeof input['ResourceIdentifier'] === 'string'
        ? input['ResourceIdentifier']
        : randomIdentifier(accountRegion.random);
    checkIdentifier(identifier, 'ReplicationConfigIdentifier');
    if (!/^[A-Za-z][A-Za-z0-9-]{0,30}$/.test(resource)) throw invalid('The parameter ResourceIdentifier is not valid');
    checkEndpoint(input['SourceEndpointArn'], 'source', accountRegion);
    checkEndpoint(input['TargetEndpointArn'], 'target', accountRegion);
    checkCompute(input['ComputeConfig'] as Input);
    readMappings(textOf(input, 'TableMappings'));
    checkSupplementalSettings(input);
    const type = input['ReplicationType'] as ReplicationType;
    const settings = settingsOf(textOf(input, 'ReplicationSettings', '{}'), type);
    const arn = `arn:aws:dms:${accountRegion.region}:${accountRegion.accountId}:replication-config:${resource}`;
    if (accountRegion.find(arn) !== undefined || findByIdentifier(accountRegion, identifier) !== undefined) {
      throw new AwsFault('ResourceAlreadyExistsFault', `Replication Config ${identifier} already exists`);
    }
    const { quota } = accountRegion.uncertain;
    if (quota !== null && runDueEvents(accountRegion, accountRegion.list()).length >= quota) {
      throw new AwsFault('ResourceQuotaExceededFault', `The quota of ${quota} replication configs is exceeded`);
    }
    const tags = readTags(input);
    const replication = accountRegion.add({
      ReplicationConfigIdentifier: identifier,
      ReplicationConfigArn: arn,
      SourceEndpointArn: textOf(input, 'SourceEndpointArn'),
      TargetEndpointArn: textOf(input, 'TargetEndpointArn'),
      ReplicationType: type,
      ComputeConfig: input['ComputeConfig'] as Input,
      ReplicationSettings: settings,
      ...(input['SupplementalSettings'] === undefined
        ? {}
        : { SupplementalSettings: textOf(input, 'SupplementalSettings') }),
      TableMappings: textOf(input, 'TableMappings'),
      ReplicationConfigCreateTime: accountRegion.now,
    });
    for (const [key, value] of tags) replication.tags.set(key, value);
    return { ReplicationConfig: { ...replication.config, ReplicationConfigUpdateTime: accountRegion.now } };
  },

  ModifyReplicationConfig(accountRegion, input) {
    const replication = find(accountRegion, input);
    refuseReadOnly(replication, 'modified');
    const { config, row } = replication;
    const { ReplicationConfigArn: _, ComputeConfig: compute, ReplicationSettings: settings, ...others } = input;
    const state = row.ProvisionData.ProvisionState?.toLowerCase();
    if (!['created', 'stopped', 'failed', 'deprovisioned'].includes(row.Status) || state === 'deprovisioning') {
      throw wrongState('ModifyReplicationConfig', idOf(replication.arn), row.Status);
    }
    const changed = {
      ...config,
      ...others,
      ComputeConfig: { ...config.ComputeConfig, ...(compute as Input | undefined) },
      ...(typeof settings === 'string'
        ? { ReplicationSettings: changedSettings(config.ReplicationSettings, settings) }
        : {}),
    };
    const isNew = (name: string, before: Input, after: Input) =>
      JSON.stringify(before[name]) !== JSON.stringify(after[name]);
    const differs = (name: keyof Config) => isNew(name, { ...config }, changed);
    if (!(Object.keys(changed) as (keyof Config)[]).some(differs)) {
      throw new AwsFault(
        'InvalidParameterCombinationException',
        `No modifications requested for replication config with arn, '${replication.arn}'`,
      );
    }
    const isFixed = row.Status !== 'created' && !(row.Status === 'failed' && state === undefined);
    const refused = isFixed
      ? (fixedMembers.find(([name]) => differs(name)) ??
        fixedCompute.find(([name]) => isNew(name, config.ComputeConfig, changed.ComputeConfig)))
      : undefined;
    if (refused !== undefined) {
      throw invalid(
        `${refused[1]} cannot be modified as the replication is in ${state ?? row.Status}. You can only modify replication configs before provisioning capacity.`,
      );
    }
    if (differs('ReplicationConfigIdentifier')) {
      const { ReplicationConfigIdentifier: identifier } = changed;
      checkIdentifier(identifier, 'ReplicationConfigIdentifier');
      const namesake = findByIdentifier(accountRegion, identifier);
      if (namesake !== undefined && namesake !== replication)
        throw new AwsFault('ResourceAlreadyExistsFault', `Replication Config ${identifier} already exists`);
    }
    if (differs('SourceEndpointArn')) checkEndpoint(changed.SourceEndpointArn, 'source', accountRegion);
    if (differs('TargetEndpointArn')) checkEndpoint(changed.TargetEndpointArn, 'target', accountRegion);
    if (differs('TableMappings')) readMappings(changed.TableMappings);
    checkCompute(changed.ComputeConfig);
    checkSupplementalSettings(others);
    replication.modify({ ...changed, ReplicationConfigUpdateTime: accountRegion.now });
    return { ReplicationConfig: config };
  },

  DeleteReplicationConfig(accountRegion, input) {
    const replication = find(accountRegion, input);
    refuseReadOnly(replication, 'deleted');
    replication.delete();
    return { ReplicationConfig: { ...replication.config, ReplicationConfigUpdateTime: accountRegion.now } };
  },
};
