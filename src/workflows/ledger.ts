import {
  allHandlersFinished,
  CancellationScope,
  condition,
  makeContinueAsNewFunc,
  setCurrentDetails,
  setHandler,
  upsertMemo,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import { ApplicationFailure, TemporalFailure, type UpdateDefinition } from '@temporalio/common';
import type * as v from 'valibot';
import { begin, validateBegin } from '../ledger/begin.js';
import { unseal } from '../ledger/seal.js';
import { move } from '../ledger/move.js';
import { nextToArchive } from '../ledger/archive.js';
import { record, validateRecord } from '../ledger/record.js';
import { reportMissing, mayClose } from '../ledger/closing.js';
import { historyPage } from '../ledger/history.js';
import { ledgerMarkdown, ledgerMemo } from '../ledger/details.js';
import type { Transition } from '../ledger/entries.js';
import { countRecord, showArchiveQueue, showResumeWindow } from './metrics.js';
import { readRequest, schemas } from '../contract/ledger-schemas.js';
import type { BeginRequest } from '../contract/ledger-protocol.js';
import type { Ledger } from '../contract/ledger-state.js';
import { searchAttributes, searchAttributeUpdates } from '../contract/search-attributes.js';
import { readArn } from '../contract/failure-messages.js';
import { restore, validateRestore } from '../ledger/restore.js';
import { breakReservation, release, reserve, validateReserve } from '../ledger/reservation.js';
import { runArchiveDuty } from './ledger/archiving.js';
import { readInitialState } from './ledger/initial-state.js';
import type { DutyName, LedgerRun } from './ledger/ledger-run.js';
import { runDuties } from './ledger/duties.js';
import {
  beginUpdate,
  breakReservationUpdate,
  moveUpdate,
  reportMissingUpdate,
  historyQuery,
  ledgerQuery,
  recordUpdate,
  releaseUpdate,
  reserveUpdate,
  restoreUpdate,
  unsealUpdate,
} from './messages.js';

/** Updates after which a run continues as new. An update takes 5 history events. Temporal allows 2,000 a run. */
const UPDATES_PER_RUN = 200;

/** Input of the ledger's workflow. */
export interface LedgerInput {
  /** ARN of the replication config: `arn:<partition>:dms:<region>:<account>:replication-config:<id>`. */
  readonly replicationConfigArn: string;
  /** State of an earlier run, or of a lost ledger. Default: empty. */
  readonly state?: Ledger | null | undefined;
}

/**
 * Runs the ledger of one replication: its records and operations, the seal, and the note of a call.
 *
 * The ledger finishes a call that an operation left unfinished. A cancel does not end the ledger.
 *
 * The workflow ends after DMS has deleted the replication, and returns its state. An operation on a new replication
 * with the same ARN goes on with that state.
 */
export async function dmsReplicationLedger(input: LedgerInput): Promise<Ledger> {
  const replicationConfigArn = readArn(input);
  let ledger = readInitialState(replicationConfigArn, input.state ?? null, now());
  let updates = 0;
  const { taskQueue: ownTaskQueue } = workflowInfo();
  /** Task queue of the next run. */
  let nextTaskQueue = ownTaskQueue;
  let isEnding = false;
  const problems = new Map<DutyName, string>();
  /** True if the namespace has the search attributes. The worker of the newest operation has found out. */
  let isIndexed = workflowInfo().typedSearchAttributes.get(searchAttributes.state) !== undefined;
  const ledgerRun: LedgerRun = {
    showProblem: (duty, found) => {
      if (found === null) problems.delete(duty);
      else problems.set(duty, found);
      show(ledger, problems, isIndexed);
    },
    get ledger() {
      return ledger;
    },
    set ledger(changed) {
      ledger = changed;
      show(ledger, problems, isIndexed);
    },
    get isMoving() {
      return nextTaskQueue !== ownTaskQueue;
    },
    // Invariant: once true, always true, so that all duties of the ledger end together.
    get isEnding() {
      isEnding ||=
        updates >= UPDATES_PER_RUN ||
        workflowInfo().continueAsNewSuggested ||
        nextTaskQueue !== ownTaskQueue ||
        mayClose(ledger);
      return isEnding;
    },
  };

  const onUpdate = <Schema extends v.GenericSchema, Request extends v.InferOutput<Schema>, Reply>(
    definition: UpdateDefinition<Reply, [Request]>,
    schema: Schema,
    transition: (ledger: Ledger, request: v.InferOutput<Schema>, now: string) => Transition<Reply>,
    { description, validate }: UpdateOptions<v.InferOutput<Schema>>,
  ) => {
    const read = (request: unknown) => readRequest(replicationConfigArn, `${definition.name} request`, schema, request);
    const change = (request: Request) => {
      const { lastSequence } = ledgerRun.ledger;
      const changed = transition(ledgerRun.ledger, read(request), now());
      const [newest] = changed.ledger.checkpoints;
      if (definition.name === recordUpdate.name && newest !== undefined && newest.sequence > lastSequence)
        countRecord(newest.intent);
      updates++;
      ledgerRun.ledger = changed.ledger;
      return changed.reply;
    };
    setHandler(definition, (request: Request) => tryChange(definition.name, () => change(request)), {
      validator: (request: Request) =>
        tryChange(definition.name, () => validate?.(ledgerRun.ledger, read(request), now())),
      description,
    });
  };

  show(ledger, problems, isIndexed);
  setHandler(ledgerQuery, () => ledger, { description: 'Shows everything that is recorded of the replication.' });
  setHandler(historyQuery, (query) => historyPage(ledger, query ?? {}), {
    description: 'Lists operations and events, newest first. Takes { kind, since, until, limit, cursor }.',
  });
  const beginAndIndex = (current: Ledger, request: BeginRequest, at: string) => {
    isIndexed = request.hasSearchAttributes ?? isIndexed;
    return begin(current, request, at);
  };
  onUpdate(beginUpdate, schemas.begin, beginAndIndex, {
    description: 'For the activities of temporal-dms. Begins an operation, and notes its call.',
    validate: validateBegin,
  });
  onUpdate(recordUpdate, schemas.record, record, {
    description: 'For the activities of temporal-dms. Records how an operation ended.',
    validate: validateRecord,
  });
  onUpdate(reserveUpdate, schemas.reserve, reserve, {
    description: 'For the activities of temporal-dms. Reserves the replication for an owner.',
    validate: validateReserve,
  });
  onUpdate(releaseUpdate, schemas.release, release, {
    description: 'For the activities of temporal-dms. Ends the reservation of its owner.',
  });
  onUpdate(reportMissingUpdate, schemas.nothing, reportMissing, {
    description: 'For the activities of temporal-dms. Reports that DMS does not show the replication.',
  });
  onUpdate(restoreUpdate, schemas.restore, restore, {
    description: 'Brings records back from an archive. Run temporal dms archive rebuild, which sends it.',
    validate: validateRestore,
  });
  onUpdate(unsealUpdate, schemas.decision, unseal, {
    description: 'Lifts the seal of a final stop, so that the replication may be resumed. Takes { by, reason }.',
  });
  onUpdate(breakReservationUpdate, schemas.decision, breakReservation, {
    description: 'Ends the reservation of an owner that is gone. Takes { by, reason }.',
  });

  onUpdate(
    moveUpdate,
    schemas.move,
    (current, request, at) => {
      const moved = move(current, request, at, nextTaskQueue);
      nextTaskQueue = request.taskQueue;
      return moved;
    },
    {
      description:
        'Moves the ledger to another task queue. A worker there must have dmsReplicationLedger and the activities. Takes { taskQueue, by, reason }.',
    },
  );

  await CancellationScope.nonCancellable(async () => {
    await Promise.all([runDuties(ledgerRun), runArchiveDuty(ledgerRun)]);
    await condition(allHandlersFinished);
  });
  if (mayClose(ledger)) return ledger;
  const goOn = makeContinueAsNewFunc<typeof dmsReplicationLedger>({ taskQueue: nextTaskQueue });
  return goOn({ replicationConfigArn, state: ledgerRun.ledger });
}

interface UpdateOptions<Request> {
  /** Description for the Web UI and `temporal workflow update`. */
  readonly description: string;
  readonly validate?: (ledger: Ledger, request: Request, now: string) => void;
}

/**
 * Shows the ledger in the current details and in metrics. Updates the memo and the search attributes only if they
 * change. Both are readable without a worker.
 */
function show(ledger: Ledger, problems: ReadonlyMap<DutyName, string>, isIndexed: boolean): void {
  const { replicationConfigArn, archive, guard, checkpoints } = ledger;
  if (archive !== null) showArchiveQueue(replicationConfigArn, nextToArchive(ledger) !== null, now());
  const newestResumeBy = checkpoints.find(({ resumeBy }) => resumeBy !== null)?.resumeBy ?? null;
  showResumeWindow(replicationConfigArn, { guardedUntil: guard?.resumeBy ?? null, newestResumeBy });
  setCurrentDetails(ledgerMarkdown(ledger, problems));
  const { memo = {}, typedSearchAttributes } = workflowInfo();
  const wanted = ledgerMemo(ledger);
  const updates = isIndexed ? searchAttributeUpdates(typedSearchAttributes, wanted) : [];
  if (updates.length > 0) upsertSearchAttributes(updates);
  const changed = Object.entries(wanted).filter(([key, value]) => (memo[key] ?? null) !== value);
  if (changed.length > 0) upsertMemo(Object.fromEntries(changed));
}

/** Turns any error of an update into a failure of that update, so that the workflow task does not fail. */
function tryChange<Reply>(update: string, change: () => Reply): Reply {
  try {
    return change();
  } catch (err) {
    if (err instanceof TemporalFailure) throw err;
    throw ApplicationFailure.nonRetryable(`Invalid ${update} request: ${String(err)}`, 'DmsInvalidInput');
  }
}

function now(): string {
  return new Date().toISOString();
}
