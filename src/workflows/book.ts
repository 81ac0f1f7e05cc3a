import { patched } from '@temporalio/workflow';
import { missing } from '../operations/deletion.js';
import type { Ledger } from '../operations/records.js';

/** A ledger in one run of its workflow. */
export interface Book {
  ledger: Ledger;
  /** Counts the changes from outside. */
  readonly revision: number;
  /** This run is to end: a new one goes on, or nothing is left to do. */
  readonly isEnding: boolean;
}

/** The ledger has not found its replication. */
export function noteMissing(book: Book): void {
  if (patched('temporal-dms:ledger-closes')) book.ledger = missing(book.ledger, new Date().toISOString());
}
