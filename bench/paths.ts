import { fileURLToPath } from 'node:url';

/** Built workflows of the package, as a worker bundles them. */
export const workflowsPath = fileURLToPath(new URL('../dist/workflows/index.js', import.meta.url));
export const workerProgram = fileURLToPath(new URL('../dist/worker.js', import.meta.url));
