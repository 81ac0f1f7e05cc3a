import { createNexusServiceClient } from '@temporalio/workflow';
import { dmsService } from 'temporal-dms/nexus';

const dms = createNexusServiceClient({ endpoint: 'temporal-dms', service: dmsService });

export async function pauseForMaintenance(replicationConfigArn: string): Promise<string> {
  const request = { replicationConfigArn, requestedBy: 'ada', reason: 'maintenance' };
  const { checkpoint } = await dms.executeOperation('stop', request);
  const { state } = await dms.executeOperation('describe', { replicationConfigArn });
  await dms.executeOperation('resume', { ...request, verifyProgressSeconds: 5 });
  return `${state} at ${checkpoint.recoveryCheckpoint ?? 'no checkpoint'}`;
}
