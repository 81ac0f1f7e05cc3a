import type { Ledger } from '../../contract/ledger-state.js';

/** Ledger in one run of its workflow. */
export interface LedgerRun {
  ledger: Ledger;
  /** Shows in the details why a duty can't be fulfilled. `null`: it can. */
  readonly showProblem: (problem: string | null) => void;
  /** True if this run must end. A new run goes on, unless nothing is left to do. */
  readonly isEnding: boolean;
}
