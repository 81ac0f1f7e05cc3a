import type { Ledger } from '../../contract/ledger-state.js';

/** Work that the ledger does by itself. See `duties.ts`. */
export type DutyName = 'finish a call' | 'look for a deletion' | 'guard the resume window' | 'archive records';

/** Ledger in one run of its workflow. */
export interface LedgerRun {
  ledger: Ledger;
  /** Shows in the details why a duty can't be fulfilled. `null`: nothing is known to prevent it. */
  readonly showProblem: (duty: DutyName, problem: string | null) => void;
  /** True if the next run begins on another task queue. The workers of this one may be gone. */
  readonly isMoving: boolean;
  /** True if this run must end. A new run goes on, unless nothing is left to do. */
  readonly isEnding: boolean;
}
