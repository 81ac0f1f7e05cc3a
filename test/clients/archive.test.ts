/** The archive once more, with another engine of DynamoDB. */
import { describeArchive } from '../dynamodb/suite.js';
import { dynamoDbClient } from '../support/dynamodb.js';
import { startMoto } from './support.js';

describeArchive('moto', async () => {
  const moto = await startMoto();
  const { endpoint } = moto;
  const client = dynamoDbClient(endpoint);
  return {
    endpoint,
    client,
    async [Symbol.asyncDispose]() {
      client.destroy();
      await moto[Symbol.asyncDispose]();
    },
  };
});
