import { CancellationScope, condition, log, sleep } from '@temporalio/workflow';
import { MISSING_SECONDS } from '../operations/deletion.js';
import { unfinishedCall } from '../operations/ledger-calls.js';
import type { Book } from './book.js';
import { guardDeadline } from './deadline-guard.js';
import { isCancelled } from './failures.js';
import { lookForMissing } from './missing-replication.js';
import { finishCall } from './unfinished-call.js';

/** How soon a duty that failed is tried again. */
const AGAIN_MS = 600_000;

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

/** The duty that is due first. */
function nextDuty(book: Book): Duty | null {
  const { ledger } = book;
  const { guard, missingSince } = ledger;
  const unfinished = unfinishedCall(ledger, new Date().toISOString());
  const duties: Duty[] = [];
  if (missingSince !== null)
    duties.push({ inMs: untilMs(missingSince) + MISSING_SECONDS * 1000, fulfil: () => lookForMissing(book) });
  if (unfinished !== null)
    duties.push({ inMs: unfinished.inSeconds * 1000, fulfil: () => finishCall(book, unfinished) });
  if (guard !== null) duties.push({ inMs: untilMs(guard.nextAt), fulfil: () => guardDeadline(book, guard) });
  return duties.toSorted((one, other) => one.inMs - other.inMs)[0] ?? null;
}

function untilMs(time: string): number {
  return Date.parse(time) - Date.now();
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
