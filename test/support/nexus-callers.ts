/** Workflows of a caller in another namespace, who has nothing of the package but the contract of its Nexus service. */
import { CancellationScope, createNexusServiceClient, isCancellation } from '@temporalio/workflow';
import { dmsService } from '../../src/nexus/index.js';
import type { ReplicationDescription } from '../../src/nexus/index.js';
import type { StopReplicationInput, StopReplicationResult } from '../../src/index.js';

const clientOf = (endpoint: string) => createNexusServiceClient({ endpoint, service: dmsService });

export async function callerOfStop(endpoint: string, input: StopReplicationInput): Promise<StopReplicationResult> {
  return clientOf(endpoint).executeOperation('stop', input);
}

export async function callerOfDescribe(
  endpoint: string,
  replicationConfigArn: string,
): Promise<ReplicationDescription> {
  return clientOf(endpoint).executeOperation('describe', { replicationConfigArn });
}

/** Calls an operation with an input of any shape. Returns the errors from the operation's failure down to its cause. */
export async function callerWithAnyInput(
  endpoint: string,
  operation: keyof typeof dmsService.operations,
  input: unknown,
): Promise<readonly { readonly name: string; readonly type: unknown; readonly message: string }[]> {
  const errors = [];
  try {
    await clientOf(endpoint).executeOperation(operation, input as never);
  } catch (err) {
    for (let each: unknown = err; each instanceof Error; each = each.cause)
      errors.push({ name: each.name, type: Reflect.get(each, 'type') as unknown, message: each.message });
  }
  return errors;
}

/** Cancels a stop after some seconds. Returns true if the stop was cancelled. */
export async function callerThatCancels(
  endpoint: string,
  input: StopReplicationInput,
  seconds: number,
): Promise<boolean> {
  try {
    await CancellationScope.withTimeout(seconds * 1000, () => clientOf(endpoint).executeOperation('stop', input));
    return false;
  } catch (err) {
    return isCancellation(err);
  }
}
