import { ApplicationFailure } from '@temporalio/common';
import { workflowInfo } from '@temporalio/workflow';
import { readRequest, schemas } from '../../contract/ledger-schemas.js';
import type { Ledger } from '../../contract/ledger-state.js';
import { emptyLedger } from '../../ledger/entries.js';
import { requirePastToken } from '../../ledger/fencing.js';

/** Version of the state that this code writes, and the newest that it reads. */
const VERSION = 1;

/** Reads the initial state. An invalid state fails the workflow. */
export function readInitialState(replicationConfigArn: string, state: unknown, now: string): Ledger {
  if (state === null) return emptyLedger(replicationConfigArn);
  requireKnownVersion(replicationConfigArn, state);
  const read = readRequest(replicationConfigArn, 'state of a ledger', schemas.state, state);
  // A continued run keeps the token of the run before it, even if the server's clock is behind that token.
  const isContinued = workflowInfo().continuedFromExecutionRunId !== undefined;
  if (!isContinued) requirePastToken(replicationConfigArn, read.newestToken, now);
  if (read.replicationConfigArn === replicationConfigArn) return read;
  const what = `The state belongs to the ledger of ${read.replicationConfigArn}, not of ${replicationConfigArn}`;
  throw ApplicationFailure.nonRetryable(what, 'DmsInvalidInput');
}

/** Fails the workflow task, not the workflow, if a newer version wrote the state. Its workers can then go on. */
function requireKnownVersion(replicationConfigArn: string, state: unknown): void {
  const version = typeof state === 'object' && state !== null && 'version' in state ? Number(state.version) : VERSION;
  if (!(version > VERSION)) return;
  throw new Error(
    `The ledger of ${replicationConfigArn} was written by a newer version of temporal-dms (state ${version}, this one reads ${VERSION}). Nothing is lost: serve its task queue with that version again.`,
  );
}
