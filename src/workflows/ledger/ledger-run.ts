import type { Ledger } from '../../contract/ledger-state.js';

/** A ledger in one run of its workflow. */
export interface LedgerRun {
  ledger: Ledger;
  /** This run is to end: a new one goes on, or nothing is left to do. */
  readonly isEnding: boolean;
}
