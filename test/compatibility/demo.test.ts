import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

test('the demo is the main job: its worker is killed in the wait, its stop is recorded, it resumes, and leaves nothing behind', async () => {
  const { TEMPORAL_ADDRESS: _, ...env } = process.env;
  const script = fileURLToPath(new URL('../../scripts/demo.ts', import.meta.url));
  const program = spawn(process.execPath, ['--no-warnings', '--import', 'tsx', script], { env });
  let said = '';
  for (const stream of [program.stdout, program.stderr]) {
    stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  }
  const begunAt = performance.now();
  const [code] = (await once(program, 'exit')) as [number];
  expect(said).toMatch(
    /Web UI.*stopping: stopping\n.*the worker is killed.*worker \d+ started.*recorded as checkpoint 1/s,
  );
  expect(said).toMatch(/stop reason +Stop Reason NORMAL.*recovery checkpoint checkpoint:V1#.*resume by +\d{4}-/s);
  expect(said).toMatch(/resumed with resume-processing; progress: moving.*The ledger.*stop +stopped by demo/s);
  expect(said).toContain('StopReplication was called 1 time(s), StartReplication 1');
  expect(code).toBe(0);
  expect((performance.now() - begunAt) / 1000).toBeLessThan(120);
  const workers = [...said.matchAll(/worker (\d+) started/g)].map(([, pid]) => Number(pid));
  expect(workers).toHaveLength(2);
  for (const pid of workers) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  const address = /Temporal listens at (\S+)/.exec(said)?.[1];
  await expect(fetch(`http://${address}`)).rejects.toThrow('fetch failed');
});
