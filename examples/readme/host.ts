import { CancellationScope } from '@temporalio/workflow';
import {
  assertStopped,
  releaseReplication,
  reserveReplication,
  resumeReplication,
  stopReplication,
} from 'temporal-dms/steps';

export async function changeSchema(replicationConfigArn: string, settleSeconds = 10): Promise<string> {
  try {
    await reserveReplication({ replicationConfigArn, reason: 'schema change' });
    const { checkpoint } = await stopReplication({ replicationConfigArn, settleSeconds, reason: 'schema change' });
    // … your own activities: change the schema …
    await assertStopped(checkpoint);
    const { outcome } = await resumeReplication({ replicationConfigArn, verifyProgressSeconds: 5 });
    return outcome;
  } finally {
    await CancellationScope.nonCancellable(() => releaseReplication({ replicationConfigArn }));
  }
}
