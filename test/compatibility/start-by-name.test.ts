import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { delimiter, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ReplicationClient } from '../../src/client/index.js';
import type { CutoverContext } from '../../src/contract/cutover-hooks.js';
import { cutoverHookNames } from '../../src/contract/cutover-schemas.js';
import type { CutoverResult } from '../../src/contract/cutover.js';
import { findServer, startServer, type RunningServer } from '../../scripts/temporal-server.js';
import { quick, Stage } from '../support/stage.js';
import { pythonWith, run } from './support.js';

const root = new URL('../../', import.meta.url);
const example = (name: string) => fileURLToPath(new URL(`examples/start-by-name/${name}`, root));

/** Server of this file alone, because its programs use the default task queue `temporal-dms`. */
let server: RunningServer;
let stage: Stage;
beforeAll(async () => {
  server = await startServer();
  stage = await Stage.set(quick, { address: server.address });
  await stage.work({}, 'temporal-dms');
});
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
  await server.teardown();
});

const environment = () => ({ ...process.env, TEMPORAL_ADDRESS: server.address });
/**
 * Runs a program in Python, and returns its output. Threads of `temporalio` may outlive the program, and crash Python
 * while it shuts down. The program has ended by then.
 */
async function runPython(python: string, program: string, ...args: readonly string[]): Promise<string> {
  try {
    return (await run(python, [program, ...args], { env: environment() })).stdout;
  } catch (err) {
    const { stdout, stderr, signal } = err as {
      readonly stdout: string;
      readonly stderr: string;
      readonly signal: string | null;
    };
    // A crash before the end also shows in the output, which the test checks.
    if (signal === null && !stderr.includes('Python runtime state: finalizing'))
      throw new Error(`${program} failed: ${stderr}\nIt wrote: ${stdout}`, { cause: err });
    return stdout;
  }
}

const STOPPED = /^stopped checkpoint:\S+\n$/u;

describe('a stop is started by name', () => {
  test('from Python', async () => {
    const program = await pythonWith('temporal-python', 'temporalio==1.35.0');
    const arn = stage.simulator.createReplication();
    expect(await runPython(program('python'), example('stop.py'), arn)).toMatch(STOPPED);
  });

  test('from Python, and so is a cutover whose hooks are in Python', async () => {
    const program = await pythonWith('temporal-python', 'temporalio==1.35.0');
    const arn = stage.simulator.createReplication();
    expect(await runPython(program('python'), example('cutover.py'), arn)).toMatch(
      /^DmsCutoverRefused\nswitched checkpoint:\S+ target\n$/u,
    );
    const ledger = await new ReplicationClient({ client: stage.client }).ledger(arn);
    expect(ledger).toMatchObject({ sealed: { by: 'ada' }, reservation: null });
  });

  test('by a cutover that calls every hook in Python, there and back', async () => {
    const program = await pythonWith('temporal-python', 'temporalio==1.35.0');
    const arn = stage.simulator.createReplication({ status: 'running' });
    const id = `python-${randomUUID()}`;
    const hooks = fileURLToPath(new URL('python/cutover_hooks.py', import.meta.url));
    const printed = await runPython(program('python'), hooks, arn, id);
    const { result, calls, seen } = JSON.parse(printed) as {
      readonly result: CutoverResult;
      readonly calls: readonly string[];
      readonly seen: Readonly<Record<string, CutoverContext>>;
    };
    expect(result).toMatchObject({ outcome: 'returned', cause: { code: 'switched-back' } });
    expect(result.cause?.detail).toContain('The newest order is missing');
    expect(calls.filter((call, n) => call !== calls[n - 1])).toEqual([
      'whereIsTraffic',
      'preflight',
      'validate',
      'prepareReverse',
      'validate',
      'fence',
      'markSource',
      'isDrained',
      'syncIdentities',
      'switchToTarget',
      'whereIsTraffic',
      'startReverse',
      'verify',
      'switchToSource',
      'whereIsTraffic',
      'unfence',
    ]);
    expect(Object.keys(seen).toSorted()).toEqual([...cutoverHookNames].toSorted());
    expect(seen['verify']).toMatchObject({
      cutoverId: id,
      phase: 'verifying',
      marker: { lsn: '0/16B3748' },
      replications: [{ replicationConfigArn: arn, checkpoint: { sequence: 1, intent: 'final' } }],
    });
    expect(new Set(Object.values(seen).map(({ token }) => token)).size).toBe(1);
  });

  test('from Go', async () => {
    const arn = stage.simulator.createReplication();
    const { stdout } = await run('go', ['run', '.', arn], { cwd: example('go'), env: environment() });
    expect(stdout).toMatch(STOPPED);
  });

  test('with the Temporal CLI, which also resumes the replication, reads its ledger and lifts its seal', async () => {
    const page = await readFile(new URL('docs/start-by-name.md', root), 'utf8');
    const [stop = '', resume = '', unseal = ''] = [...page.matchAll(/^```sh\n(.*?)^```$/gmsu)].map(
      ([, commands]) => commands,
    );
    const executable = await findServer('dev');
    const folder = executable.type === 'existing-path' ? dirname(executable.path) : '';
    const env = { ...environment(), PATH: [folder, process.env['PATH'] ?? ''].join(delimiter) };
    const arn = stage.simulator.createReplication({ identifier: 'orders-to-aurora' });
    const type = (commands: string) =>
      run('bash', ['-euc', `ARN=${arn}\n${commands.replace(/^ARN=.*\n/u, '')}`], { env });
    const { stdout } = await type(stop);
    expect(stdout).toContain('"outcome":"stopped"');
    expect(stdout).toContain('"phase":"done"');
    expect(stdout).toContain('"checkpoints":[');
    const resumed = await type(resume);
    const outcomes = [...resumed.stdout.matchAll(/"outcome":"([a-z-]+)"/gu)].map(([, outcome]) => outcome);
    expect(outcomes).toEqual(['resumed', 'already-running', 'already-running', 'stopped']);
    const dms = new ReplicationClient({ client: stage.client });
    await dms.stop({ replicationConfigArn: arn, intent: 'final', settleSeconds: 0 });
    expect((await dms.ledger(arn)).sealed).not.toBeNull();
    await type(unseal);
    expect(await dms.ledger(arn)).toMatchObject({ sealed: null, lastUnsealed: { by: 'ada' } });
  });
});
