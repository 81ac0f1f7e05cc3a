/** Sends random requests to the simulator, most of them malformed. */
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { jsonValue, sample, string } from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDmsSimulator, type DmsSimulator } from '../../src/simulator/index.js';
import { seededRandom } from '../../src/simulator/engine/clock.js';
import { requestShapes } from '../../src/simulator/api/shapes.js';
import { actions } from '../../src/simulator/control/actions.js';
import { routes } from '../../src/simulator/control/control.js';
import { ask, refusal } from '../support/dms-http.js';

/** Requests for endpoints, connections, subnet groups and tags, and requests for replications. */
const [RESOURCE_REQUESTS, REPLICATION_REQUESTS] = [100_000, 20_000];
const REQUESTS = RESOURCE_REQUESTS + REPLICATION_REQUESTS;
const AT_ONCE = 32;
const SEED = 20261124;

/** Answers that AWS's JSON services may give: success, or an error of the client. */
const answers =
  /^(200|400 (\w+(Exception|Fault|Error)|InvalidSubnet|ReplicationSubnetGroupDoesNotCoverEnoughAZs)|404 UnknownOperationException|413 RequestEntityTooLargeException)$/;

let simulator: DmsSimulator;
const arns: string[] = [];
/** Creates a replication in place of an earlier one. Requests also delete replications. */
const createReplication = (n: number) =>
  (arns[n % 50] = simulator.createReplication({ status: n % 2 === 0 ? 'running' : 'stopped' }));
beforeAll(async () => {
  simulator = await startDmsSimulator({ speed: 3600, seed: SEED });
  for (let n = 0; n < 50; n++) createReplication(n);
});
afterAll(() => simulator.close());

const random = seededRandom(SEED);
function oneOf<T>(values: readonly T[]): T {
  const [chosen] = values.slice(Math.floor(random() * values.length));
  if (chosen === undefined) throw new Error('There is nothing to choose from');
  return chosen;
}
const values = sample(jsonValue(), { numRuns: 2000, seed: SEED });
const texts = sample(string({ unit: 'binary', maxLength: 60 }), { numRuns: 2000, seed: SEED });
const operations = Object.keys(requestShapes);
const signed = 'AWS4-HMAC-SHA256 Credential=x/20260101/eu-west-1/dms/aws4_request, SignedHeaders=host, Signature=0';

/** Replaces the characters that a header must not contain. */
const headerSafe = (text: string) => text.replaceAll(/[^\x20-\x7e]/g, '?');

/** Operations on what replications need. Random values alone would never make a valid request for them. */
const resourceOperations = operations.filter((name) => /Endpoint|Connection|SubnetGroup|Tags/.test(name));
const replicationOperations = operations.filter((name) => !resourceOperations.includes(name));
/** Operations that have succeeded. */
const succeeded = new Set<string>();

/** Valid values of members. */
const valid: Readonly<Record<string, () => unknown>> = {
  ReplicationConfigArn: () => oneOf(arns),
  ResourceArn: () => oneOf(arns),
  ReplicationInstanceArn: () => oneOf(arns),
  StartReplicationType: () => oneOf(['resume-processing', 'reload-target', 'start-replication']),
  EndpointIdentifier: () => `e${Math.floor(random() * 50)}`,
  ResourceIdentifier: () => `R${Math.floor(random() * 50)}`,
  EndpointArn: () => `arn:aws:dms:eu-west-1:123456789012:endpoint:R${Math.floor(random() * 50)}`,
  EndpointType: () => oneOf(['source', 'target']),
  EngineName: () => oneOf(['mysql', 'postgres']),
  ReplicationSubnetGroupIdentifier: () => `g${Math.floor(random() * 50)}`,
  ReplicationSubnetGroupDescription: () => 'private',
  SubnetIds: () => ['subnet-1', 'subnet-2'],
  Tags: () => [{ Key: 'team', Value: 'data' }],
  TagKeys: () => ['team'],
};

/** Returns the input of a request, with members that are valid, invalid, or of another operation. */
function input(operation: string): Record<string, unknown> {
  const shape = Object.entries(requestShapes[random() < 0.9 ? operation : oneOf(operations)] ?? {});
  const isSmall = random() < 0.5;
  const isWanted = (name: string) =>
    name === 'ResourceIdentifier' || !isSmall ? random() < 0.8 : random() < 0.95 && name.endsWith('!');
  const members = shape.map(([name, type]) => (typeof type === 'string' && type.endsWith('!') ? `${name}!` : name));
  return Object.fromEntries(
    members
      .filter(isWanted)
      .map((name) => name.replace('!', ''))
      .map((member) => {
        const usual = Object.hasOwn(valid, member) ? valid[member] : undefined;
        if (usual !== undefined && random() < 0.8) return [member, usual()];
        if (member === 'MaxRecords' && random() < 0.5) return [member, Math.floor(random() * 200)];
        if (member === 'Filters' && random() < 0.5)
          return [member, [{ Name: oneOf(['replication-config-arn', 'table-name', 'x']), Values: [oneOf(arns)] }]];
        return [member, random() < 0.5 ? oneOf(texts) : oneOf(values)];
      }),
  );
}

function body(operation: string): string {
  const kind = random();
  if (kind < 0.25)
    return JSON.stringify(operation.startsWith('Describe') && kind < 0.15 ? {} : { ReplicationConfigArn: oneOf(arns) });
  if (kind < 0.6) return JSON.stringify(input(operation));
  if (kind < 0.75) return JSON.stringify(oneOf(values));
  if (kind < 0.9) return JSON.stringify(input(operation)).slice(0, Math.floor(random() * 200));
  if (kind < 0.999) return oneOf(texts);
  return `{"ReplicationConfigArn":"${'x'.repeat(Math.floor(random() * 2 ** 21))}"}`;
}

function headers(operation: string): Record<string, string> {
  const target =
    random() < 0.85
      ? `AmazonDMSv20160101.${operation}`
      : headerSafe(oneOf([...texts, 'AmazonDMSv20160101.__proto__', 'GraniteServiceVersion20100801.GetMetricData']));
  return {
    ...(random() < 0.98 ? { 'x-amz-target': target } : {}),
    ...(random() < 0.95 ? { authorization: random() < 0.9 ? signed : headerSafe(oneOf(texts)) } : {}),
    'content-type': random() < 0.8 ? 'application/x-amz-json-1.1' : headerSafe(oneOf(texts)),
  };
}

const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });

/** Sends a request, and returns the status of the answer and the name of its error. */
function send(operation: string): Promise<string> {
  const sent = body(operation);
  return new Promise((resolve) => {
    const asked = request(
      `${simulator.endpoint}/`,
      { method: 'POST', agent, headers: headers(operation), timeout: 10_000 },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const { __type: type } = JSON.parse(Buffer.concat(chunks).toString()) as { __type?: string };
          if (type === undefined) succeeded.add(operation);
          resolve(type === undefined ? String(response.statusCode) : `${response.statusCode} ${type}`);
        });
      },
    );
    // The server breaks the connection of a client that goes on sending after the refusal of its long body.
    asked.on('error', () =>
      resolve(sent.length > 2 ** 20 ? '413 RequestEntityTooLargeException' : 'connection broken'),
    );
    asked.on('timeout', () => resolve('no answer within 10 s'));
    asked.end(sent);
  });
}

test('random requests, a hundred thousand of them about resources, get AWS-like answers, and the simulator still works', async () => {
  const seen = new Map<string, number>();
  let left = REQUESTS;
  const sender = async () => {
    while (left-- > 0) {
      if (left % 100 === 0) createReplication(left / 100);
      const answer = await send(oneOf(left < RESOURCE_REQUESTS ? resourceOperations : replicationOperations));
      seen.set(answer, (seen.get(answer) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, sender));
  expect([...seen.keys()].filter((answer) => !answers.test(answer))).toEqual([]);
  expect([...seen.values()].reduce((sum, count) => sum + count)).toBe(REQUESTS);
  expect(seen.get('200')).toBeGreaterThan(REQUESTS / 20);
  expect(seen.size).toBeGreaterThan(8);
  expect(resourceOperations.filter((name) => !succeeded.has(name))).toEqual([]);
  createReplication(0);
  expect((await ask(simulator, 'DescribeReplications')).Replications.length).toBeGreaterThan(0);
});

test('five thousand random control requests get an expected status, and DMS is still served', async () => {
  const own = await startDmsSimulator({ speed: 0 });
  const known = Object.keys(routes).map((name) => name.split(' ')[1] ?? '');
  const paths = [...new Set(known), 'constructor', '../..', ''];
  const seen = new Set<number>();
  try {
    for (let n = 0; n < 5000; n++) {
      const arn = own.replications()[0]?.row.ReplicationConfigArn ?? own.createReplication();
      const target = random() < 0.8 ? arn : oneOf(values);
      const act = {
        action: oneOf(Object.keys(actions)),
        replicationConfigArn: target,
        [oneOf(['type', 'reason', 'step', 'stopReason', 'status'])]: oneOf(texts),
        [oneOf(['messages', 'seconds', 'source', 'next', 'durations', 'tables'])]: oneOf([
          ...values,
          { type: oneOf(texts), afterSeconds: oneOf(values), stopReason: oneOf(values), messages: oneOf(values) },
          { engine: oneOf(values), rates: oneOf(values), bytesPerSecond: oneOf(values), catchUp: oneOf(values) },
        ]),
      };
      const more = {
        operation: oneOf(['*', 'DescribeReplications', oneOf(texts)]),
        type: oneOf(['error', 'stale', 'latency', 'row-missing', oneOf(texts)]),
        [oneOf(['name', 'message', 'status', 'times', 'forSeconds', 'milliseconds', 'id', 'startAt'])]: oneOf(values),
        [oneOf(['tables', 'durations', 'source', 'identifier', 'minutes', 'statements'])]: oneOf(values),
      };
      const sent = oneOf([act, more, oneOf(values)]);
      const method = oneOf(['GET', 'POST', 'DELETE']);
      const response = await fetch(`${own.endpoint}/_simulator/${oneOf(paths)}`, {
        method,
        headers: { 'content-type': random() < 0.9 ? 'application/json' : 'text/plain' },
        ...(method === 'GET' ? {} : { body: random() < 0.9 ? JSON.stringify(sent) : oneOf(texts) }),
      });
      await response.text();
      seen.add(response.status);
      // AWS clients are served after every control request.
      own.clearFaults();
      own.setPolicy(null);
      const { Replications } = await ask(own, 'DescribeReplications');
      for (const row of Replications) expect([row.ReplicationUpdateTime, row.Status]).not.toContain(null);
      const [{ ReplicationConfigArn = '' } = {}] = Replications;
      if (ReplicationConfigArn !== '')
        await refusal(own, 'DescribeReplicationTableStatistics', { ReplicationConfigArn });
    }
    expect([...seen].filter((status) => ![200, 400, 404, 415].includes(status))).toEqual([]);
    expect((await fetch(`${own.endpoint}/_simulator/state`)).status).toBe(200);
  } finally {
    await own.close();
  }
});

test('connections that are slow or not HTTP are closed, and delay no other request', async () => {
  const { port } = new URL(simulator.endpoint);
  const sockets = Array.from({ length: 200 }, (_, n) => {
    const socket = connect(Number(port), '127.0.0.1');
    socket.on('error', () => {}).resume();
    // One half sends text that is not HTTP. The other half sends only the beginning of a request.
    socket.write(n % 2 === 0 ? oneOf(texts) : 'POST / HTTP/1.1\r\nhost: dms\r\ncontent-length: 1000\r\n\r\n{');
    return socket;
  });
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  expect((await ask(simulator, 'DescribeReplications')).Replications.length).toBeGreaterThan(0);
  // A request behind the incomplete ones would wait until the server gives them up.
  const open = sockets.filter((socket) => !socket.destroyed);
  expect(open.length).toBeGreaterThanOrEqual(sockets.length / 2);
  await Promise.all(open.map((socket) => once(socket, 'close')));
});
