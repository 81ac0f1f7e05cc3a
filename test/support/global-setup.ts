import type { TestProject } from 'vitest/node';
import { findServer, startServer } from '../../scripts/temporal-server.js';

declare module 'vitest' {
  interface ProvidedContext {
    temporalAddress: string;
    timeSkippingServer: Awaited<ReturnType<typeof findServer>>;
  }
}

/** One real Temporal server for all end-to-end tests, each on a task queue of its own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  project.provide('timeSkippingServer', await findServer('time-skipping'));
  const extraArgs = ['--dynamic-config-value', 'frontend.WorkflowPauseEnabled=true'];
  const server = await startServer({ extraArgs });
  project.provide('temporalAddress', server.address);
  return () => server.teardown();
}
