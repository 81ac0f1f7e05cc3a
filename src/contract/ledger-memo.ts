/**
 * State of a replication as its ledger knows it. `stopping`, `starting`: a call is noted. `stopped`, `running`: by the
 * newest operation that succeeded. `failed`: an operation has found the replication failed since. `unknown`: none of
 * these.
 */
export type LedgerState = 'stopping' | 'starting' | 'stopped' | 'running' | 'failed' | 'deleted' | 'unknown';

/** Memo of a ledger, by which ledgers are listed without a worker. `null`: the ledger has no such value. */
export interface LedgerMemo {
  readonly identifier: string | null;
  readonly state: LedgerState;
  readonly sealed: boolean;
  readonly reservedBy: string | null;
  readonly resumeBy: string | null;
  readonly recoveryCheckpoint: string | null;
}
