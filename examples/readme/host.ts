import { assertStopped, resumeReplication, stopReplication } from 'temporal-dms/steps';

export async function changeSchema(replicationConfigArn: string): Promise<string> {
  const { checkpoint } = await stopReplication({ replicationConfigArn, reason: 'schema change' });
  // … your own activities: change the schema …
  await assertStopped(checkpoint);
  const { outcome } = await resumeReplication({ replicationConfigArn, verifyProgressSeconds: 5 });
  return outcome;
}
