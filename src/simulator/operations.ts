import type { Spoiled } from './faults.js';
import { AwsFault, type Config, type ReplicationType, type Uncertain } from './model.js';
import type { SimulatedReplication } from './replication.js';
import {
  checkCompute,
  checkEndpoint,
  checkIdentifier,
  checkSettings,
  invalid,
  notFound,
  refuseReadOnly,
  textOf,
} from './checks.js';
import { describeEndpoints } from './endpoints.js';
import { byIdentifier, filteredBy, page, pageOf, present, select, tableFilter } from './lists.js';
import { readMappings } from './mappings.js';
import { idOf, wrongState } from './rules.js';
import { tableCount, tableRow } from './tables.js';

export type Input = Readonly<Record<string, unknown>>;

/** What the operations work on: the replications of one account and region. */
export interface Place {
  readonly accountId: string;
  readonly region: string;
  /** Epoch seconds. */
  readonly now: number;
  readonly uncertain: Uncertain;
  /** From 0 to 1, by the simulator's seed. */
  readonly random: () => number;
  /** All of them in the order in which they were created; what is due has not happened yet to those that nobody has asked for. */
  list(): readonly SimulatedReplication[];
  find(arn: string): SimulatedReplication | undefined;
  add(config: Config): SimulatedReplication;
  /** What a fault does to looks. */
  readonly spoils: Spoiled;
}

/** What is fixed once it was provisioned, and how DMS names it. */
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

type Operation = (place: Place, input: Input) => Record<string, unknown>;

/** The operations of `AmazonDMSv20160101` that are about serverless replications. */
export const operations: Readonly<Record<string, Operation>> = {
  CreateReplicationConfig(place, input) {
    const identifier = textOf(input, 'ReplicationConfigIdentifier');
    const resource =
      typeof input['ResourceIdentifier'] === 'string' ? input['ResourceIdentifier'] : randomIdentifier(place.random);
    checkIdentifier(identifier, 'ReplicationConfigIdentifier');
    if (!/^[A-Za-z][A-Za-z0-9-]{0,30}$/.test(resource)) throw invalid('The parameter ResourceIdentifier is not valid');
    checkEndpoint(input['SourceEndpointArn'], 'source', place);
    checkEndpoint(input['TargetEndpointArn'], 'target', place);
    checkCompute(input['ComputeConfig'] as Input);
    readMappings(textOf(input, 'TableMappings'));
    checkSettings(input);
    const arn = `arn:aws:dms:${place.region}:${place.accountId}:replication-config:${resource}`;
    if (place.find(arn) !== undefined || byIdentifier(place, identifier) !== undefined) {
      throw new AwsFault('ResourceAlreadyExistsFault', `Replication Config ${identifier} already exists`);
    }
    const { quota } = place.uncertain;
    if (quota !== null && present(place, place.list()).length >= quota) {
      throw new AwsFault('ResourceQuotaExceededFault', `The quota of ${quota} replication configs is exceeded`);
    }
    const replication = place.add({
      ReplicationConfigIdentifier: identifier,
      ReplicationConfigArn: arn,
      SourceEndpointArn: textOf(input, 'SourceEndpointArn'),
      TargetEndpointArn: textOf(input, 'TargetEndpointArn'),
      ReplicationType: input['ReplicationType'] as ReplicationType,
      ComputeConfig: input['ComputeConfig'] as Input,
      ReplicationSettings: textOf(input, 'ReplicationSettings', '{}'),
      SupplementalSettings: textOf(input, 'SupplementalSettings', '{}'),
      TableMappings: textOf(input, 'TableMappings'),
      ReplicationConfigCreateTime: place.now,
    });
    return { ReplicationConfig: { ...replication.config, ReplicationConfigUpdateTime: place.now } };
  },

  ModifyReplicationConfig(place, input) {
    const replication = find(place, input);
    refuseReadOnly(replication, 'modified');
    const { config, row } = replication;
    const { ReplicationConfigArn: _, ComputeConfig: compute, ...others } = input;
    const state = row.ProvisionData.ProvisionState?.toLowerCase();
    if (!['created', 'stopped', 'failed', 'deprovisioned'].includes(row.Status) || state === 'deprovisioning') {
      throw wrongState('ModifyReplicationConfig', idOf(replication.arn), row.Status);
    }
    const changed = {
      ...config,
      ...others,
      ComputeConfig: { ...config.ComputeConfig, ...(compute as Input | undefined) },
    };
    const isNew = (name: string, before: Input, after: Input) =>
      JSON.stringify(before[name]) !== JSON.stringify(after[name]);
    const differs = (name: keyof Config) => isNew(name, { ...config }, changed);
    if (!(Object.keys(changed) as (keyof Config)[]).some(differs)) {
      throw new AwsFault('InvalidParameterCombinationException', 'No modifications requested');
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
      const namesake = byIdentifier(place, identifier);
      if (namesake !== undefined && namesake !== replication)
        throw new AwsFault('ResourceAlreadyExistsFault', `Replication Config ${identifier} already exists`);
    }
    if (differs('SourceEndpointArn')) checkEndpoint(changed.SourceEndpointArn, 'source', place);
    if (differs('TargetEndpointArn')) checkEndpoint(changed.TargetEndpointArn, 'target', place);
    if (differs('TableMappings')) readMappings(changed.TableMappings);
    checkCompute(changed.ComputeConfig);
    checkSettings(others);
    replication.modify({ ...changed, ReplicationConfigUpdateTime: place.now });
    return { ReplicationConfig: config };
  },

  DeleteReplicationConfig(place, input) {
    const replication = find(place, input);
    refuseReadOnly(replication, 'deleted');
    replication.delete();
    return { ReplicationConfig: { ...replication.config, ReplicationConfigUpdateTime: place.now } };
  },

  DescribeEndpoints: describeEndpoints,

  DescribeReplicationConfigs(place, input) {
    const found = select(place, input, 'Replication Config');
    const isFiltered = filteredBy(input) !== null;
    const { items, marker } = pageOf(isFiltered ? found : shown(place, found), input, place.uncertain);
    const configs = present(place, items).map((each) => {
      const { ReplicationConfigUpdateTime: _, ...config } = place.spoils.view(each).config;
      return config;
    });
    return { ...marker, ReplicationConfigs: configs };
  },

  DescribeReplications(place, input) {
    const isFiltered = filteredBy(input) !== null;
    const { rowBeforeFirstRun } = place.uncertain;
    const found = select(place, input, 'Replication');
    const isRowless = (each: SimulatedReplication) =>
      place.spoils.isRowless(each) || (rowBeforeFirstRun !== true && !place.spoils.view(each).hasRow);
    const rowless = isFiltered && rowBeforeFirstRun === 'fault' ? found.find(isRowless) : undefined;
    if (rowless !== undefined) throw notFound('Replication', rowless.arn);
    const hasAll = rowBeforeFirstRun === true && place.spoils.hides === null;
    const withRows = hasAll ? found : found.filter((each) => !isRowless(each));
    const { items, marker } = pageOf(isFiltered ? withRows : shown(place, withRows), input, place.uncertain);
    return { ...marker, Replications: present(place, items).map((each) => place.spoils.view(each).row) };
  },

  StartReplication(place, input) {
    const replication = find(place, input);
    const text = (name: string) => (typeof input[name] === 'string' ? input[name] : undefined);
    const type = textOf(input, 'StartReplicationType');
    if (!['start-replication', 'resume-processing', 'reload-target'].includes(type))
      throw invalid(`Invalid StartReplicationType ${type}`);
    const startTime = input['CdcStartTime'] as number | undefined;
    const [startPosition, stopPosition] = [text('CdcStartPosition'), text('CdcStopPosition')];
    if (startTime !== undefined && startPosition !== undefined) {
      throw new AwsFault(
        'InvalidParameterCombinationException',
        'CdcStartTime and CdcStartPosition cannot both be given',
      );
    }
    const [, stopTime] =
      /^(?:server|commit)_time:\s*(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})$/.exec(stopPosition ?? '') ?? [];
    if (stopPosition !== undefined && Number.isNaN(Date.parse(`${stopTime}Z`)))
      throw invalid('Invalid CdcStopPosition');
    refuseReadOnly(replication, 'started');
    replication.start({
      type,
      startTime,
      startPosition,
      stopPosition,
      assessment: text('PremigrationAssessmentSettings'),
    });
    return { Replication: replication.row };
  },

  StopReplication(place, input) {
    const replication = find(place, input);
    refuseReadOnly(replication, 'stopped');
    const { Status: before } = replication.row;
    replication.stop();
    const isShown = place.uncertain.stopAnswers === 'stopping';
    return { Replication: isShown ? replication.row : { ...replication.row, Status: before } };
  },

  DescribeReplicationTableStatistics(place, input) {
    const replication = find(place, input);
    const wanted = tableFilter(input);
    const view = place.spoils.view(replication);
    const isShown = (position: number) => {
      const { schema, table } = replication.tables.name(position);
      return (
        `${schema}.${table}` !== place.spoils.hiddenTable && (wanted?.(tableRow(replication, position, view)) ?? true)
      );
    };
    const all = Array.from({ length: tableCount(replication, view) }, (_, position) => position);
    const chosen = wanted === null && place.spoils.hiddenTable === null ? all : all.filter(isShown);
    const { items, marker } = page(chosen, input, 500, place.uncertain);
    const rows = items.map((position) => tableRow(replication, position, view));
    return { ReplicationConfigArn: replication.arn, ...marker, ReplicationTableStatistics: rows };
  },

  ReloadReplicationTables(place, input) {
    const replication = find(place, input);
    refuseReadOnly(replication, 'reloaded');
    const { row } = replication;
    const tables = input['TablesToReload'] as readonly { SchemaName: string; TableName: string }[];
    if (tables.length === 0 || tables.length > 10) throw invalid('TablesToReload must name 1 to 10 tables');
    if (row.Status !== 'running') {
      throw wrongState('ReloadReplicationTables', idOf(replication.arn), row.Status);
    }
    const positions = tables.map(({ SchemaName, TableName }) => {
      const position = replication.tables.find(SchemaName, TableName);
      if (position !== undefined) return position;
      throw invalid(`Table ${SchemaName}.${TableName} does not exist in the replication`);
    });
    if (input['ReloadOption'] === 'validate-only') replication.validate(positions);
    else replication.reload(positions);
    return { ReplicationConfigArn: replication.arn };
  },
};

/** Without those that a fault hides. */
function shown(place: Place, found: readonly SimulatedReplication[]): readonly SimulatedReplication[] {
  return place.spoils.hides === null ? found : found.filter((each) => !place.spoils.isUnlisted(each));
}

function find(place: Place, input: Input): SimulatedReplication {
  const arn = textOf(input, 'ReplicationConfigArn');
  if (!/^arn:[^:]+:dms:[^:]*:\d{12}:replication-config:[A-Za-z0-9-]+$/.test(arn)) {
    throw invalid(`The parameter ReplicationConfigArn must provide a valid ARN: ${arn}`);
  }
  const found = place.find(arn);
  if (found === undefined) throw notFound('Replication Config', arn);
  return found;
}

/** As DMS makes them up: 26 upper-case letters. */
export function randomIdentifier(random: () => number): string {
  return Array.from({ length: 26 }, () => String.fromCharCode(65 + Math.floor(random() * 26))).join('');
}
