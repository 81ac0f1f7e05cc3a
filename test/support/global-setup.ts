import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import type { TestProject } from 'vitest/node';
import { findServer, startServer } from '../../scripts/temporal-server.js';

declare module 'vitest' {
  interface ProvidedContext {
    temporalAddress: string;
    timeSkippingServer: Awaited<ReturnType<typeof findServer>>;
    /** The package's workflows with the hosts that tests use, bundled once. */
    workflowBundle: string;
  }
}

/** Starts one real Temporal server for all end-to-end tests. Each test has a task queue of its own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  project.provide('timeSkippingServer', await findServer('time-skipping'));
  const extraArgs = ['--dynamic-config-value', 'frontend.WorkflowPauseEnabled=true'];
  const server = await startServer({ extraArgs });
  project.provide('temporalAddress', server.address);
  const folder = await mkdtemp(join(tmpdir(), 'temporal-dms-bundle-'));
  const workflowsPath = fileURLToPath(new URL('./hosts.ts', import.meta.url));
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
  await writeFile(join(folder, 'hosts.js'), code);
  project.provide('workflowBundle', join(folder, 'hosts.js'));
  return async () => {
    await rm(folder, { recursive: true });
    await server.teardown();
  };
}
