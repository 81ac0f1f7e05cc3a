import type { Source } from './source.js';

/** Position at which a replication stops by itself. */
export interface StopPosition {
  readonly at: number;
  /** True for `commit_time:`, which changes must reach. False for `server_time:`, which the clock must reach. */
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

/**
 * Returns the seconds until the next check of a position. 0 or less: the position is reached.
 *
 * A positive delay is at least 1 s, or 60 s while the backlog does not shrink: checks in between would find nothing.
 */
export function secondsTo({ at, isCommit }: StopPosition, source: Source, now: number): number {
  const left = at - (isCommit ? source.appliedAt(now) : now);
  return left > 0 ? Math.max(source.settings.catchUp > 1 ? 1 : 60, Math.min(left, at - now)) : left;
}
