/** Handler of the Nexus service. */
import { getClient, operationInfo, startWorkflow, WorkflowRunOperationHandler } from '@temporalio/nexus';
import { HandlerError, serviceHandler } from 'nexus-rpc';
import { ReplicationClient, type OpenOperation } from '../client/index.js';
import { unrecorded } from '../client/listing.js';
import { isDmsFailure } from '../contract/failures.js';
import { readResumeInput, readStopInput } from '../contract/input-schemas.js';
import type { OperationKind, ResumeReplicationInput, StopReplicationInput } from '../contract/inputs.js';
import { workflowTypes } from '../contract/names.js';
import { arn, openObject, readWith } from '../contract/schema-parts.js';
import type { ResumeReplicationResult, StopReplicationResult } from '../contract/results.js';
import { dmsService, type DescribeReplicationInput, type ReplicationDescription } from '../nexus/index.js';

/**
 * Creates the handler of {@link dmsService}. Its worker also serves the workflows and activities of this package, on the
 * task queue of the Nexus endpoint.
 */
export function createDmsNexusHandler() {
  return serviceHandler(dmsService, {
    stop: running<StopReplicationInput, StopReplicationResult>('stop', readStopInput),
    resume: running<ResumeReplicationInput, ResumeReplicationResult>('resume', readResumeInput),
    describe,
  });
}

/** Runs an operation in a workflow of its own, which runs the operation workflow as its child or joins it. */
function running<Input, Result>(kind: OperationKind, check: (input: unknown) => unknown) {
  return new WorkflowRunOperationHandler<Input, Result>(async (context, input) => {
    await asBadRequest(() => check(input));
    return startWorkflow<(given: Input) => Promise<Result>>(context, workflowTypes[kind], {
      workflowId: `dms-nexus:${kind}:${context.requestId}`,
      args: [input],
      staticSummary: `DMS ${kind}, by Nexus`,
    });
  });
}

/** Fields of a description's input. */
const describeInput = openObject({ replicationConfigArn: arn });

async function describe(_context: unknown, input: DescribeReplicationInput): Promise<ReplicationDescription> {
  return asBadRequest(() => {
    const what = { what: 'input of the description', hint: 'Correct it and ask again.' };
    return descriptionOf(readWith(describeInput, what, input).replicationConfigArn);
  });
}

/** Turns a failure of the input into a handler error. Temporal retries any other error until the caller's timeout. */
async function asBadRequest<T>(act: () => T | Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (err) {
    if (isDmsFailure(err, 'DmsInvalidInput')) throw new HandlerError('BAD_REQUEST', err.message, { cause: err });
    throw err;
  }
}

async function descriptionOf(replicationConfigArn: string): Promise<ReplicationDescription> {
  const { taskQueue } = operationInfo();
  const dms = new ReplicationClient({ client: getClient(), taskQueue });
  const [summary, open] = await Promise.all([
    dms.summary(replicationConfigArn),
    dms.openOperation(replicationConfigArn),
  ]);
  return { ...(summary ?? unrecorded(replicationConfigArn)), operation: open === null ? null : briefly(open) };
}

function briefly({ kind, operationId, startedAt, requestedBy, reason }: OpenOperation) {
  return { kind, operationId, startedAt, requestedBy, reason };
}
