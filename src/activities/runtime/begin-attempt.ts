import { readReplicationArn } from '../../contract/input-schemas.js';
import { parseReplicationConfigArn } from '../../dms/arn.js';
import { Attempt } from './attempt.js';
import type { AttemptOptions } from './attempt-options.js';
import type { WorkerContext } from './worker-context.js';

/** Begins an attempt on the replication in the input. Throws `DmsNotAllowed` if this worker may not touch it. */
export function beginAttempt(
  worker: WorkerContext,
  input: unknown,
  activity: string,
  options: AttemptOptions,
): Attempt {
  const arn = parseReplicationConfigArn(readReplicationArn(input, activity));
  worker.requireAllowed(arn, options.operationId);
  return new Attempt(worker, arn, options);
}
