import type { Source } from './source.js';

/** Where a replication is to stop by itself. */
export interface StopPosition {
  readonly at: number;
  /** `server_time:` is the time of the source, `commit_time:` that of what is applied. */
  readonly isCommit: boolean;
  readonly stopReason: string;
}

export function stopPosition(asked: string | undefined): StopPosition | null {
  const [, kind, text] = /^(server|commit)_time:\s*(\S+)$/.exec(asked ?? '') ?? [];
  if (text === undefined) return null;
  const isCommit = kind === 'commit';
  const stopReason = `Stop Reason STOPPED_AT_${isCommit ? 'COMMIT' : 'SERVER'}_TIME`;
  return { at: Date.parse(`${text}Z`) / 1000, isCommit, stopReason };
}

/** When it is worth another look whether it has got there; 0 or less: it has. What is behind catches up, or does not. */
export function secondsTo({ at, isCommit }: StopPosition, source: Source, now: number): number {
  const left = at - (isCommit ? source.appliedAt(now) : now);
  return left > 0 ? Math.max(source.settings.catchUp > 1 ? 1 : 60, Math.min(left, at - now)) : left;
}
