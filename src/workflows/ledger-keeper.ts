import { CancellationScope, condition, log, sleep } from '@temporalio/workflow';
import { abandonedStop } from '../operations/abandoned.js';
import { MISSING_SECONDS } from '../operations/deletion.js';
import { finishAbandoned } from './abandoned-stop.js';
import type { Book } from './book.js';
import { guardDeadline } from './deadline-guard.js';
import { isCancelled } from './failures.js';
import { lookForMissing } from './missing-replication.js';

/** When what went wrong is not understood, somebody may have put it right by then. */
const AGAIN_MS = 3_600_000;

/** Something that the ledger has to do by itself. */
interface Duty {
  readonly inMs: number;
  readonly fulfil: () => Promise<void>;
}

/** Finishes what operations began and did not live to record, and watches the resume deadline, until the run is full. */
export async function keepLedger(book: Book): Promise<void> {
  while (!book.isEnding) {
    const { revision } = book;
    const isChanged = () => book.revision !== revision || book.isEnding;
    const duty = nextDuty(book);
    if (duty === null) await condition(isChanged);
    else if (duty.inMs <= 0 || !(await condition(isChanged, duty.inMs))) await unlessChanged(isChanged, duty.fulfil);
  }
}

function nextDuty(book: Book): Duty | null {
  const { guard, missingSince } = book.ledger;
  const stop = abandonedStop(book.ledger);
  if (stop !== null) return { inMs: stop.inSeconds * 1000, fulfil: () => finishAbandoned(book, stop.call) };
  if (guard !== null) return { inMs: Date.parse(guard.nextAt) - Date.now(), fulfil: () => guardDeadline(book, guard) };
  if (missingSince === null) return null;
  const lookAt = Date.parse(missingSince) + MISSING_SECONDS * 1000;
  return { inMs: lookAt - Date.now(), fulfil: () => lookForMissing(book) };
}

/** Any change of the ledger may have made the work needless: then it is given up, and what there is to do is looked at anew. */
export async function unlessChanged(isChanged: () => boolean, work: () => Promise<void>): Promise<void> {
  const scope = new CancellationScope();
  let isDone = false;
  const tried = async () => {
    try {
      await work();
    } catch (err) {
      if (isCancelled(err)) throw err;
      log.warn('The ledger could not do what there was to do', { error: String(err) });
      await sleep(AGAIN_MS);
    }
  };
  const working = scope
    .run(tried)
    .catch((err: unknown) => {
      if (!isCancelled(err)) throw err;
    })
    .finally(() => void (isDone = true));
  const watching = condition(() => isDone || isChanged()).then(() => scope.cancel());
  await Promise.all([working, watching]);
}
