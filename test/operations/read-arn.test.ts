import { expect, test } from 'vitest';
import { readArn } from '../../src/operations/refusals.js';

test.each([
  [undefined, 'The input is undefined, not an object { replicationConfigArn, … }'],
  [null, 'The input is null, not an object { replicationConfigArn, … }'],
  ['orders', 'The input is the string "orders", not an object { replicationConfigArn, … }'],
  [7, 'The input is the number 7, not an object { replicationConfigArn, … }'],
  [{}, 'it is undefined, not a string'],
  [{ replicationConfigArn: false }, 'it is the boolean false, not a string'],
])('the input %j is refused, and the failure says what came and what is wanted', (input, problem) => {
  expect(() => readArn(input)).toThrow(problem);
});
