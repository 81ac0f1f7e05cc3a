/** Optional parts of a worker. Each loads its SDK client only for workers that use it. */
import type { CheckpointArchive, LagSource, PermissionSource } from '../activities/index.js';
import type { WorkerSettings } from './settings.js';

export async function openArchive(tableName: string | undefined): Promise<CheckpointArchive | undefined> {
  if (tableName === undefined) return undefined;
  const { createDynamoDbArchive } = await import('../dynamodb/index.js');
  return createDynamoDbArchive({ tableName });
}

export async function openLag(source: WorkerSettings['lag']): Promise<LagSource | undefined> {
  if (source === undefined) return undefined;
  const { createCloudWatchLag } = await import('../cloudwatch/index.js');
  return createCloudWatchLag();
}

export async function openPermissions(source: WorkerSettings['permissions']): Promise<PermissionSource | undefined> {
  if (source === undefined) return undefined;
  const { createIamPermissions } = await import('../iam/index.js');
  return createIamPermissions();
}

export async function openNexus() {
  const { createDmsNexusHandler } = await import('../plugin/nexus-handler.js');
  return [createDmsNexusHandler()];
}
