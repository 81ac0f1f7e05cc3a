import { fileURLToPath } from 'node:url';

/** The package's workflows, as a worker bundles them. */
export const workflowsPath = fileURLToPath(new URL('../dist/workflows/index.js', import.meta.url));
export const workerProgram = fileURLToPath(new URL('../dist/worker.js', import.meta.url));
