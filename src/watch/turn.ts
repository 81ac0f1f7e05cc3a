import type { Look } from '../dms/api.js';
import type { ReplicationConfigArn } from '../dms/arn.js';
import type { RequestBudget } from './budget.js';
import type { ReplicationWatcher } from './watcher.js';

/** Seconds between two looks at a replication whose change waits for its turn. */
const REFRESH_SECONDS = 10;
/** Maximum age of a look that may decide a change. */
const FRESH_SECONDS = 30;

/**
 * Waits for the turn of a change. Returns a look that is fresh when the turn comes: `look`, or a later one.
 *
 * Looks in the meantime come with the sweeps. A thousand waiting changes therefore cost pages, not one request each. A
 * caller that doesn't send its change gives the turn back with `budget.giveBack('change')`.
 *
 * Rejects with the signal's reason, or with the error of the look that was to replace a stale one.
 */
export async function takeTurn(
  { budget, watcher }: { readonly budget: RequestBudget; readonly watcher: ReplicationWatcher },
  arn: ReplicationConfigArn,
  look: Look,
  signal?: AbortSignal,
): Promise<Look> {
  let [newest, seenAt] = [look, performance.now()];
  const isOver = new AbortController();
  const refresh = async () => {
    for (;;) {
      newest = await watcher.look(arn, { inSeconds: REFRESH_SECONDS, withinSeconds: Infinity, signal: isOver.signal });
      seenAt = performance.now();
    }
  };
  // A failed look leaves the newest one to grow stale. The last look below then reports the failure.
  refresh().catch(() => {});
  try {
    await budget.take('change', signal);
  } finally {
    isOver.abort();
  }
  if (performance.now() - seenAt <= FRESH_SECONDS * 1000) return newest;
  try {
    return await watcher.look(arn, signal === undefined ? {} : { signal });
  } catch (err) {
    budget.giveBack('change');
    throw err;
  }
}
