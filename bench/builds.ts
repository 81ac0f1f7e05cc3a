/** Builds of the package under measurement: that of this checkout, or that of a git ref. */
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { workerProgram } from './paths.js';
import type { ScaleWay } from './scale.js';

const root = fileURLToPath(new URL('..', import.meta.url));

export interface Build {
  readonly name: string;
  readonly workerProgram: string;
}

export const currentBuild: Build = { name: 'this checkout', workerProgram };

/** Builds a git ref in a temporary worktree with this checkout's dependencies, and removes it after the work. */
export async function withBuildOf<T>(ref: string, work: (build: Build) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'temporal-dms-before-'));
  const git = (...args: readonly string[]) =>
    execFileSync('git', ['-C', root, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    git('worktree', 'add', '--quiet', '--detach', folder, ref);
    const modules = join(folder, 'node_modules');
    symlinkSync(join(root, 'node_modules'), modules);
    execFileSync(join(modules, '.bin', 'tsx'), ['scripts/build.ts'], { cwd: folder, stdio: 'inherit' });
    return await work({ name: ref, workerProgram: join(folder, 'dist', 'worker.js') });
  } finally {
    rmSync(folder, { recursive: true, force: true });
    git('worktree', 'prune');
  }
}

/**
 * Returns the way to stop replications with a build. Starts stops by name, because all builds understand that, and with
 * the memo that a client sets.
 */
export function stopsOf({ name, workerProgram }: Build): ScaleWay & { readonly start: NonNullable<ScaleWay['start']> } {
  return {
    name,
    program: [workerProgram],
    async start(client, taskQueue, replicationConfigArn) {
      const workflowId = `dms:${replicationConfigArn}`;
      const operationId = randomUUID();
      const input = { replicationConfigArn, operationId, selfRestartGraceSeconds: 0 };
      const memo = { 'dms.kind': 'stop', 'dms.operationId': operationId, 'dms.asks': 'pause' };
      await client.workflow.start('dmsStopReplication', { workflowId, taskQueue, memo, args: [input] });
      return workflowId;
    },
    ledger: (arn) => `dms-ledger:${arn}`,
  };
}
