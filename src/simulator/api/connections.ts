/** Tests of connections. Each succeeds after a few seconds. */
import { AwsFault } from '../engine/aws-fault.js';
import type { ConnectionTest } from '../engine/resources.js';
import type { AccountRegion, Operation } from './account-region.js';
import { invalid, notFound, textOf } from './checks.js';
import { endpointsOf } from './endpoints.js';
import { pageByIndex } from './lists.js';

/** Simulated seconds that a test takes. */
const TEST_SECONDS = 5;
const MOST = 100;

const filters: Readonly<Record<string, (test: ConnectionTest) => string>> = {
  'endpoint-arn': ({ endpointArn }) => endpointArn,
  'replication-instance-arn': ({ replicationInstanceArn }) => replicationInstanceArn,
};

export const connectionOperations: Readonly<Record<string, Operation>> = {
  TestConnection(accountRegion, input) {
    const { resources, now } = accountRegion;
    const endpointArn = textOf(input, 'EndpointArn');
    const replicationInstanceArn = textOf(input, 'ReplicationInstanceArn');
    if (!/^arn:[^:]+:dms:[^:]*:\d{12}:(rep|replication-config):[A-Za-z0-9-]+$/.test(replicationInstanceArn))
      throw invalid(`The parameter ReplicationInstanceArn must provide a valid ARN: ${replicationInstanceArn}`);
    if (!endpointsOf(accountRegion).some(({ EndpointArn }) => EndpointArn === endpointArn))
      throw notFound('Endpoint', endpointArn);
    const key = `${endpointArn} ${replicationInstanceArn}`;
    const before = resources.connectionTests.get(key);
    if (before !== undefined && statusOf(before, now) === 'testing')
      throw new AwsFault('InvalidResourceStateFault', 'A test of this connection is already in progress');
    const test = { endpointArn, replicationInstanceArn, startedAt: now };
    resources.connectionTests.set(key, test);
    return { Connection: connectionOf(identifiersOf(accountRegion), test, now) };
  },

  DescribeConnections(accountRegion, input) {
    const asked = (input['Filters'] ?? []) as readonly { Name: string; Values: readonly string[] }[];
    const conditions = asked.map(({ Name: name, Values: values }) => {
      const read = Object.hasOwn(filters, name) ? filters[name] : undefined;
      if (read === undefined) throw invalid(`Filter name ${name} is not supported`);
      return (test: ConnectionTest) => values.includes(read(test));
    });
    const tests = [...accountRegion.resources.connectionTests.values()];
    const wanted = tests.filter((test) => conditions.every((isMet) => isMet(test)));
    const { items, marker } = pageByIndex(wanted, input, MOST, accountRegion.uncertain);
    const identifiers = identifiersOf(accountRegion);
    return { ...marker, Connections: items.map((test) => connectionOf(identifiers, test, accountRegion.now)) };
  },
};

function statusOf({ startedAt }: ConnectionTest, now: number): 'testing' | 'successful' {
  return now - startedAt < TEST_SECONDS ? 'testing' : 'successful';
}

/** Returns the identifier of each endpoint, by ARN. */
function identifiersOf(accountRegion: AccountRegion): ReadonlyMap<string, string> {
  return new Map(endpointsOf(accountRegion).map((each) => [each.EndpointArn, each.EndpointIdentifier]));
}

function connectionOf(identifiers: ReadonlyMap<string, string>, test: ConnectionTest, now: number) {
  const { endpointArn, replicationInstanceArn: instance } = test;
  return {
    ReplicationInstanceArn: instance,
    EndpointArn: endpointArn,
    Status: statusOf(test, now),
    EndpointIdentifier: identifiers.get(endpointArn),
    ReplicationInstanceIdentifier: instance.slice(instance.lastIndexOf(':') + 1).toLowerCase(),
  };
}
