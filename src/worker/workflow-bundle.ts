import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { WorkerOptions } from '@temporalio/worker';
import { problemOf } from '../program.js';
import { log } from './log.js';

/** Workflows that the ready-made worker bundles: those of `workflows/<name>.ts`. */
type Name = 'index' | 'versioned';

const pathOf = (file: string) => fileURLToPath(new URL(file, import.meta.url));

/**
 * Returns the bundle of the package's workflows, unless the options name workflows of their own.
 *
 * The bundle was made with the package. It holds the code of Temporal's SDK, so it serves only that version of the SDK.
 * Another version, or options that go into a bundle, make a new one, which takes some seconds.
 */
export async function workflowBundle(
  options: Pick<
    WorkerOptions,
    'workflowBundle' | 'workflowsPath' | 'bundlerOptions' | 'dataConverter' | 'interceptors' | 'plugins'
  >,
  name: Name,
): Promise<Pick<WorkerOptions, 'workflowBundle' | 'workflowsPath'>> {
  if (options.workflowBundle !== undefined || options.workflowsPath !== undefined) return {};
  // Plugins and functions of the bundler can't be sent to the process that bundles. The SDK bundles with them.
  if ((options.plugins ?? []).length > 0 || options.bundlerOptions !== undefined) {
    log('bundling', { why: 'there are plugins, or options of the bundler' });
    return { workflowsPath: pathOf(`../workflows/${name}.js`) };
  }
  const why = reasonToBundle(options);
  if (why === null) return { workflowBundle: { codePath: pathOf(`${name}.bundle.js`) } };
  log('bundling', { why });
  return { workflowBundle: { code: await bundle(name, options) } };
}

/** Returns why the bundle of the package can't be used. `null`: it can. */
function reasonToBundle({ dataConverter, interceptors }: Parameters<typeof workflowBundle>[0]): string | null {
  const { payloadConverterPath, failureConverterPath } = dataConverter ?? {};
  if (payloadConverterPath !== undefined || failureConverterPath !== undefined)
    return 'the data converter has a part that runs in workflows';
  if ((interceptors?.workflowModules ?? []).length > 0) return 'there are interceptors of workflows';
  if (!existsSync(pathOf('bundle.json'))) return 'the package was built without a bundle';
  const { sdk } = JSON.parse(readFileSync(pathOf('bundle.json'), 'utf8')) as { readonly sdk: string };
  const installed = sdkVersion();
  return sdk === installed ? null : `the package was bundled with Temporal's SDK ${sdk}, and ${installed} is installed`;
}

/** Returns the version of Temporal's SDK whose code goes into a bundle. */
export function sdkVersion(): string {
  const { version } = createRequire(import.meta.url)('@temporalio/workflow/package.json') as {
    readonly version: string;
  };
  return version;
}

async function bundle(
  name: Name,
  { dataConverter, interceptors }: Parameters<typeof workflowBundle>[0],
): Promise<string> {
  const path = pathOf(`../workflows/${name}.js`);
  const { payloadConverterPath, failureConverterPath } = dataConverter ?? {};
  const options = {
    workflowsPath: path,
    payloadConverterPath,
    failureConverterPath,
    workflowInterceptorModules: interceptors?.workflowModules,
  };
  try {
    const args = [pathOf('bundle.js'), JSON.stringify(options)];
    const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: Infinity });
    return stdout;
  } catch (err) {
    const said = (err as { stderr?: string }).stderr?.trim() || problemOf(err);
    throw new Error(`The workflows at ${path} can't be bundled: ${said}. Reinstall temporal-dms and @temporalio/*`, {
      cause: err,
    });
  }
}
