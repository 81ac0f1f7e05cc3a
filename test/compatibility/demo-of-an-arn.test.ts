import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { startDmsSimulator, type DmsSimulator } from '../../src/simulator/index.js';

/** Runs the demo with `--arn` against a simulator, and types the answer to its question. */
async function demo(simulator: DmsSimulator, arn: string, answer: string): Promise<{ code: number; said: string }> {
  const script = fileURLToPath(new URL('../../scripts/demo.ts', import.meta.url));
  const program = spawn(process.execPath, ['--no-warnings', '--import', 'tsx', script, '--arn', arn], {
    env: {
      ...process.env,
      AWS_ENDPOINT_URL_DATABASE_MIGRATION_SERVICE: simulator.endpoint,
      AWS_ACCESS_KEY_ID: 'simulated',
      AWS_SECRET_ACCESS_KEY: 'simulated',
    },
  });
  let said = '';
  for (const stream of [program.stdout, program.stderr])
    stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  program.stdin.write(`${answer}\n`);
  const [code] = (await once(program, 'close')) as [number];
  return { code, said };
}

describe.concurrent('the demo with an ARN', () => {
  test('stops and resumes the replication after the user has confirmed its name', async () => {
    const simulator = await startDmsSimulator({ speed: 30 });
    try {
      const arn = simulator.createReplication({ resourceIdentifier: 'real-one' });
      const { code, said } = await demo(simulator, arn, 'real-one');
      expect(said).toMatch(/recorded as checkpoint 1.*resumed with resume-processing/s);
      expect(code).toBe(0);
      expect([simulator.count('StopReplication'), simulator.count('StartReplication')]).toEqual([1, 1]);
    } finally {
      await simulator.close();
    }
  });

  test('sends no request to DMS if the user does not confirm the name', async () => {
    const simulator = await startDmsSimulator();
    try {
      const { code, said } = await demo(simulator, simulator.createReplication(), 'no');
      expect(said).toContain('Not confirmed; nothing was called');
      expect(code).toBe(1);
      expect(simulator.calls).toEqual([]);
    } finally {
      await simulator.close();
    }
  });
});
