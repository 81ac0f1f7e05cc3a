import { expect, test } from 'vitest';
import { inTime } from '../../src/watch/index.js';

const never = () => new Promise<never>(() => {});

test('an answer in time is passed on, and so is a failure', async () => {
  expect(await inTime(60, () => Promise.resolve('an answer'))).toBe('an answer');
  await expect(inTime(60, () => Promise.reject(new Error('down')))).rejects.toThrow('down');
});

test('a request without an answer fails in time, also when it ignores its signal', async () => {
  await expect(inTime(0.01, never)).rejects.toThrow('no answer within 0.01 s');
  await expect(inTime(0.01, never, () => new Error('too late'))).rejects.toThrow('too late');
});

test('the signal of a request aborts when its time is over', async () => {
  const signals: AbortSignal[] = [];
  const asked = inTime(0.01, (signal) => {
    signals.push(signal);
    return never();
  });
  await expect(asked).rejects.toThrow();
  expect(signals[0]?.aborted).toBe(true);
});
