import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { Output, type OutputOptions } from '../../src/cli/output.js';

test.each([
  ['text', false, 'No worker polls the task queue\n'],
  ['json', false, '{"warning":{"message":"No worker polls the task queue"}}\n'],
  ['jsonl', false, '{"warning":{"message":"No worker polls the task queue"}}\n'],
  ['text', true, null],
  ['json', true, null],
] as const)('a warning is written to stderr in %s, unless --quiet (%s)', (output, quiet, written) => {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const terminal = Object.assign(new EventEmitter(), { stdin, stdout, stderr, env: {} });
  const options: OutputOptions = { output, quiet, color: 'never' };
  const own = new Output(terminal, options, (text) => text);
  own.warn('DeprecationWarning', 'not for operators');
  own.warn('TemporalDmsWarning', 'No worker polls the task queue');
  expect(stderr.read()?.toString() ?? null).toBe(written);
  expect(stdout.read()).toBe(null);
});
