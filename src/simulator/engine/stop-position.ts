import type { Source } from './source.js';

/** Position at which a replication stops by itself. */
export interface StopPosition {
  readonly at: number;
  /** True for `commit_time:`, a time of the applied changes. False for `server_time:`, a time of the source's clock. */
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
 * The delay is at least 1 second, because the replication may still have to catch up. It is at least a minute if the replication can't catch up.
 */
export function secondsTo({ at, isCommit }: StopPosition, source: Source, now: number): number {
  const left = at - (isCommit ? source.appliedAt(now) : now);
  return left > 0 ? Math.max(source.settings.catchUp > 1 ? 1 : 60, Math.min(left, at - now)) : left;
}
