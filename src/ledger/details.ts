import type { LedgerMemo, LedgerState } from '../contract/ledger-memo.js';
import type { Ledger } from '../contract/ledger-state.js';

/** Returns the Markdown that the Web UI shows for a ledger: the facts an operator needs before touching the replication. */
export function ledgerMarkdown(
  { checkpoints, guard, sealed, reservation, pendingCall, archive }: Ledger,
  problems: ReadonlyMap<string, string> = new Map(),
): string {
  const [newest] = checkpoints;
  const why = (reason: string | null) => (reason === null ? '' : ` (${reason})`);
  const lines = [
    ...[...problems].map(([duty, problem]) => `**The ledger can't ${duty} yet**: ${problem}`),
    guard !== null && `**Resume by ${guard.resumeBy}**${warnings(guard.warnings)}, policy \`${guard.plan.policy}\``,
    sealed !== null && `**Sealed** by ${sealed.by ?? 'someone unnamed'} at ${sealed.at}${why(sealed.reason)}`,
    reservation !== null && `**Reserved** by ${reservation.owner} since ${reservation.at}${why(reservation.reason)}`,
    pendingCall !== null &&
      `A call of the ${pendingCall.kind} "${pendingCall.operationId}" was noted at ${pendingCall.at}; its outcome is not known yet`,
    archive !== null &&
      archive.waiting.length > 0 &&
      `Records that are not in the archive yet: ${archive.waiting.length}`,
    newest !== undefined &&
      `Newest record: ${newest.sequence}, stopped at ${newest.stoppedAt ?? 'no time'}, \`${newest.recoveryCheckpoint ?? 'no checkpoint'}\``,
  ];
  return lines.filter((line) => line !== false).join('\n\n');
}

function warnings(count: number): string {
  return count === 0 ? '' : ` (warned ${count} ${count === 1 ? 'time' : 'times'})`;
}

/** Returns the memo of a ledger. */
export function ledgerMemo(ledger: Ledger): LedgerMemo {
  const { identifier, checkpoints, guard, sealed, reservation } = ledger;
  const state = stateOf(ledger);
  const isPaused = state === 'stopped' && sealed === null;
  return {
    identifier,
    state,
    sealed: sealed !== null,
    reservedBy: reservation?.owner ?? null,
    // Without a guard, nobody else looks at the deadline.
    resumeBy: guard?.resumeBy ?? (isPaused ? (checkpoints[0]?.resumeBy ?? null) : null),
    recoveryCheckpoint: checkpoints[0]?.recoveryCheckpoint ?? null,
  };
}

function stateOf({ pendingCall, operations, deletedAt }: Ledger): LedgerState {
  if (deletedAt !== null) return 'deleted';
  if (pendingCall !== null) return pendingCall.kind === 'stop' ? 'stopping' : 'starting';
  const newest = operations.find(
    ({ outcome, failureType }) => outcome !== null || failureType === 'DmsReplicationFailed',
  );
  if (newest === undefined) return 'unknown';
  if (newest.failureType === 'DmsReplicationFailed') return 'failed';
  return newest.kind === 'stop' ? 'stopped' : 'running';
}
