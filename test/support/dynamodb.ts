/** Local DynamoDB by dynalite, an implementation for Node. DynamoDB Local is not free software. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';

export interface LocalDynamoDb extends AsyncDisposable {
  readonly endpoint: string;
  readonly client: DynamoDBClient;
}

export function dynamoDbClient(endpoint: string): DynamoDBClient {
  const credentials = { accessKeyId: 'simulated', secretAccessKey: 'simulated' };
  return new DynamoDBClient({ endpoint, region: 'eu-west-1', credentials });
}

/** Returns a client for a running DynamoDB. `close` ends the server. */
export function dynamoDbAt(endpoint: string, close: () => PromiseLike<void>): LocalDynamoDb {
  const client = dynamoDbClient(endpoint);
  return {
    endpoint,
    client,
    async [Symbol.asyncDispose]() {
      client.destroy();
      await close();
    },
  };
}

export async function startDynamoDb(): Promise<LocalDynamoDb> {
  const server = dynalite({ createTableMs: 0 });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return dynamoDbAt(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, () => {
    server.closeAllConnections();
    return new Promise<void>((closed) => server.close(() => closed()));
  });
}
