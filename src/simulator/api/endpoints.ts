/** Endpoints: those that requests have created, and those that replications name without them. */
import { AwsFault } from '../engine/aws-fault.js';
import type { Endpoint } from '../engine/resources.js';
import type { AccountRegion, Input, Operation } from './account-region.js';
import { checkIdentifier, invalid, notFound, textOf } from './checks.js';
import { findUser, pageByIndex } from './lists.js';
import { randomIdentifier } from './random-identifier.js';
import { engineSettings } from './shapes.js';
import { readTags } from './tags.js';

const MOST = 100;
/** Members of an endpoint that a request gives and an answer shows. Passwords are not among them. */
const shown = [
  'Username',
  'ServerName',
  'Port',
  'DatabaseName',
  'ExtraConnectionAttributes',
  'CertificateArn',
  'ServiceAccessRoleArn',
  'ExternalTableDefinition',
  ...engineSettings,
];
const engines = new Set(
  `aurora aurora-postgresql aurora-postgresql-serverless aurora-serverless azure-sql-managed-instance azuredb babelfish db2
  db2-zos dms-transfer docdb dynamodb elasticsearch kafka kinesis mariadb mongodb mysql neptune opensearch oracle postgres
  redis redshift redshift-serverless s3 sqlserver sybase`.split(/\s+/),
);

/** Filters of `DescribeEndpoints`. A value of the first two that nothing has is an error. */
const filters: Readonly<Record<string, (endpoint: Endpoint) => string>> = {
  'endpoint-arn': ({ EndpointArn }) => EndpointArn,
  'endpoint-id': ({ EndpointIdentifier }) => EndpointIdentifier,
  'endpoint-type': ({ EndpointType }) => EndpointType.toLowerCase(),
  'engine-name': ({ EngineName }) => EngineName,
};
const naming = ['endpoint-arn', 'endpoint-id'];

export const endpointOperations: Readonly<Record<string, Operation>> = {
  CreateEndpoint(accountRegion, input) {
    const { region, accountId, resources, random } = accountRegion;
    const identifier = textOf(input, 'EndpointIdentifier').toLowerCase();
    checkIdentifier(identifier, 'EndpointIdentifier');
    const resource = textOf(input, 'ResourceIdentifier') || randomIdentifier(random);
    if (!/^[A-Za-z][A-Za-z0-9-]{0,30}$/.test(resource)) throw invalid('The parameter ResourceIdentifier is not valid');
    const arn = `arn:aws:dms:${region}:${accountId}:endpoint:${resource}`;
    const isTaken = ({ EndpointArn, EndpointIdentifier }: Endpoint) =>
      EndpointArn === arn || EndpointIdentifier === identifier;
    if ([...resources.endpoints.values()].some(isTaken))
      throw new AwsFault('ResourceAlreadyExistsFault', `Endpoint ${identifier} already exists`);
    const engine = textOf(input, 'EngineName');
    checkEngine(engine);
    const tags = readTags(input);
    const endpoint: Endpoint = {
      EndpointIdentifier: identifier,
      EndpointArn: arn,
      EndpointType: input['EndpointType'] === 'source' ? 'SOURCE' : 'TARGET',
      EngineName: engine,
      EngineDisplayName: engine,
      Status: 'active',
      KmsKeyId:
        textOf(input, 'KmsKeyId') ||
        `arn:aws:kms:${region}:${accountId}:key/${'0'.repeat(8)}-0000-0000-0000-${'0'.repeat(12)}`,
      SslMode: textOf(input, 'SslMode', 'none'),
      ...membersOf(input),
    };
    resources.endpoints.set(arn, endpoint);
    resources.hasEndpoints = true;
    resources.tags.set(arn, new Map(tags));
    return { Endpoint: endpoint };
  },

  ModifyEndpoint(accountRegion, input) {
    const { resources } = accountRegion;
    const before = find(accountRegion, input);
    const identifier = textOf(input, 'EndpointIdentifier', before.EndpointIdentifier).toLowerCase();
    checkIdentifier(identifier, 'EndpointIdentifier');
    const engine = textOf(input, 'EngineName', before.EngineName);
    checkEngine(engine);
    const namesake = [...resources.endpoints.values()].find((each) => each.EndpointIdentifier === identifier);
    if (namesake !== undefined && namesake.EndpointArn !== before.EndpointArn)
      throw new AwsFault('ResourceAlreadyExistsFault', `Endpoint ${identifier} already exists`);
    const type = textOf(input, 'EndpointType', before.EndpointType).toUpperCase() as Endpoint['EndpointType'];
    const endpoint: Endpoint = {
      ...before,
      ...membersOf(input, input['ExactSettings'] === true ? {} : before),
      EndpointIdentifier: identifier,
      EndpointType: type,
      EngineName: engine,
      EngineDisplayName: engine,
      SslMode: textOf(input, 'SslMode', String(before['SslMode'])),
    };
    resources.endpoints.set(before.EndpointArn, endpoint);
    return { Endpoint: endpoint };
  },

  DeleteEndpoint(accountRegion, input) {
    const { resources } = accountRegion;
    const endpoint = find(accountRegion, input);
    const { EndpointArn: arn, EndpointIdentifier: identifier } = endpoint;
    const user = findUser(accountRegion, ({ config }) => usesEndpoint(config, arn));
    if (user !== undefined)
      throw new AwsFault(
        'InvalidResourceStateFault',
        `Endpoint ${identifier} is part of the replication config ${user.config.ReplicationConfigIdentifier}`,
      );
    resources.endpoints.delete(arn);
    resources.tags.delete(arn);
    for (const [key, { endpointArn }] of resources.connectionTests)
      if (endpointArn === arn) resources.connectionTests.delete(key);
    return { Endpoint: { ...endpoint, Status: 'deleting' } };
  },

  DescribeEndpoints(accountRegion, input) {
    const known = endpointsOf(accountRegion);
    const asked = (input['Filters'] ?? []) as readonly { Name: string; Values: readonly string[] }[];
    const conditions = asked.map(({ Name: name, Values: values }) => {
      const read = Object.hasOwn(filters, name) ? filters[name] : undefined;
      if (read === undefined) throw invalid(`Filter name ${name} is not supported`);
      const missing = values.find((value) => !known.some((each) => read(each) === value));
      if (missing !== undefined && naming.includes(name)) throw notFound('Endpoint', missing);
      return (endpoint: Endpoint) => values.includes(read(endpoint));
    });
    const wanted = known.filter((each) => conditions.every((isMet) => isMet(each)));
    const { items, marker } = pageByIndex(wanted, input, MOST, accountRegion.uncertain);
    return { ...marker, Endpoints: items };
  },
};

/** Returns the endpoint that a request names, and that a request has created. */
function find({ resources }: AccountRegion, input: Input): Endpoint {
  const arn = textOf(input, 'EndpointArn');
  const found = resources.endpoints.get(arn);
  if (found === undefined) throw notFound('Endpoint', arn);
  return found;
}

function checkEngine(engine: string): void {
  if (!engines.has(engine)) throw invalid(`EngineName ${engine} is not supported`);
}

/** Returns the members that answers show, without the passwords in the settings of an engine. Those of `before` stay. */
function membersOf(input: Input, before: Input = {}): Input {
  return Object.fromEntries(
    shown.flatMap((name) => {
      const value = input[name];
      if (value === undefined) return [];
      if (typeof value !== 'object' || value === null) return [[name, value]];
      const settings = { ...(before[name] as object | undefined), ...value };
      return [[name, Object.fromEntries(Object.entries(settings).filter(([key]) => !/password/i.test(key)))]];
    }),
  );
}

function usesEndpoint(
  { SourceEndpointArn, TargetEndpointArn }: { readonly SourceEndpointArn: string; readonly TargetEndpointArn: string },
  arn: string,
): boolean {
  return SourceEndpointArn === arn || TargetEndpointArn === arn;
}

/**
 * Returns the endpoints of the account-region. Those that only a replication names have an address by their name. A
 * target that was repointed has another address.
 */
export function endpointsOf(accountRegion: AccountRegion): readonly Endpoint[] {
  const endpoints = new Map(accountRegion.resources.endpoints);
  for (const replication of accountRegion.list()) {
    const { config, targetsBefore } = accountRegion.faultedView.view(replication);
    const { SourceEndpointArn: source, TargetEndpointArn: target } = config;
    if (!endpoints.has(source)) endpoints.set(source, namedEndpoint('SOURCE', source));
    const found = endpoints.get(target) ?? namedEndpoint('TARGET', target);
    endpoints.set(
      target,
      targetsBefore === 0 ? found : { ...found, ServerName: `${targetsBefore + 1}.${found.ServerName ?? ''}` },
    );
  }
  return [...endpoints.values()];
}

function namedEndpoint(type: Endpoint['EndpointType'], arn: string): Endpoint {
  const name = arn.slice(arn.lastIndexOf(':') + 1).toLowerCase();
  return {
    EndpointIdentifier: name,
    EndpointArn: arn,
    EndpointType: type,
    EngineName: 'mysql',
    ServerName: `${name}.example.com`,
    Port: 3306,
    DatabaseName: 'shop',
    Status: 'active',
  };
}
