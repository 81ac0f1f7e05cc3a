/** Summaries of replications, from what the server keeps of their ledgers. No worker is needed. */
import { WorkflowNotFoundError, type Client, type WorkflowExecutionInfo } from '@temporalio/client';
import type { Ledger, LedgerMemo, LedgerState } from '../contract/ledger-state.js';
import { ledgerWorkflowId, workflowTypes } from '../contract/names.js';
import { ledgerMemo } from '../ledger/details.js';
import { askServer, requireServer } from './reach.js';

/** Summary of a replication, from the memo of its ledger. */
export interface ReplicationSummary {
  /** ARN of the replication config: `arn:<partition>:dms:<region>:<account>:replication-config:<id>`. */
  readonly replicationConfigArn: string;
  /** State of the replication as far as the ledger knows. `lost`: a person terminated the ledger. */
  readonly state: LedgerState | 'lost';
  /** True after a final stop, until a person unseals the replication. */
  readonly sealed: boolean;
  /** Owner of the reservation. `null`: not reserved. */
  readonly reservedBy: string | null;
  /** End of the resume window of a paused replication, ISO 8601. `null`: no deadline guard runs. */
  readonly resumeBy: string | null;
  /** `RecoveryCheckpoint` of the newest record. `null`: none. */
  readonly recoveryCheckpoint: string | null;
}

const prefix = ledgerWorkflowId('');
/** Ledgers that are open, or that a person has ended. A ledger completes only after its replication was deleted. */
const query = `WorkflowType = "${workflowTypes.ledger}" AND ExecutionStatus != "Completed" AND ExecutionStatus != "ContinuedAsNew"`;

/** Lists the replications that have a ledger. */
export async function* listReplications(client: Client): AsyncGenerator<ReplicationSummary> {
  await requireServer(client);
  // Visibility shows open executions first. A run that was reset leaves a closed one behind.
  const listed = new Set<string>();
  for await (const found of client.workflow.list({ query })) {
    const summary = summaryOf(found);
    if (!found.workflowId.startsWith(prefix) || listed.has(summary.replicationConfigArn)) continue;
    listed.add(summary.replicationConfigArn);
    yield summary;
  }
}

/** Reads the summary of one replication. `null`: it has no ledger. */
export async function readSummary(client: Client, arn: string): Promise<ReplicationSummary | null> {
  try {
    return summaryOf(await askServer(client, () => client.workflow.getHandle(ledgerWorkflowId(arn)).describe()));
  } catch (err) {
    if (err instanceof WorkflowNotFoundError) return null;
    throw err;
  }
}

/** Returns the summary of a ledger that was read. It is newer than what the server keeps. */
export function summaryOfLedger(ledger: Ledger): ReplicationSummary {
  return { replicationConfigArn: ledger.replicationConfigArn, ...ledgerMemo(ledger) };
}

function summaryOf({
  workflowId,
  status,
  memo = {},
}: Pick<WorkflowExecutionInfo, 'workflowId' | 'status' | 'memo'>): ReplicationSummary {
  const text = (key: keyof LedgerMemo) => (typeof memo[key] === 'string' ? memo[key] : null);
  const isOpen = ['RUNNING', 'PAUSED', 'COMPLETED', 'CONTINUED_AS_NEW'].includes(status.name);
  return {
    replicationConfigArn: workflowId.slice(prefix.length),
    state: isOpen ? ((text('state') ?? 'unknown') as LedgerState) : 'lost',
    sealed: memo['sealed'] === true,
    reservedBy: text('reservedBy'),
    resumeBy: text('resumeBy'),
    recoveryCheckpoint: text('recoveryCheckpoint'),
  };
}
