/** `npm run temporal`: runs a Temporal dev server with its Web UI until Ctrl-C. `--port <port>` sets another port. */
import { parseArgs } from 'node:util';
import { startServer } from './temporal-server.js';

const { values } = parseArgs({ options: { port: { type: 'string', default: '7233' } } });
const port = Number(values.port);
const server = await startServer({ port, ui: true, uiPort: port + 1000 });
if (server.webUi === null) {
  process.stdout.write(`TEMPORAL_ADDRESS names a server already: ${server.address}\n`);
} else {
  process.stdout.write(`Temporal listens at ${server.address}; its Web UI is at ${server.webUi}. Ctrl-C ends it.\n`);
  // The server is a process of its own, and signal handlers do not keep this one alive.
  setInterval(() => {}, 2 ** 30);
  const end = () => void server.teardown().then(() => process.exit(0));
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
}
