import { expect, test } from 'vitest';
import { nearestName } from '../../src/contract/did-you-mean.js';

test.each<[string, string, readonly string[], string | null]>([
  ['is the name itself', 'reason', ['owner', 'reason'], 'reason'],
  ['is a name with another letter', 'reasom', ['owner', 'reason'], 'reason'],
  ['is a name with a letter less', 'reaon', ['owner', 'reason'], 'reason'],
  ['is a name with a letter more', 'reasoon', ['owner', 'reason'], 'reason'],
  ['is a name in other case', 'REASON', ['owner', 'Reason'], 'Reason'],
  ['is the nearest of several', 'settleSecond', ['settleSeconds', 'settleSecond2s'], 'settleSeconds'],
  ['is the nearest of several in any order', 'settleSecond', ['settleSecond2s', 'settleSeconds'], 'settleSeconds'],
  ['may differ in two letters of five', 'abcde', ['abcxy'], 'abcxy'],
  ['may not differ in three letters of five', 'abcde', ['abxyz'], null],
  ['may not lack three letters of five', 'abcde', ['ab'], null],
  ['may lack two letters of five', 'abcde', ['abc'], 'abc'],
  ['may have two letters more, out of five', 'abc', ['abcde'], 'abcde'],
  ['may lack the first two letters', 'xxabc', ['abc'], 'abc'],
  ['is null when there are no names', 'reason', [], null],
  ['is null for a name of 61 characters', 'x'.repeat(61), ['x'.repeat(61)], null],
  ['is found for a name of 60 characters', 'x'.repeat(60), ['x'.repeat(60)], 'x'.repeat(60)],
])('the name that was meant %s', (_, name, names, nearest) => expect(nearestName(name, names)).toBe(nearest));
