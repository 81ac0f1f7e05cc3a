/** `npm run temporal`: a Temporal dev server with its Web UI, until it is interrupted. */
import { startServer } from './temporal-server.js';

const server = await startServer({ port: 7233, ui: true, uiPort: 8233 });
if (server.webUi === null) {
  process.stdout.write(`TEMPORAL_ADDRESS names a server already: ${server.address}\n`);
} else {
  process.stdout.write(`Temporal listens at ${server.address}; its Web UI is at ${server.webUi}. Ctrl-C ends it.\n`);
  const end = () => void server.teardown().then(() => process.exit(0));
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
}
