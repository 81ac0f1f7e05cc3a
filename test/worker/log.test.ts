import { expect, test, vi } from 'vitest';
import { log } from '../../src/worker/log.js';

test('a log line of the worker contains the messages of an error and its cause', () => {
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const error = new Error('Workflow failed', { cause: new TypeError('the input is a string') });
  log('temporal', { level: 'WARN', meta: { error, attempt: 3 } });
  const [line] = write.mock.calls[0] ?? [];
  write.mockRestore();
  expect(JSON.parse(String(line))).toMatchObject({
    program: 'temporal-dms-worker',
    phase: 'temporal',
    meta: { error: 'Error: Workflow failed (TypeError: the input is a string)', attempt: 3 },
  });
});
