import type { Ledger } from '../../contract/ledger-state.js';

/** Ledger in one run of its workflow. */
export interface LedgerRun {
  ledger: Ledger;
  /** True if this run must end. A new run goes on, unless nothing is left to do. */
  readonly isEnding: boolean;
}
