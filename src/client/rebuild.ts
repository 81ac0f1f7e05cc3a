import {
  WithStartWorkflowOperation,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  type Client,
} from '@temporalio/client';
import type { Workflow } from '@temporalio/common';
import type { CheckpointArchive } from '../operations/archive.js';
import { closedState } from '../operations/deletion.js';
import { findDmsFailure } from '../operations/failures.js';
import type { RestoreReply, RestoreRequest } from '../operations/ledger-messages.js';
import { emptyLedger } from '../operations/ledger.js';
import { readRequest, schemas } from '../operations/ledger-schemas.js';
import { ledgerWorkflowId, messageNames, workflowTypes } from '../operations/names.js';
import type { Ledger } from '../operations/records.js';
import { readArn } from '../operations/refusals.js';
import { restoreRequest, validateRestore } from '../operations/restore.js';

export interface RebuildRequest {
  /** Where the records are, such as `createDynamoDbArchive()`. */
  readonly archive: Pick<CheckpointArchive, 'list'>;
  /** Who rebuilds it, and why: at most 1,000 characters each. */
  readonly by: string;
  readonly reason: string;
}

export interface RebuiltLedger {
  /** So many records are archived. 0: nothing was done. */
  readonly archived: number;
  /** So many came into the ledger, of the newest 100; the others were there. */
  readonly added: number;
}

/** Starts the ledger if it is not there, and brings back what it lacks. */
export async function rebuildLedger(
  client: Client,
  taskQueue: string,
  replicationConfigArn: string,
  { archive, by, reason }: RebuildRequest,
): Promise<RebuiltLedger> {
  const arn = readArn({ replicationConfigArn });
  const archived = await archive.list(arn);
  const [newest, ...older] = archived;
  if (newest === undefined) return { archived: 0, added: 0 };
  const archivedRecords = restoreRequest([newest, ...older], { by, reason }, Date.now());
  // A ledger that is started with a request that it refuses stays, empty and without a seal.
  const request = readRequest(arn, 'request to restore', schemas.restore, archivedRecords);
  validateRestore(emptyLedger(arn), request);
  const startWorkflowOperation = new WithStartWorkflowOperation(workflowTypes.ledger, {
    workflowId: ledgerWorkflowId(arn),
    taskQueue,
    args: [{ replicationConfigArn: arn, state: await stateLeft(client, arn) }],
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    staticSummary: 'DMS ledger: what was stopped and resumed',
  });
  try {
    const { added } = await client.workflow.executeUpdateWithStart<Workflow, RestoreReply, [RestoreRequest]>(
      messageNames.restore,
      { args: [request], startWorkflowOperation },
    );
    return { archived: archived.length, added };
  } catch (err) {
    throw (err instanceof WorkflowUpdateFailedError ? findDmsFailure(err) : undefined) ?? err;
  }
}

/** A ledger that closed by itself has left what it held. */
async function stateLeft(client: Client, arn: string): Promise<Ledger | null> {
  try {
    return await closedState(client.workflow, ledgerWorkflowId(arn));
  } catch (err) {
    if (err instanceof WorkflowNotFoundError) return null;
    throw err;
  }
}
