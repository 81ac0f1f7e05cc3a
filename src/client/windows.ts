import {
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  type Client,
  type DayOfWeek as ScheduleDay,
} from '@temporalio/client';
import { dmsFailure, isDmsFailure } from '../operations/failures.js';
import { scheduledTypes, windowScheduleId } from '../operations/names.js';
import type { OperationKind } from '../operations/inputs.js';
import type { Warning } from '../operations/results.js';
import { planWindow, type ScheduledInput, type WindowInput, type WindowPlan } from '../operations/windows.js';

/** A stop that is this late would come into the day; a resume is better late than never. */
const LATE_SECONDS = 600;
const CATCH_UP = { stop: LATE_SECONDS * 1000, resume: '1 day' } as const;

/** A window that was scheduled. */
export interface WindowHandle {
  readonly windowId: string;
  /** Of the pair: `dms-window:<windowId>:stop` and `…:resume`. They can be paused, triggered and looked at like every schedule. */
  readonly scheduleIds: { readonly stop: string; readonly resume: string };
  /** From a stop to the resume after it, at most. */
  readonly longestPauseHours: number;
  /** What somebody should know who wants to save money. */
  readonly warnings: readonly Warning[];
}

/** Rules of clocks are known for so long. */
const YEARS_AHEAD = 5;
const DAY_MS = 86_400_000;
const weekdays = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const;

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
    // One that stands there already is another's; else it may have been created, although its answer was lost.
    if (isDmsFailure(err)) await client.schedule.getHandle(scheduleIds.resume).delete();
    else await deleteWindow(client, windowId);
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
        args: [{ windowId, input, ...(kind === 'stop' ? { lateSeconds: LATE_SECONDS } : {}) } satisfies ScheduledInput],
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

/** A time that clocks skip when they are set forward comes a day or a week later: too late for a resume. */
function requireTimeZone({ timeZone, resume }: WindowPlan, replicationConfigArn: string): void {
  const subject = { replicationConfigArn };
  let local: (at: number) => number;
  try {
    local = localTimeIn(timeZone);
  } catch {
    const hint = 'Name one such as Europe/Berlin; nothing was scheduled.';
    throw dmsFailure('DmsInvalidInput', subject, `There is no time zone "${timeZone}"`, hint);
  }
  const first = Math.floor(Date.now() / DAY_MS) * DAY_MS;
  for (let day = first; day < first + YEARS_AHEAD * 366 * DAY_MS; day += DAY_MS) {
    if (!resume.days.includes(weekdays[new Date(day).getUTCDay()] ?? 'monday')) continue;
    const wanted = day + (resume.hour * 60 + resume.minute) * 60_000;
    const offsets = [wanted - DAY_MS, wanted + DAY_MS].map((at) => local(at) - at);
    if (offsets[0] === offsets[1] || offsets.some((offset) => local(wanted - offset) === wanted)) continue;
    const at = new Date(wanted).toISOString().slice(0, 16).replace('T', ' at ');
    const hint = 'Name a time that there is every day; nothing was scheduled.';
    throw dmsFailure('DmsInvalidInput', subject, `In ${timeZone} clocks skip the time to resume on ${at}`, hint);
  }
}

/** What clocks show in a zone, as if it were UTC. Throws when there is no such zone. */
function localTimeIn(timeZone: string): (at: number) => number {
  const numbers = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' } as const;
  const format = new Intl.DateTimeFormat('en-US', { timeZone, hourCycle: 'h23', ...numbers });
  return (at) => {
    const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0 } = parts;
    return Date.UTC(year, month - 1, day, hour, minute);
  };
}
