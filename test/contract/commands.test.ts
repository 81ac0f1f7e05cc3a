import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { shellWord, workerCommand } from '../../src/contract/commands.js';

describe('a word of a command', () => {
  test.each(['temporal-dms', 'dms:arn:aws:dms:eu-west-1:123456789012:replication-config:ORDERS', 'team/orders_1.2'])(
    'stays as it is if it is plain: %s',
    (text) => expect(shellWord(text)).toBe(text),
  );

  test.each([
    '',
    'two words',
    "ada's",
    "'",
    '$(ls) `ls` $HOME',
    'a;b&c|d>e<f#g',
    '~',
    '=ls',
    '*?[a]{b,c}',
    'back\\slash "quoted"',
    'two\nlines',
    'größer',
  ])('reaches a program unchanged through a shell: %j', (text) => {
    const command = `printf %s ${shellWord(text)}`;
    expect(execFileSync('sh', ['-c', command], { encoding: 'utf8' })).toBe(text);
  });

  test('names the task queue of a worker', () =>
    expect(workerCommand('my queue')).toBe("temporal-dms worker --task-queue 'my queue'"));
});
