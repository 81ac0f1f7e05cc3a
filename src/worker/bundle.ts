/**
 * Prints a bundle of workflows. Runs as a separate process, so that the worker does not keep the bundler's memory.
 *
 * Argument: the options of `bundleWorkflowCode`, as JSON.
 */
import { bundleWorkflowCode, DefaultLogger, type BundleOptions } from '@temporalio/worker';

try {
  const options = JSON.parse(process.argv[2] ?? '') as BundleOptions;
  const { code } = await bundleWorkflowCode({ ...options, logger: new DefaultLogger('ERROR') });
  process.stdout.write(code);
} catch (err) {
  process.stderr.write(`${err instanceof Error ? err.message : String(err)}\n`);
  process.exitCode = 1;
}
