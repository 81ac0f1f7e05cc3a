/**
 * Prints the workflows of the given file, bundled by the SDK that is installed. A program of its own, so that what bundling takes in memory is given
 * back before the first wait.
 */
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

const [workflowsPath = ''] = process.argv.slice(2);
const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
process.stdout.write(code);
