/** Runs the suite of the archive against another local DynamoDB: moto. */
import { describeArchive } from '../dynamodb/suite.js';
import { dynamoDbAt } from '../support/dynamodb.js';
import { startMoto } from './support.js';

describeArchive('moto', async () => {
  const moto = await startMoto();
  return dynamoDbAt(moto.endpoint, () => moto[Symbol.asyncDispose]());
});
