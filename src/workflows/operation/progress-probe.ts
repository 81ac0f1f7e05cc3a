import type { ProgressProbe } from '../../contract/inputs.js';
import type { ProbeRequest } from '../../contract/hook-requests.js';
import type { ResumeReplicationResult } from '../../contract/results.js';
import { isCancelled } from './failures.js';
import { callHook, hookProblem } from './hooks.js';

/** Longest time until a worker picks the probe up. Short, because the resume refuses stops meanwhile. */
const START_SECONDS = 30;
const PROBE_SECONDS = 600;

/**
 * Asks the user's probe whether the replication moves. The table statistics have shown no movement by then.
 *
 * Neither the answer nor a failure of the probe fails the resume.
 */
export async function probeProgress(
  probe: ProgressProbe,
  request: ProbeRequest,
): Promise<Pick<ResumeReplicationResult, 'progress' | 'warnings'>> {
  const { activityType } = probe;
  const warned = (code: 'not-moving' | 'probe-failed', message: string) =>
    ({ progress: 'none-seen', warnings: [{ code, message }] }) as const;
  try {
    const moves = await callHook(probe, request, {
      summary: 'Tell moving from stuck',
      startSeconds: START_SECONDS,
      attemptSeconds: PROBE_SECONDS,
      totalSeconds: START_SECONDS + PROBE_SECONDS,
    });
    if (moves === true) return { progress: 'moving', warnings: [] };
    if (moves === false)
      return warned('not-moving', `${activityType} reports that the replication runs, but no changes arrive`);
    return warned('probe-failed', `${activityType} has returned neither true nor false`);
  } catch (err) {
    if (isCancelled(err)) throw err;
    return warned('probe-failed', `Can't tell whether the replication moves: ${hookProblem(probe, err)}`);
  }
}
