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

interface Shared {
  readonly temporalAddress: string;
  readonly workflowBundle: string;
  readonly end: () => Promise<void>;
}

/** Projects of a run load this module once each, in one process. They share a server and a bundle. */
const places = globalThis as { temporalDmsTests?: { readonly shared: Promise<Shared>; users: number } | undefined };

/** Starts one real Temporal server for all end-to-end tests. Each test has a task queue of its own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const place = (places.temporalDmsTests ??= { shared: startShared(), users: 0 });
  place.users++;
  const { temporalAddress, workflowBundle, end } = await place.shared;
  project.provide('timeSkippingServer', await findServer('time-skipping'));
  project.provide('temporalAddress', temporalAddress);
  project.provide('workflowBundle', workflowBundle);
  return async () => {
    if (--place.users > 0) return;
    places.temporalDmsTests = undefined;
    await end();
  };
}

async function startShared(): Promise<Shared> {
  const extraArgs = ['--dynamic-config-value', 'frontend.WorkflowPauseEnabled=true'];
  const [server, { code }, folder] = await Promise.all([
    startServer({ extraArgs }),
    bundleWorkflowCode({
      workflowsPath: fileURLToPath(new URL('./hosts.ts', import.meta.url)),
      logger: new DefaultLogger('ERROR'),
    }),
    mkdtemp(join(tmpdir(), 'temporal-dms-bundle-')),
  ]);
  const workflowBundle = join(folder, 'hosts.js');
  await writeFile(workflowBundle, withEmptySourceMap(code));
  return {
    temporalAddress: server.address,
    workflowBundle,
    end: async () => {
      await rm(folder, { recursive: true });
      await server.teardown();
    },
  };
}

/** Returns a bundle with an empty source map. Each worker would parse the whole one. */
function withEmptySourceMap(code: string): string {
  const [start, prefix] = ['//# sourceMappingURL=data:', 'application/json;charset=utf-8;base64,'];
  const at = code.lastIndexOf(start);
  if (at === -1) throw new Error('The bundle of the workflows should have a source map');
  const map = { version: 3, file: 'hosts.js', sources: [], names: [], mappings: '' };
  return `${code.slice(0, at)}${start}${prefix}${Buffer.from(JSON.stringify(map)).toString('base64')}`;
}
