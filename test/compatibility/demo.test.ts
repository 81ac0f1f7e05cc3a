import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Connection } from '@temporalio/client';
import { describe, expect, test } from 'vitest';
import { freePort } from '../../scripts/free-port.js';
import { until } from '../support/stage.js';

const script = fileURLToPath(new URL('../../scripts/demo.ts', import.meta.url));

/** Starts the demo with a Temporal server of its own, and collects what it prints. */
function startDemo() {
  const { TEMPORAL_ADDRESS: _, ...env } = process.env;
  const program = spawn(process.execPath, ['--no-warnings', '--import', 'tsx', script], { env });
  const output = { text: '' };
  for (const stream of [program.stdout, program.stderr])
    stream.on('data', (chunk: Buffer) => (output.text += chunk.toString()));
  return { program, output, exit: once(program, 'exit') as Promise<[number | null]> };
}

async function expectNothingLeft(text: string): Promise<void> {
  for (const [, pid] of text.matchAll(/worker (\d+) started/g))
    expect(() => process.kill(Number(pid), 0)).toThrow('ESRCH');
  const address = /listens at (\S+)/.exec(text)?.[1];
  if (address !== undefined) await expect(fetch(`http://${address}`)).rejects.toThrow('fetch failed');
}

test('npm run temporal keeps a server up until it is interrupted', async () => {
  const { TEMPORAL_ADDRESS: _, ...env } = process.env;
  const port = await freePort();
  const path = fileURLToPath(new URL('../../scripts/temporal.ts', import.meta.url));
  const program = spawn(process.execPath, ['--no-warnings', '--import', 'tsx', path, '--port', String(port)], { env });
  const exit = once(program, 'exit') as Promise<[number | null]>;
  await once(program.stdout, 'data');
  const connection = await Connection.connect({ address: `127.0.0.1:${port}` });
  // A program that ended after its first line would also end its server.
  for (let n = 0; n < 100; n++) await connection.workflowService.getSystemInfo({});
  await connection.close();
  expect(program.exitCode).toBeNull();
  program.kill('SIGTERM');
  expect(await exit).toEqual([0, null]);
  await expect(fetch(`http://127.0.0.1:${port}`)).rejects.toThrow('fetch failed');
});

describe.concurrent('the demo', () => {
  test('kills its worker during the wait, records the stop, resumes, and leaves no process behind', async () => {
    const { output, exit } = startDemo();
    const [code] = await exit;
    const { text } = output;
    expect(text).toMatch(/Web UI.*stopping: DMS shows "stopping"\n.*is killed.*worker \d+ started/s);
    expect(text).toMatch(/recorded as checkpoint 1.*stop reason +Stop Reason NORMAL/s);
    expect(text).toMatch(/recovery checkpoint +checkpoint:V1#.*resume by +\d{4}-/s);
    expect(text).toMatch(/resumed with resume-processing; progress: moving.*The ledger.*stop +stopped by demo/s);
    expect(text).toContain('StopReplication was called 1 time(s), StartReplication 1');
    expect(code).toBe(0);
    expect([...text.matchAll(/worker \d+ started/g)]).toHaveLength(2);
    await expectNothingLeft(text);
  });

  test("prints while Temporal waits for the killed worker, and hides the server's banner", async () => {
    const { program, output, exit } = startDemo();
    await until('it says that it waits', () => /is killed(.*\n)*  stopping.* \(\d+ s\)\n/.test(output.text) || null);
    program.kill('SIGINT');
    await exit;
    expect(output.text).not.toContain('Temporal CLI');
  });

  test.each(['listens at', 'is killed in the middle', 'recorded as checkpoint'])(
    'ends with exit code 130 on Ctrl-C after it has printed "%s", and leaves nothing behind',
    async (moment) => {
      const { program, output, exit } = startDemo();
      await until(moment, () => output.text.includes(moment) || null);
      program.kill('SIGINT');
      const [code] = await exit;
      expect(code).toBe(130);
      expect(output.text).toContain('Interrupted.');
      expect(output.text).not.toMatch(/Error|^ +at /m);
      await expectNothingLeft(output.text);
    },
  );
});
