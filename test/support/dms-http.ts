/** Sends requests to DMS over plain HTTP, without an SDK. */
import type { DmsSimulator } from '../../src/simulator/index.js';

export interface Answer {
  readonly status: number;
  readonly body: any;
}

export interface CallOptions {
  readonly region?: string;
  readonly accountId?: string;
  readonly service?: string;
}

/** Calls an operation, and returns the answer, also if it is an error. */
export async function call(
  simulator: DmsSimulator,
  operation: string,
  input: object = {},
  { region = 'eu-west-1', accountId = '123456789012', service = 'AmazonDMSv20160101' }: CallOptions = {},
): Promise<Answer> {
  const scope = `SIMULATED${accountId}/20260101/${region}/${service.startsWith('Amazon') ? 'dms' : 'monitoring'}/aws4_request`;
  const response = await fetch(simulator.endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `${service}.${operation}`,
      authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0`,
    },
    body: JSON.stringify(input),
  });
  return { status: response.status, body: await response.json() };
}

/** Calls an operation, and returns its output. Throws if DMS answers with an error. */
export async function ask(
  simulator: DmsSimulator,
  operation: string,
  input: object = {},
  options?: CallOptions,
): Promise<any> {
  const { status, body } = await call(simulator, operation, input, options);
  if (status === 200) return body;
  throw new Error(`${operation}: ${body.__type}: ${body.message}`);
}

/** Returns the name and message of the error of an operation. `accepted`: there is none. */
export async function refusal(
  simulator: DmsSimulator,
  operation: string,
  input: object = {},
  options?: CallOptions,
): Promise<string> {
  const { status, body } = await call(simulator, operation, input, options);
  return status === 200 ? 'accepted' : `${body.__type}: ${body.message}`;
}

/** Returns table mappings with selection rules of action, schema and table. */
export const mappings = (...rules: readonly (readonly [action: string, schema: string, table: string])[]) =>
  JSON.stringify({
    rules: rules.map(([action, schema, table], n) => ({
      'rule-type': 'selection',
      'rule-id': String(n + 1),
      'rule-name': String(n + 1),
      'rule-action': action,
      'object-locator': { 'schema-name': schema, 'table-name': table },
    })),
  });

/** Returns the input of `CreateReplicationConfig` for an ordinary config. */
export const config = (identifier: string, changes: object = {}) => ({
  ReplicationConfigIdentifier: identifier,
  ResourceIdentifier: identifier,
  SourceEndpointArn: 'arn:aws:dms:eu-west-1:123456789012:endpoint:SOURCE1',
  TargetEndpointArn: 'arn:aws:dms:eu-west-1:123456789012:endpoint:TARGET1',
  ReplicationType: 'full-load-and-cdc',
  ComputeConfig: { MinCapacityUnits: 2, MaxCapacityUnits: 16 },
  TableMappings: mappings(['include', 'shop', '%']),
  ...changes,
});

/** Looks at one replication, and returns its row. */
export async function look(simulator: DmsSimulator, arn: string): Promise<any> {
  const Filters = [{ Name: 'replication-config-arn', Values: [arn] }];
  const { Replications } = await ask(simulator, 'DescribeReplications', { Filters });
  return Replications[0];
}
