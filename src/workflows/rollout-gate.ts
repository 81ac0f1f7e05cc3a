import { readArn } from '../contract/failure-messages.js';
import { quickActivities } from './operation/activity-proxies.js';
import { unwrapFailure } from './operation/failures.js';

/** Input of {@link dmsRolloutGate}. */
export interface RolloutGateInput {
  /** ARN of a replication config that the worker must be able to see. Default: DMS is not asked. */
  readonly replicationConfigArn?: string | null | undefined;
}

/**
 * Proves that a version of the worker can work, before operations go to it. It completes, or the rollout stops.
 *
 * The version runs this workflow and an activity that asks Temporal. With an ARN, it also looks at that replication, which
 * needs credentials, the allow-list and the permission. Fails within a minute.
 */
export async function dmsRolloutGate(input: RolloutGateInput | null = null): Promise<void> {
  const { replicationConfigArn = null } = input ?? {};
  if (replicationConfigArn !== null) readArn({ replicationConfigArn });
  try {
    await quickActivities('See whether the activities of this version run')['dms.wasReset']();
    if (replicationConfigArn === null) return;
    await quickActivities('See whether this version reaches DMS')['dms.describeReplication']({ replicationConfigArn });
  } catch (err) {
    throw unwrapFailure(err);
  }
}
