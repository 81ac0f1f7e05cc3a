import type { Source } from './source.js';

/** Position at which a replication stops by itself. */
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

/** Seconds until the position may be reached; 0 or less: it is reached. A replication that is behind may catch up or not. */
export function secondsTo({ at, isCommit }: StopPosition, source: Source, now: number): number {
  const left = at - (isCommit ? source.appliedAt(now) : now);
  return left > 0 ? Math.max(source.settings.catchUp > 1 ? 1 : 60, Math.min(left, at - now)) : left;
}
