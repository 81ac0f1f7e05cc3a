/**
 * Prints the bundle of the given workflows file. Runs as a separate process, so that the worker does not keep the
 * bundler's memory.
 */
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

const [workflowsPath = ''] = process.argv.slice(2);
try {
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
  process.stdout.write(code);
} catch (err) {
  process.stderr.write(`${err instanceof Error ? err.message : String(err)}\n`);
  process.exitCode = 1;
}
