import {
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  type Client,
  type DayOfWeek as ScheduleDay,
} from '@temporalio/client';
import { dmsFailure } from '../operations/failures.js';
import { scheduledTypes, windowScheduleId } from '../operations/names.js';
import type { OperationKind } from '../operations/inputs.js';
import type { Warning } from '../operations/results.js';
import { planWindow, type ScheduledInput, type WindowInput, type WindowPlan } from '../operations/windows.js';

/** A stop that is this late would come into the day; a resume is better late than never. */
const CATCH_UP = { stop: '10 minutes', resume: '1 day' } as const;

/** A window that was scheduled. */
export interface WindowHandle {
  readonly windowId: string;
  /** Of the pair: `dms-window:<windowId>:stop` and `…:resume`. They can be paused, triggered and looked at as any schedule. */
  readonly scheduleIds: { readonly stop: string; readonly resume: string };
  /** From a stop to the resume after it, at most. */
  readonly longestPauseHours: number;
  /** What somebody should know who wants to save money. */
  readonly warnings: readonly Warning[];
}

/** Creates the pair of schedules: both, or none. */
export async function createWindow(client: Client, taskQueue: string, input: WindowInput): Promise<WindowHandle> {
  const plan = planWindow(input);
  requireTimeZone(plan, input.replicationConfigArn);
  const { windowId, stopInput, longestPauseHours, warnings } = plan;
  const { replicationConfigArn, requestedBy, reason, owner } = stopInput;
  const scheduleIds = { stop: windowScheduleId(windowId, 'stop'), resume: windowScheduleId(windowId, 'resume') };
  await schedule(client, taskQueue, plan, 'resume', { replicationConfigArn, requestedBy, reason, owner });
  try {
    await schedule(client, taskQueue, plan, 'stop', stopInput);
  } catch (err) {
    await client.schedule.getHandle(scheduleIds.resume).delete();
    throw err;
  }
  return { windowId, scheduleIds, longestPauseHours, warnings };
}

/** Deletes the pair; what it has stopped stays stopped. */
export async function deleteWindow(client: Client, windowId: string): Promise<void> {
  for (const kind of ['stop', 'resume'] as const) {
    try {
      await client.schedule.getHandle(windowScheduleId(windowId, kind)).delete();
    } catch (err) {
      if (!(err instanceof ScheduleNotFoundError)) throw err;
    }
  }
}

async function schedule(
  client: Client,
  taskQueue: string,
  { windowId, timeZone, ...plan }: WindowPlan,
  kind: OperationKind,
  input: ScheduledInput['input'],
): Promise<void> {
  const { hour, minute, days } = plan[kind];
  const scheduleId = windowScheduleId(windowId, kind);
  try {
    await client.schedule.create({
      scheduleId,
      spec: {
        calendars: [{ hour, minute, dayOfWeek: days.map((day) => day.toUpperCase() as ScheduleDay) }],
        timezone: timeZone,
      },
      action: {
        type: 'startWorkflow',
        workflowType: scheduledTypes[kind],
        workflowId: scheduleId,
        taskQueue,
        args: [{ windowId, input } satisfies ScheduledInput],
        staticSummary: `DMS ${kind}, as scheduled`,
      },
      policies: { overlap: 'SKIP', catchupWindow: CATCH_UP[kind] },
    });
  } catch (err) {
    if (!(err instanceof ScheduleAlreadyRunning)) throw err;
    const hint = `Delete it first (client.deleteWindow("${windowId}")), or name this one differently.`;
    const { replicationConfigArn } = input;
    throw dmsFailure('DmsInvalidInput', { replicationConfigArn }, `There is a schedule ${scheduleId} already`, hint);
  }
}

function requireTimeZone({ timeZone }: WindowPlan, replicationConfigArn: string): void {
  try {
    Intl.DateTimeFormat('en', { timeZone });
  } catch {
    const hint = 'Name one such as Europe/Berlin; nothing was scheduled.';
    throw dmsFailure('DmsInvalidInput', { replicationConfigArn }, `There is no time zone "${timeZone}"`, hint);
  }
}
