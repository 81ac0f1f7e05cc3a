import type { Ledger } from '../contract/ledger-state.js';

/** The Markdown that the Web UI shows of a ledger: what somebody has to know before they touch the replication. */
export function ledgerMarkdown({ checkpoints, guard, sealed, reservation, pendingCall, archive }: Ledger): string {
  const [newest] = checkpoints;
  const why = (reason: string | null) => (reason === null ? '' : ` (${reason})`);
  const lines = [
    guard !== null && `**Resume by ${guard.resumeBy}**${warnings(guard.warnings)}, policy \`${guard.plan.policy}\``,
    sealed !== null && `**Sealed** by ${sealed.by ?? 'someone unnamed'} at ${sealed.at}${why(sealed.reason)}`,
    reservation !== null && `**Reserved** by ${reservation.owner} since ${reservation.at}${why(reservation.reason)}`,
    pendingCall !== null &&
      `A ${pendingCall.kind} ("${pendingCall.operationId}") was called at ${pendingCall.at}; its end is not recorded yet`,
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

/** The memo of a ledger, so that ledgers can be listed without a worker. `null`: none. */
export function ledgerMemo(ledger: Ledger): Readonly<Record<string, string | boolean | null>> {
  const { checkpoints, guard, sealed, reservation } = ledger;
  return {
    state: stateOf(ledger),
    sealed: sealed !== null,
    reservedBy: reservation?.owner ?? null,
    resumeBy: guard?.resumeBy ?? null,
    recoveryCheckpoint: checkpoints[0]?.recoveryCheckpoint ?? null,
  };
}

/** `stopping` and `starting` while a call is noted; `stopped` or `running` after a recorded operation; `unknown` before the first. */
function stateOf({ pendingCall, operations, deletedAt }: Ledger): string {
  if (deletedAt !== null) return 'deleted';
  if (pendingCall !== null) return pendingCall.kind === 'stop' ? 'stopping' : 'starting';
  const newest = operations.find(({ outcome }) => outcome !== null);
  if (newest === undefined) return 'unknown';
  return newest.kind === 'stop' ? 'stopped' : 'running';
}
