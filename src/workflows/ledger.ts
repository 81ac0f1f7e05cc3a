import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  patched,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { ApplicationFailure, TemporalFailure, type UpdateDefinition } from '@temporalio/common';
import { aboutTo, begin, emptyLedger, unseal, validateAboutTo, validateBegin } from '../operations/ledger.js';
import { record } from '../operations/recording.js';
import { continued, validateContinued } from '../operations/continuation.js';
import { gone, isClosing } from '../operations/deletion.js';
import { historyPage } from '../operations/history.js';
import { ledgerMarkdown } from '../operations/ledger-details.js';
import type { Transition } from '../operations/ledger-entries.js';
import type { RecordRequest } from '../operations/ledger-messages.js';
import type { Ledger } from '../operations/records.js';
import { restore, validateRestore } from '../operations/restore.js';
import { breakReservation, release, reserve, validateReserve } from '../operations/reservations.js';
import { requireNameAndReason, requireOwnerName } from '../operations/update-texts.js';
import { keepArchive } from './archiving.js';
import type { Book } from './book.js';
import { keepLedger } from './ledger-keeper.js';
import {
  aboutToUpdate,
  beginUpdate,
  breakReservationUpdate,
  continuedUpdate,
  goneUpdate,
  historyQuery,
  ledgerQuery,
  recordUpdate,
  releaseUpdate,
  reserveUpdate,
  restoreUpdate,
  unsealUpdate,
} from './messages.js';

/** A run takes 5 history events an update, and may take 2,000 updates; this keeps it far from both limits. */
const UPDATES_PER_RUN = 200;

/** Of the state that this code writes, and the newest that it reads. */
const VERSION = 1;

export interface LedgerInput {
  readonly replicationConfigArn: string;
  /** What an earlier run, or a lost ledger, held. */
  readonly state?: Ledger | null | undefined;
}

/**
 * The ledger of one replication: what was stopped and resumed, by whom and why, the seal, and the call that may be in flight. It finishes what an
 * operation began and did not live to record. Runs as long as DMS has the replication; a cancel does not end it. What it returns is what it held: an
 * operation on a replication that has the ARN again goes on with it.
 */
export async function dmsReplicationLedger({ replicationConfigArn, state }: LedgerInput): Promise<Ledger> {
  requireKnownVersion(replicationConfigArn, state?.version ?? VERSION);
  let ledger: Ledger = { ...emptyLedger(replicationConfigArn), ...state };
  let updates = 0;
  let isEnding = false;
  const book: Book = {
    get ledger() {
      return ledger;
    },
    set ledger(changed) {
      const details = ledgerMarkdown(changed);
      ledger = changed;
      setCurrentDetails(details);
    },
    get revision() {
      return updates;
    },
    // Once it is so it stays so: everything that keeps the ledger ends together.
    get isEnding() {
      isEnding ||= updates >= UPDATES_PER_RUN || workflowInfo().continueAsNewSuggested || isClosing(ledger);
      return isEnding;
    },
  };

  const onUpdate = <Request, Reply>(
    definition: UpdateDefinition<Reply, [Request]>,
    transition: (ledger: Ledger, request: Request, now: string) => Transition<Reply>,
    validate: (ledger: Ledger, request: Request) => void = () => {},
  ) =>
    setHandler(
      definition,
      (request: Request) =>
        attempted(definition.name, () => {
          const changed = transition(book.ledger, request, new Date().toISOString());
          book.ledger = changed.ledger;
          updates++;
          return changed.reply;
        }),
      { validator: (request: Request) => validate(book.ledger, request) },
    );

  setCurrentDetails(ledgerMarkdown(ledger));
  setHandler(ledgerQuery, () => ledger);
  setHandler(historyQuery, (query) => historyPage(ledger, query ?? {}));
  onUpdate(beginUpdate, begin, validateBegin);
  onUpdate(aboutToUpdate, aboutTo, validateAboutTo);
  onUpdate(recordUpdate, (known, request, now) => record(known, asThen(request), now));
  onUpdate(unsealUpdate, unseal, requireNameAndReason('Unsealing'));
  onUpdate(reserveUpdate, reserve, validateReserve);
  onUpdate(releaseUpdate, release, requireOwnerName);
  onUpdate(goneUpdate, gone);
  onUpdate(continuedUpdate, continued, validateContinued);
  onUpdate(restoreUpdate, restore, validateRestore);
  onUpdate(breakReservationUpdate, breakReservation, requireNameAndReason('Breaking a reservation'));

  await CancellationScope.nonCancellable(async () => {
    if (patched('temporal-dms:ledger-keeps')) await Promise.all([keepLedger(book), keepArchive(book)]);
    else await condition(() => book.isEnding);
    await condition(allHandlersFinished);
  });
  if (isClosing(ledger)) return ledger;
  return continueAsNew<typeof dmsReplicationLedger>({ replicationConfigArn, state: book.ledger });
}

/** What an older worker did with a newer one's request is what is replayed: it knew neither archive nor runs. */
function asThen(request: RecordRequest): RecordRequest {
  const { runId: _runId, ...older } = request;
  if (patched('temporal-dms:ledger-archives')) return request;
  return older.type === 'stopped' ? { ...older, archives: undefined } : older;
}

/** Updates may come from anywhere. One that makes no sense fails, and not the workflow's task. */
function attempted<Reply>(update: string, change: () => Reply): Reply {
  try {
    return change();
  } catch (err) {
    if (err instanceof TemporalFailure) throw err;
    throw ApplicationFailure.nonRetryable(`${update} makes no sense: ${String(err)}`, 'DmsInvalidInput');
  }
}

/** Fails the workflow's task, not the workflow: a worker of the version that wrote it goes on where this one can't. */
function requireKnownVersion(replicationConfigArn: string, version: number): void {
  if (version <= VERSION) return;
  throw new Error(
    `The ledger of ${replicationConfigArn} was written by a newer version of temporal-dms (state ${version}, this one reads ${VERSION}). Nothing is lost: serve its task queue with that version again.`,
  );
}
