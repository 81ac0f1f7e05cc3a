import { allHandlersFinished, condition, continueAsNew, setHandler, workflowInfo } from '@temporalio/workflow';
import type { UpdateDefinition } from '@temporalio/common';
import { dmsFailure } from '../operations/failures.js';
import {
  aboutTo,
  begin,
  emptyLedger,
  record,
  unseal,
  validateAboutTo,
  validateBegin,
  type Transition,
} from '../operations/ledger.js';
import type { UnsealRequest } from '../operations/ledger-messages.js';
import type { Ledger } from '../operations/records.js';
import { aboutToUpdate, beginUpdate, ledgerQuery, recordUpdate, unsealUpdate } from './messages.js';

/** A run takes 5 history events an update, and may take 2,000 updates; this keeps it far from both limits. */
const UPDATES_PER_RUN = 200;

export interface LedgerInput {
  readonly replicationConfigArn: string;
  /** What an earlier run, or a lost ledger, held. */
  readonly state?: Ledger | null | undefined;
}

/** The ledger of one replication: what was stopped and resumed, by whom and why, the seal, and the call that may be in flight. Runs for ever. */
export async function dmsReplicationLedger({ replicationConfigArn, state }: LedgerInput): Promise<void> {
  let ledger = state ?? emptyLedger(replicationConfigArn);
  let updates = 0;

  const onUpdate = <Request, Reply>(
    definition: UpdateDefinition<Reply, [Request]>,
    transition: (ledger: Ledger, request: Request, now: string) => Transition<Reply>,
    validate: (ledger: Ledger, request: Request) => void = () => {},
  ) =>
    setHandler(
      definition,
      (request: Request) => {
        const changed = transition(ledger, request, new Date().toISOString());
        ledger = changed.ledger;
        updates++;
        return changed.reply;
      },
      { validator: (request: Request) => validate(ledger, request) },
    );

  setHandler(ledgerQuery, () => ledger);
  onUpdate(beginUpdate, begin, validateBegin);
  onUpdate(aboutToUpdate, aboutTo, validateAboutTo);
  onUpdate(recordUpdate, record);
  onUpdate(unsealUpdate, unseal, requireNameAndReason);

  await condition(() => updates >= UPDATES_PER_RUN || workflowInfo().continueAsNewSuggested);
  await condition(allHandlersFinished);
  await continueAsNew<typeof dmsReplicationLedger>({ replicationConfigArn, state: ledger });
}

function requireNameAndReason({ replicationConfigArn }: Ledger, request: Partial<UnsealRequest> | undefined): void {
  const isText = (value: unknown) => typeof value === 'string' && value.trim() !== '' && value.length <= 1000;
  if (isText(request?.by) && isText(request?.reason)) return;
  const problem = 'Unsealing takes { by, reason }: who does it, and why, in at most 1,000 characters';
  throw dmsFailure('DmsInvalidInput', { replicationConfigArn }, problem, 'Give both; nothing was changed.');
}
