import { patched } from '@temporalio/workflow';
import { deleted } from '../operations/deletion.js';
import type { Ledger } from '../operations/records.js';

/** A ledger in one run of its workflow. */
export interface Book {
  ledger: Ledger;
  /** Counts the changes from outside. */
  readonly revision: number;
  /** This run is to end: a new one goes on, or nothing is left to do. */
  readonly isEnding: boolean;
}

/** The ledger has seen for itself that there is no such replication: it closes when nothing is left to do. */
export function noteDeleted(book: Book): void {
  if (patched('temporal-dms:ledger-closes')) book.ledger = deleted(book.ledger, new Date().toISOString());
}
