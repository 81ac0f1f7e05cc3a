import { AwsFault } from '../engine/aws-fault.js';

/** Members of a request and their types. `!` marks a required member. Unknown members are ignored, as on AWS. */
type Shape = { readonly [member: string]: string | Shape | readonly [Shape | string] };

const filters = [{ Name: 'string!', 'Values!': ['string'] }] as const;
const paging = { MaxRecords: 'integer', Marker: 'string', Filters: filters } as const;
const compute = {
  AvailabilityZone: 'string',
  DnsNameServers: 'string',
  KmsKeyId: 'string',
  MaxCapacityUnits: 'integer',
  MinCapacityUnits: 'integer',
  MultiAZ: 'boolean',
  PreferredMaintenanceWindow: 'string',
  ReplicationSubnetGroupId: 'string',
  VpcSecurityGroupIds: ['string'],
} as const;
const settings = {
  ReplicationSettings: 'string',
  SupplementalSettings: 'string',
} as const;
/** Members of an endpoint for the settings of its engine. They are kept as they are. */
export const engineSettings = [
  'DmsTransferSettings',
  'DocDbSettings',
  'DynamoDbSettings',
  'ElasticsearchSettings',
  'GcpMySQLSettings',
  'IBMDb2Settings',
  'KafkaSettings',
  'KinesisSettings',
  'MicrosoftSQLServerSettings',
  'MongoDbSettings',
  'MySQLSettings',
  'NeptuneSettings',
  'OracleSettings',
  'PostgreSQLSettings',
  'RedisSettings',
  'RedshiftSettings',
  'S3Settings',
  'SybaseSettings',
  'TimestreamSettings',
];
const endpoint: Shape = {
  ...Object.fromEntries(engineSettings.map((name) => [name, 'structure'])),
  Username: 'string',
  Password: 'string',
  ServerName: 'string',
  Port: 'integer',
  DatabaseName: 'string',
  ExtraConnectionAttributes: 'string',
  CertificateArn: 'string',
  SslMode: 'ssl-mode',
  ServiceAccessRoleArn: 'string',
  ExternalTableDefinition: 'string',
};
const tags = [{ Key: 'string', Value: 'string', ResourceArn: 'string' }] as const;

export const requestShapes: Readonly<Record<string, Shape>> = {
  CreateReplicationConfig: {
    ReplicationConfigIdentifier: 'string!',
    SourceEndpointArn: 'string!',
    TargetEndpointArn: 'string!',
    'ComputeConfig!': compute,
    ReplicationType: 'migration-type!',
    TableMappings: 'string!',
    ...settings,
    ResourceIdentifier: 'string',
    Tags: tags,
  },
  ModifyReplicationConfig: {
    ReplicationConfigArn: 'string!',
    ReplicationConfigIdentifier: 'string',
    ReplicationType: 'migration-type',
    TableMappings: 'string',
    ...settings,
    ComputeConfig: compute,
    SourceEndpointArn: 'string',
    TargetEndpointArn: 'string',
  },
  DeleteReplicationConfig: { ReplicationConfigArn: 'string!' },
  AddTagsToResource: { ResourceArn: 'string!', 'Tags!': tags },
  ListTagsForResource: { ResourceArn: 'string', ResourceArnList: ['string'] },
  RemoveTagsFromResource: { ResourceArn: 'string!', 'TagKeys!': ['string'] },
  CreateEndpoint: {
    EndpointIdentifier: 'string!',
    EndpointType: 'endpoint-type!',
    EngineName: 'string!',
    ...endpoint,
    KmsKeyId: 'string',
    ResourceIdentifier: 'string',
    Tags: tags,
  },
  ModifyEndpoint: {
    EndpointArn: 'string!',
    EndpointIdentifier: 'string',
    EndpointType: 'endpoint-type',
    EngineName: 'string',
    ...endpoint,
    ExactSettings: 'boolean',
  },
  DeleteEndpoint: { EndpointArn: 'string!' },
  DescribeEndpoints: paging,
  TestConnection: { ReplicationInstanceArn: 'string!', EndpointArn: 'string!' },
  DescribeConnections: paging,
  CreateReplicationSubnetGroup: {
    ReplicationSubnetGroupIdentifier: 'string!',
    ReplicationSubnetGroupDescription: 'string!',
    'SubnetIds!': ['string'],
    Tags: tags,
  },
  DescribeReplicationSubnetGroups: paging,
  DeleteReplicationSubnetGroup: { ReplicationSubnetGroupIdentifier: 'string!' },
  DescribeReplicationConfigs: paging,
  DescribeReplications: paging,
  DescribeReplicationTableStatistics: { ReplicationConfigArn: 'string!', ...paging },
  ReloadReplicationTables: {
    ReplicationConfigArn: 'string!',
    'TablesToReload!': [{ SchemaName: 'string!', TableName: 'string!' }],
    ReloadOption: 'reload-option',
  },
  StartReplication: {
    ReplicationConfigArn: 'string!',
    StartReplicationType: 'string!',
    PremigrationAssessmentSettings: 'string',
    CdcStartTime: 'timestamp',
    CdcStartPosition: 'string',
    CdcStopPosition: 'string',
  },
  StopReplication: { ReplicationConfigArn: 'string!' },
};

const enums: Readonly<Record<string, readonly string[]>> = {
  'migration-type': ['full-load', 'cdc', 'full-load-and-cdc'],
  'endpoint-type': ['source', 'target'],
  'ssl-mode': ['none', 'require', 'verify-ca', 'verify-full'],
  'reload-option': ['data-reload', 'validate-only'],
};

/**
 * Returns the known members of a request, without null ones.
 *
 * Throws a `SerializationException` for the first wrong type. Otherwise throws one `ValidationException` that lists all
 * missing members and all values outside an enumeration.
 */
export function readRequest(operation: string, input: Members): Members {
  const problems: string[] = [];
  const read = readMembers(requestShapes[operation] ?? {}, input, '', problems);
  if (problems.length === 0) return read;
  const errors = problems.length === 1 ? 'error' : 'errors';
  throw new AwsFault('ValidationException', `${problems.length} validation ${errors} detected: ${problems.join('; ')}`);
}

type Members = Readonly<Record<string, unknown>>;

function readMembers(shape: Shape, input: Members, path: string, problems: string[]): Members {
  const read = Object.entries(shape).flatMap(([name, expected]) => {
    const member = name.replace('!', '');
    const isRequired = name.endsWith('!') || (typeof expected === 'string' && expected.endsWith('!'));
    const at = `${path}${member.charAt(0).toLowerCase()}${member.slice(1)}`;
    const value = Object.hasOwn(input, member) ? (input[member] ?? undefined) : undefined;
    if (value === undefined && isRequired) {
      problems.push(`Value null at '${at}' failed to satisfy constraint: Member must not be null`);
    }
    return value === undefined ? [] : [[member, readValue(expected, value, at, problems)] as const];
  });
  return Object.fromEntries(read);
}

function readValue(expected: Shape[string] | Shape, value: unknown, at: string, problems: string[]): unknown {
  if (typeof expected === 'string') {
    checkScalar(expected.replace('!', ''), value, at, problems);
    return value;
  }
  if (isList(expected)) {
    if (!Array.isArray(value)) throw wrongType(value, 'List');
    return value.map((each: unknown, n) => readValue(expected[0], each, `${at}.${n + 1}.member`, problems));
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrongType(value, 'Structure');
  return readMembers(expected, value as Members, `${at}.`, problems);
}

function checkScalar(type: string, value: unknown, at: string, problems: string[]): void {
  if (type === 'integer' ? !Number.isInteger(value) : type === 'timestamp' ? typeof value !== 'number' : false) {
    throw wrongType(value, type === 'integer' ? 'Integer' : 'Timestamp');
  }
  if (type === 'structure') {
    if (typeof value !== 'object' || Array.isArray(value)) throw wrongType(value, 'Structure');
    return;
  }
  if (type === 'boolean' && typeof value !== 'boolean') throw wrongType(value, 'Boolean');
  if (type === 'integer' || type === 'timestamp' || type === 'boolean') return;
  if (typeof value !== 'string') throw wrongType(value, 'String');
  const allowed = enums[type];
  if (allowed === undefined || allowed.includes(value)) return;
  const set = `Member must satisfy enum value set: [${allowed.join(', ')}]`;
  problems.push(`Value '${value}' at '${at}' failed to satisfy constraint: ${set}`);
}

function isList(expected: Shape | Shape[string]): expected is readonly [Shape | string] {
  return Array.isArray(expected);
}

function wrongType(value: unknown, type: string): AwsFault {
  const token = Array.isArray(value) ? 'START_ARRAY' : (typeof value).toUpperCase().replace('OBJECT', 'START_OBJECT');
  return new AwsFault(
    'SerializationException',
    `${token}${token.startsWith('START') ? '' : '_VALUE'} can not be converted to ${type === 'String' ? 'a' : 'an'} ${type}`,
  );
}
