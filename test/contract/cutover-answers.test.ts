import { describe, expect, test } from 'vitest';
import { readHookAnswer } from '../../src/contract/cutover-answers.js';

describe('the answer of a hook', () => {
  test.each([
    ['no checks', 'checks', null, []],
    [
      'a check without "blocking"',
      'checks',
      [{ name: 'stock', ok: false, detail: 'is low', more: 1 }],
      [{ name: 'stock', ok: false, detail: 'is low', blocking: true }],
    ],
    ['a long detail', 'checks', [{ name: 'a', ok: true, detail: 'x'.repeat(2000) }], [{ detail: 'x'.repeat(1000) }]],
    ['a distance in numbers', 'drain', { drained: false, behind: 7 }, { drained: false, behind: '7' }],
    ['no distance', 'drain', { drained: true }, { drained: true, behind: null }],
    ['a side', 'traffic', 'neither', 'neither'],
    ['no marker', 'marker', undefined, null],
    ['a marker of any shape', 'marker', { lsn: ['0/1'] }, { lsn: ['0/1'] }],
  ] as const)('with %s is read', (_, kind, given, expected) => {
    const read = readHookAnswer(kind, given);
    if ('problem' in read) throw new Error(read.problem);
    if (kind === 'checks') expect(read.answer).toMatchObject(expected);
    else expect(read.answer).toEqual(expected);
  });

  test.each([
    ['a check with the name of an own one', 'checks', [{ name: 'permissions', ok: true, detail: '' }], 'permissions'],
    ['a check without a name', 'checks', [{ ok: true, detail: '' }], 'name'],
    ['a check that is neither ok nor not', 'checks', [{ name: 'a', ok: 'yes', detail: '' }], 'ok'],
    ['too many checks', 'checks', Array.from({ length: 101 }, () => ({ name: 'a', ok: true, detail: '' })), '100'],
    ['no decision about the drain', 'drain', {}, 'drained'],
    ['an unknown side', 'traffic', 'somewhere', 'source'],
    ['a long marker', 'marker', 'x'.repeat(5000), '4000 characters'],
  ] as const)('with %s is refused', (_, kind, given, said) => {
    const read = readHookAnswer(kind, given);
    expect('problem' in read ? read.problem : read.answer).toContain(said);
  });
});
