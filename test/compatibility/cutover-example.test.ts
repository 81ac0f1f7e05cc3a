import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, inject, test } from 'vitest';
import { createCutoverHooks, type Databases } from '../../examples/cutover/hooks.js';
import type { CutoverContext } from '../../src/index.js';

const program = fileURLToPath(new URL('../../examples/cutover/run.ts', import.meta.url));

describe.concurrent('the cutover example', () => {
  test('runs as a program', async () => {
    const env = { ...process.env, TEMPORAL_ADDRESS: inject('temporalAddress') };
    const args = ['--no-warnings', '--import', 'tsx', program];
    const { stdout } = await promisify(execFile)(process.execPath, args, { env });
    expect(stdout).toMatch(
      /^the source takes no writes any more\nthe application uses the target\nswitched: writes were stopped for \d+ s\nthe replication stopped for good at \S+\n$/,
    );
  });

  test('refuses a fence and a switch that arrive after their cutover has gone back', async () => {
    const databases: Databases = { isSourceReadOnly: true, pointer: 'source', token: '', isClosed: false };
    const hooks = createCutoverHooks(databases, () => undefined);
    const [own, next] = [{ token: '1' }, { token: '2' }] as unknown as CutoverContext[];
    if (own === undefined || next === undefined) throw new Error('There are two');
    await hooks.unfenceOrders(own);
    await expect(hooks.fenceOrders(own)).rejects.toThrow(ApplicationFailure);
    await expect(hooks.switchOrders(own)).rejects.toThrow(ApplicationFailure);
    expect(databases).toMatchObject({ isSourceReadOnly: false, pointer: 'source' });
    await hooks.fenceOrders(next);
    await hooks.switchOrders(next);
    expect(databases).toMatchObject({ isSourceReadOnly: true, pointer: 'target' });
  });

  test('refuses an unfence of an earlier cutover once a later one has fenced', async () => {
    const databases: Databases = { isSourceReadOnly: false, pointer: 'source', token: '', isClosed: false };
    const hooks = createCutoverHooks(databases, () => undefined);
    const of = (token: string) => ({ token }) as CutoverContext;
    await hooks.fenceOrders(of('1'));
    await hooks.unfenceOrders(of('1'));
    await hooks.fenceOrders(of('2'));
    await expect(hooks.unfenceOrders(of('1'))).rejects.toThrow(ApplicationFailure);
    await expect(hooks.switchOrders(of('1'))).rejects.toThrow(ApplicationFailure);
    expect(databases).toMatchObject({ isSourceReadOnly: true, pointer: 'source' });
  });

  test('keeps the source fenced when a late switch comes just before unfence', async () => {
    const databases: Databases = { isSourceReadOnly: true, pointer: 'target', token: '', isClosed: false };
    const hooks = createCutoverHooks(databases, () => undefined);
    await expect(hooks.unfenceOrders({ token: 'own' } as CutoverContext)).rejects.toThrow(ApplicationFailure);
    expect(databases.isSourceReadOnly).toBe(true);
    // The application may stay on the target, so the cutover is not closed.
    expect(databases.isClosed).toBe(false);
  });
});
