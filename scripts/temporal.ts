/** `npm run temporal`: a Temporal dev server with its Web UI, until it is interrupted. */
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { findServer } from './temporal-server.js';

const address = process.env['TEMPORAL_ADDRESS'];
if (address !== undefined) {
  process.stdout.write(`TEMPORAL_ADDRESS names a server already: ${address}\n`);
} else {
  const server = await TestWorkflowEnvironment.createLocal({
    server: { executable: await findServer('dev'), port: 7233, ui: true, uiPort: 8233 },
  });
  process.stdout.write(
    `Temporal listens at ${server.address}; its Web UI is at http://localhost:8233. Ctrl-C ends it.\n`,
  );
  const end = () => void server.teardown().then(() => process.exit(0));
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
}
