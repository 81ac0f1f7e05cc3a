/** Handler of the Nexus service. */
import { getClient, operationInfo, startWorkflow, WorkflowRunOperationHandler } from '@temporalio/nexus';
import { HandlerError, serviceHandler } from 'nexus-rpc';
import { ReplicationClient, type OpenOperation } from '../client/index.js';
import { isDmsFailure } from '../contract/failures.js';
import type { OperationKind, ResumeReplicationInput, StopReplicationInput } from '../contract/inputs.js';
import { workflowTypes } from '../contract/names.js';
import type { ResumeReplicationResult, StopReplicationResult } from '../contract/results.js';
import { dmsService, type DescribeReplicationInput, type ReplicationDescription } from '../nexus/index.js';

/**
 * Creates the handler of {@link dmsService}. Its worker also serves the workflows and activities of this package, on the
 * task queue of the Nexus endpoint.
 */
export function createDmsNexusHandler() {
  return serviceHandler(dmsService, {
    stop: running<StopReplicationInput, StopReplicationResult>('stop'),
    resume: running<ResumeReplicationInput, ResumeReplicationResult>('resume'),
    describe,
  });
}

/** Runs an operation in a workflow of its own, which runs the operation workflow as its child or joins it. */
function running<Input, Result>(kind: OperationKind) {
  return new WorkflowRunOperationHandler<Input, Result>((context, input) =>
    startWorkflow<(given: Input) => Promise<Result>>(context, workflowTypes[kind], {
      workflowId: `dms-nexus:${kind}:${context.requestId}`,
      args: [input],
      staticSummary: `DMS ${kind}, by Nexus`,
    }),
  );
}

async function describe(
  _context: unknown,
  { replicationConfigArn }: DescribeReplicationInput,
): Promise<ReplicationDescription> {
  const { taskQueue } = operationInfo();
  const dms = new ReplicationClient({ client: getClient(), taskQueue });
  try {
    const [summary, open] = await Promise.all([
      dms.summary(replicationConfigArn),
      dms.openOperation(replicationConfigArn),
    ]);
    return { ...(summary ?? { ...unrecorded, replicationConfigArn }), operation: open === null ? null : briefly(open) };
  } catch (err) {
    if (isDmsFailure(err, 'DmsInvalidInput')) throw new HandlerError('BAD_REQUEST', err.message);
    throw err;
  }
}

/** Summary of a replication that has no ledger. */
const unrecorded = {
  identifier: null,
  state: 'unknown',
  sealed: false,
  reservedBy: null,
  resumeBy: null,
  recoveryCheckpoint: null,
} as const;

function briefly({ kind, operationId, startedAt, requestedBy, reason }: OpenOperation) {
  return { kind, operationId, startedAt, requestedBy, reason };
}
