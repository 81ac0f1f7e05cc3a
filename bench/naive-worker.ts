/** Worker of the naive ways. Runs as a separate program, so that its memory can be measured. */
import { fileURLToPath } from 'node:url';
import {
  DatabaseMigrationServiceClient,
  DescribeReplicationsCommand,
  StopReplicationCommand,
} from '@aws-sdk/client-database-migration-service';
import { NativeConnection, Worker } from '@temporalio/worker';

export function naiveActivities(dms: DatabaseMigrationServiceClient) {
  const describe = async (arn: string): Promise<{ status: string; checkpoint: string | null }> => {
    const filter = { Name: 'replication-config-arn', Values: [arn] };
    const { Replications: [row] = [] } = await dms.send(new DescribeReplicationsCommand({ Filters: [filter] }));
    return { status: row?.Status ?? 'unknown', checkpoint: row?.RecoveryCheckpoint ?? null };
  };
  return {
    describe,
    async stop(arn: string): Promise<void> {
      await dms.send(new StopReplicationCommand({ ReplicationConfigArn: arn }));
    },
    async describeStopped(arn: string): Promise<string | null> {
      const { status, checkpoint } = await describe(arn);
      if (status === 'stopped') return checkpoint;
      throw new Error(`still ${status}`);
    },
  };
}

export const naiveWorkflowsPath = fileURLToPath(new URL('naive-workflows.ts', import.meta.url));

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const worker = await Worker.create({
    connection: await NativeConnection.connect({ address: process.env['TEMPORAL_ADDRESS'] ?? 'localhost:7233' }),
    taskQueue: process.env['TEMPORAL_TASK_QUEUE'] ?? 'naive',
    workflowsPath: naiveWorkflowsPath,
    activities: naiveActivities(new DatabaseMigrationServiceClient({ region: 'eu-west-1' })),
  });
  await worker.run();
}
