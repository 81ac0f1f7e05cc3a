/**
 * `temporal-dms/worker`: {@link runDmsWorker}, the ready-made worker with changes of yours.
 *
 * @module
 */
export { runDmsWorker, type DmsWorkerConfig, type RunDmsWorkerOptions } from './run-dms-worker.js';
