import { proxyActivities } from '@temporalio/workflow';
import type { ProbeRequest } from '../operations/probe.js';
import type { ProgressProbe } from '../operations/inputs.js';
import type { ResumeReplicationResult } from '../operations/results.js';
import { isCancelled } from './failures.js';

const PROBE_SECONDS = 600;

/** Asks the caller's own activity whether it moves, when the table statistics have not. What it says, or fails with, never fails a resume. */
export async function probed(
  { activityType, taskQueue }: ProgressProbe,
  request: ProbeRequest,
): Promise<Pick<ResumeReplicationResult, 'progress' | 'warnings'>> {
  const activities = proxyActivities<Record<string, (request: ProbeRequest) => Promise<unknown>>>({
    startToCloseTimeout: PROBE_SECONDS * 1000,
    scheduleToCloseTimeout: PROBE_SECONDS * 1000,
    summary: 'Tell moving from stuck',
    ...(taskQueue == null ? {} : { taskQueue }),
  });
  const warned = (code: 'not-moving' | 'probe-failed', message: string) =>
    ({ progress: 'none-seen', warnings: [{ code, message }] }) as const;
  try {
    const moves = await activities[activityType]?.(request);
    if (moves === true) return { progress: 'moving', warnings: [] };
    if (moves === false) return warned('not-moving', `${activityType} says that it runs and nothing arrives`);
    return warned('probe-failed', `${activityType} has returned neither true nor false`);
  } catch (err) {
    if (isCancelled(err)) throw err;
    const cause = err instanceof Error && err.cause instanceof Error ? err.cause : err;
    return warned(
      'probe-failed',
      `${activityType} has failed: ${cause instanceof Error ? cause.message : String(cause)}`,
    );
  }
}
