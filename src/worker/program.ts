import { problemOf } from '../program.js';
import { log } from './log.js';
import { serve } from './run-dms-worker.js';
import { readSettings } from './settings.js';

/** Runs the worker until a signal ends it. The process then ends with 0 once drained, or with 1 after a failure. */
export async function work(read = () => readSettings(process.env)): Promise<void> {
  // Threads and a native client of a worker that failed to start would keep the process alive.
  const end = (code: number) => () => process.exit(code);
  try {
    await serve(read());
    log('drained', {}, end(0));
  } catch (err) {
    log('failed', { error: problemOf(err) }, end(1));
  }
}
