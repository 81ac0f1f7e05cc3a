import { expect, test } from 'vitest';
import { readArn } from '../../src/contract/failure-messages.js';

test.each([
  [undefined, 'The input of the operation is missing; it takes an object { replicationConfigArn, … }'],
  [null, 'The input of the operation is null; it takes an object { replicationConfigArn, … }'],
  ['orders', 'The input of the operation is a string; it takes an object { replicationConfigArn, … }'],
  [7, 'The input of the operation is a number; it takes an object { replicationConfigArn, … }'],
  [{}, 'replicationConfigArn is missing'],
  [{ replicationConfigArn: false }, 'replicationConfigArn is false; it takes the ARN of a replication config'],
])('the input %j is refused with the message "%s"', (input, problem) => {
  expect(() => readArn(input)).toThrow(problem);
});
