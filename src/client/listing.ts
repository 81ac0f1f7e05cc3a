/** Summaries of replications, from what the server keeps of their ledgers. No worker is needed. */
import { isGrpcServiceError, type Client } from '@temporalio/client';
import type { LedgerMemo, LedgerState } from '../contract/ledger-memo.js';
import type { Ledger } from '../contract/ledger-state.js';
import { ledgerWorkflowId, workflowTypes } from '../contract/names.js';
import { ledgerMemo } from '../ledger/details.js';
import { emptyLedger } from '../ledger/entries.js';
import { decodePayload } from './payloads.js';
import { askServer } from './reach.js';

type ListPage = Awaited<ReturnType<Client['workflowService']['listWorkflowExecutions']>>;
type ListedExecution = NonNullable<ListPage['executions']>[number];

/** gRPC codes of an execution that does not exist. */
const NOT_FOUND: readonly number[] = [5];

/** Summary of a replication, from the memo of its ledger. */
export interface ReplicationSummary {
  /** ARN of the replication config: `arn:<partition>:dms:<region>:<account>:replication-config:<id>`. */
  readonly replicationConfigArn: string;
  /** `ReplicationConfigIdentifier` of the replication when the newest operation began. `null`: not known. */
  readonly identifier: string | null;
  /**
   * State of the replication as far as the ledger knows. `lost`: a person terminated the ledger. `unreadable`: the memo
   * of the ledger is encoded, and this client has no codec for it. Nothing else is known then.
   */
  readonly state: LedgerState | 'lost' | 'unreadable';
  /** True after a final stop, until a person unseals the replication. */
  readonly sealed: boolean;
  /** Owner of the reservation. `null`: not reserved. */
  readonly reservedBy: string | null;
  /** End of the resume window of a stopped replication that is not sealed, ISO 8601. `null`: none is known. */
  readonly resumeBy: string | null;
  /** `RecoveryCheckpoint` of the newest record. `null`: none. */
  readonly recoveryCheckpoint: string | null;
}

const prefix = ledgerWorkflowId('');
/** Ledgers that are open, or that a person has ended. A ledger completes only after its replication was deleted. */
const query = `WorkflowType = "${workflowTypes.ledger}" AND ExecutionStatus != "Completed" AND ExecutionStatus != "ContinuedAsNew"`;

/** Values of `WorkflowExecutionStatus` in Temporal's API of a ledger that a person has ended: failed to timed out. */
const ENDED: ReadonlySet<number> = new Set([3, 4, 5, 7]);
const PAGE_SIZE = 500;

/** Lists the replications that have a ledger. A memo that can't be decoded spoils only its own entry. */
export async function* listReplications(client: Client): AsyncGenerator<ReplicationSummary> {
  // Visibility shows open executions first. A run that was reset leaves a closed one behind.
  const listed = new Set<string>();
  let nextPageToken: Uint8Array | null = null;
  do {
    const request = { namespace: client.options.namespace, query, pageSize: PAGE_SIZE, nextPageToken };
    const page: ListPage = await askServer(client, () => client.workflowService.listWorkflowExecutions(request));
    for (const execution of page.executions ?? []) {
      const arn = execution.execution?.workflowId?.slice(prefix.length) ?? '';
      if (execution.execution?.workflowId !== ledgerWorkflowId(arn) || listed.has(arn)) continue;
      listed.add(arn);
      const summary = ENDED.has(Number(execution.status))
        ? await readSummary(client, arn)
        : await summaryOf(client, arn, execution);
      // An ended run may be older than the one that completed because the replication was deleted.
      if (summary !== null && summary.state !== 'deleted') yield summary;
    }
    nextPageToken = page.nextPageToken ?? null;
  } while (nextPageToken !== null && nextPageToken.length > 0);
}

/** Reads the summary of one replication. `null`: it has no ledger. */
export async function readSummary(client: Client, arn: string): Promise<ReplicationSummary | null> {
  try {
    const { workflowExecutionInfo: info } = await askServer(client, () =>
      client.workflowService.describeWorkflowExecution({
        namespace: client.options.namespace,
        execution: { workflowId: ledgerWorkflowId(arn) },
      }),
    );
    return info == null ? null : await summaryOf(client, arn, info);
  } catch (err) {
    // The answer for a namespace that does not exist has the same code.
    if (isGrpcServiceError(err) && NOT_FOUND.includes(err.code) && !/^namespace/i.test(err.details)) return null;
    throw err;
  }
}

/** Returns the summary of a replication that has no ledger. */
export function unrecorded(replicationConfigArn: string): ReplicationSummary {
  return summaryOfLedger(emptyLedger(replicationConfigArn));
}

/** Returns the summary of a ledger that was read. It is newer than what the server keeps. */
export function summaryOfLedger(ledger: Ledger): ReplicationSummary {
  return { replicationConfigArn: ledger.replicationConfigArn, ...ledgerMemo(ledger) };
}

async function summaryOf(
  client: Client,
  replicationConfigArn: string,
  { status, memo }: ListedExecution,
): Promise<ReplicationSummary> {
  const fields = await decodeMemo(client, memo?.fields ?? {});
  const {
    identifier = null,
    state = 'unknown',
    sealed = false,
    reservedBy = null,
    resumeBy = null,
    recoveryCheckpoint = null,
  } = fields ?? {};
  return {
    replicationConfigArn,
    identifier,
    state: fields === null ? 'unreadable' : ENDED.has(Number(status)) ? 'lost' : state,
    sealed,
    reservedBy,
    resumeBy,
    recoveryCheckpoint,
  };
}

/** Decodes the memo of a ledger. `null`: this client has no codec for it. */
async function decodeMemo(
  client: Client,
  fields: NonNullable<NonNullable<ListedExecution['memo']>['fields']>,
): Promise<Partial<LedgerMemo> | null> {
  try {
    const decoded = Object.entries(fields).map(
      async ([key, value]) => [key, await decodePayload(client, value)] as const,
    );
    return Object.fromEntries(await Promise.all(decoded));
  } catch {
    return null;
  }
}
