import {
  WithStartWorkflowOperation,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  type Client,
} from '@temporalio/client';
import type { Workflow } from '@temporalio/common';
import type { CheckpointArchive } from '../contract/archive.js';
import { readClosedState } from '../ledger/closing.js';
import { findDmsFailure } from '../contract/failures.js';
import type { RestoreReply, RestoreRequest } from '../contract/ledger-protocol.js';
import { emptyLedger } from '../ledger/entries.js';
import { readRequest, schemas } from '../contract/ledger-schemas.js';
import { ledgerWorkflowId, messageNames, workflowTypes } from '../contract/names.js';
import type { Ledger } from '../contract/ledger-state.js';
import { readArn } from '../contract/failure-messages.js';
import { restore, restoreRequest, validateRestore } from '../ledger/restore.js';
import { requireServer } from './reach.js';

/** Request to bring a ledger back. */
export interface RebuildRequest {
  /** Archive that holds the records, such as `createDynamoDbArchive()`. */
  readonly archive: Pick<CheckpointArchive, 'list'>;
  /** Name of the person who rebuilds the ledger, 1 to 1,000 characters. */
  readonly by: string;
  /** Reason to rebuild it, 1 to 1,000 characters. */
  readonly reason: string;
}

/** Result of bringing a ledger back. */
export interface RebuiltLedger {
  /** Number of archived records. 0: nothing was done. */
  readonly archived: number;
  /** Number of records added to the ledger: those of the newest 100 that it lacked. */
  readonly added: number;
}

/** Brings back the records that the ledger lacks. Starts the ledger if it does not run. */
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
  // A refused request must not start a ledger, because that ledger would stay open, empty and without a seal.
  const request = readRequest(arn, 'request to restore', schemas.restore, archivedRecords);
  const empty = emptyLedger(arn);
  validateRestore(empty, request);
  await requireServer(client);
  const left = await stateLeft(client, arn);
  // Starts a lost ledger with its records in the state. If no worker runs, an update may be lost. A ledger that was
  // started empty would then stay empty and without a seal.
  const lost = left !== null ? null : restore(empty, request, new Date().toISOString());
  const startWorkflowOperation = new WithStartWorkflowOperation(workflowTypes.ledger, {
    workflowId: ledgerWorkflowId(arn),
    taskQueue,
    args: [{ replicationConfigArn: arn, state: lost?.ledger ?? left }],
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    staticSummary: 'DMS ledger: what was stopped and resumed',
  });
  try {
    const { added } = await client.workflow.executeUpdateWithStart<Workflow, RestoreReply, [RestoreRequest]>(
      messageNames.restore,
      { args: [request], startWorkflowOperation },
    );
    return { archived: archived.length, added: lost?.reply.added ?? added };
  } catch (err) {
    throw (err instanceof WorkflowUpdateFailedError ? findDmsFailure(err) : undefined) ?? err;
  }
}

/** Reads the state of a ledger that closed by itself. `undefined`: the ledger runs. `null`: it is lost. */
async function stateLeft(client: Client, arn: string): Promise<Ledger | null | undefined> {
  const id = ledgerWorkflowId(arn);
  try {
    const { status } = await client.workflow.getHandle(id).describe();
    return status.name === 'RUNNING' ? undefined : await readClosedState(client.workflow, id);
  } catch (err) {
    if (err instanceof WorkflowNotFoundError) return null;
    throw err;
  }
}
