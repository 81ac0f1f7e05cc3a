/** Stopping by night and resuming in the morning: weekly times, and how long a pause between them is at most. */
import { dmsFailure } from './failures.js';
import type { OperationInput, StopReplicationInput } from './inputs.js';
import type { StopReplicationResult, ResumeReplicationResult, Warning } from './results.js';
import { readArn } from './refusals.js';

const daysOfWeek = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;
const MINUTES_OF_DAY = 24 * 60;
const MINUTES_OF_WEEK = 7 * MINUTES_OF_DAY;
/** After so long DMS deprovisions what was not started. */
const WINDOW_HOURS = 48;
const USUAL_LEAD_SECONDS = 6 * 3600;
/** When clocks are set back, the night is that much longer. */
const CLOCK_CHANGE_HOURS = 1;

/** What a stop of a window is asked for with. */
const stopFields = ['replicationConfigArn', 'requestedBy', 'reason', 'owner'].concat([
  'deadlinePolicy',
  'deadlineLeadSeconds',
  'onResumeDeadline',
]);

export type DayOfWeek = (typeof daysOfWeek)[number];

/** Every week, on these days at that time. */
export interface WeeklyTime {
  /** `22:30`, in the window's time zone. */
  readonly at: string;
  /** Default: every day. */
  readonly days?: readonly DayOfWeek[] | null | undefined;
}

/** When a replication is stopped and resumed, week after week. */
export interface WindowInput
  extends
    Pick<OperationInput, 'replicationConfigArn' | 'requestedBy' | 'reason' | 'owner'>,
    Pick<StopReplicationInput, 'deadlinePolicy' | 'deadlineLeadSeconds' | 'onResumeDeadline'> {
  /** Names the window, and its two schedules: 1 to 100 letters, digits and `._/-`. */
  readonly windowId: string;
  readonly stop: WeeklyTime;
  readonly resume: WeeklyTime;
  /** Of the IANA database, such as `Europe/Berlin`. Default `UTC`. */
  readonly timeZone?: string | null | undefined;
}

export interface WindowPlan {
  readonly windowId: string;
  readonly timeZone: string;
  readonly stop: PlannedTime;
  readonly resume: PlannedTime;
  /** From a stop to the resume after it, at most; clocks that are set back are counted in. */
  readonly longestPauseHours: number;
  /** What a stop is asked for with. */
  readonly stopInput: Omit<StopReplicationInput, 'operationId'>;
  readonly warnings: readonly Warning[];
}

export interface PlannedTime {
  readonly hour: number;
  readonly minute: number;
  readonly days: readonly DayOfWeek[];
}

/** Argument of the workflows that a window's schedules start. */
export interface ScheduledInput<Input extends OperationInput = OperationInput> {
  readonly windowId: string;
  readonly input: Omit<Input, 'operationId'>;
  /** What is this late, because no worker has taken it up, is left out. Default: never. */
  readonly lateSeconds?: number | undefined;
}

/** What became of it: its result, or why nothing was done. */
export type Scheduled<Result> =
  { readonly skipped: null; readonly result: Result } | { readonly skipped: string; readonly result: null };
export type ScheduledStop = Scheduled<StopReplicationResult>;
export type ScheduledResume = Scheduled<ResumeReplicationResult>;

/** Checks it, and works out how long it pauses. Throws DmsInvalidInput. */
export function planWindow(input: WindowInput): WindowPlan {
  const { windowId, stop, resume, timeZone, ...stopInput } = input;
  const replicationConfigArn = readArn(input);
  const refuse = (problem: string, hint = 'Correct it; nothing was scheduled.') =>
    dmsFailure('DmsInvalidInput', { replicationConfigArn }, `The window can't be scheduled: ${problem}`, hint);
  const timeOf = (name: 'stop' | 'resume', time: WeeklyTime | undefined): PlannedTime => {
    const [, hour, minute] = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(String(time?.at)) ?? [];
    if (hour === undefined) throw refuse(`${name}.at is a time such as 22:30`);
    const days = time?.days ?? daysOfWeek;
    if (!Array.isArray(days) || days.length === 0 || !days.every((day) => daysOfWeek.includes(day)))
      throw refuse(`${name}.days are some of ${daysOfWeek.join(', ')}`);
    return { hour: Number(hour), minute: Number(minute), days: [...new Set(days as readonly DayOfWeek[])] };
  };
  if (!/^[\w./-]{1,100}$/.test(windowId ?? '')) throw refuse('windowId is 1 to 100 letters, digits and ._/-');
  const unknown = Object.keys(stopInput).find((name) => !stopFields.includes(name));
  if (unknown !== undefined) throw refuse(`there is no field "${unknown}"`);
  const problem = stopProblem(stopInput);
  if (problem !== null) throw refuse(problem);
  const leadSeconds = input.deadlineLeadSeconds ?? USUAL_LEAD_SECONDS;
  if (!(leadSeconds >= 0 && leadSeconds <= WINDOW_HOURS * 3600))
    throw refuse(`deadlineLeadSeconds is from 0 to ${WINDOW_HOURS * 3600}`);
  const zone = timeZone ?? 'UTC';
  const times = { stop: timeOf('stop', stop), resume: timeOf('resume', resume) };
  const pause = longestPause(times.stop, times.resume);
  if (pause.minutes === 0) throw refuse(`it is stopped and resumed at the same time, ${nameOf(pause.from)}`);
  const hours = pause.minutes / 60 + (zone === 'UTC' ? 0 : CLOCK_CHANGE_HOURS);
  const leadHours = leadSeconds / 3600;
  if (hours > WINDOW_HOURS - leadHours) {
    const what = `from ${nameOf(pause.from)} to ${nameOf(pause.from + pause.minutes)} it is stopped for ${format(hours)} hours`;
    const why = `DMS deprovisions it after ${WINDOW_HOURS}, and the ${format(leadHours)} hours before that are for whoever has to act`;
    throw refuse(`${what}, and ${why}`, 'Resume it earlier, or shorten deadlineLeadSeconds; nothing was scheduled.');
  }
  const billed = `it stays provisioned while it is stopped, and is billed for that: a window saves what the source and the target spend, not DMS's capacity`;
  return {
    windowId,
    timeZone: zone,
    ...times,
    longestPauseHours: hours,
    stopInput,
    warnings: [{ code: 'capacity-still-billed', message: billed }],
  };
}

/** The rules of a stop's input: what breaks them is told now, and not at night. */
function stopProblem({
  requestedBy,
  reason,
  owner,
  deadlinePolicy,
  onResumeDeadline,
}: WindowPlan['stopInput']): string | null {
  const isText = (value: unknown, most: number) =>
    value == null || (typeof value === 'string' && value.length > 0 && value.length <= most);
  if (!isText(requestedBy, 256) || !isText(owner, 256)) return 'requestedBy and owner are 1 to 256 characters';
  if (!isText(reason, 1000)) return 'reason is 1 to 1,000 characters';
  if (deadlinePolicy != null && !['warn', 'resume', 'none'].includes(deadlinePolicy))
    return 'deadlinePolicy is warn, resume or none';
  const { activityType, taskQueue, ...others } = onResumeDeadline ?? { activityType: 'none' };
  const isActivity = typeof activityType === 'string' && isText(activityType, 200) && isText(taskQueue, 1000);
  return isActivity && Object.keys(others).length === 0 ? null : 'onResumeDeadline is { activityType, taskQueue? }';
}

/** What the operations of a window are called. */
export function windowOperationId(windowId: string, run: string): string {
  return `window:${windowId}:${run}`;
}

function longestPause(stop: PlannedTime, resume: PlannedTime): { readonly from: number; readonly minutes: number } {
  const minutesOf = ({ hour, minute, days }: PlannedTime) =>
    days.map((day) => daysOfWeek.indexOf(day) * MINUTES_OF_DAY + hour * 60 + minute);
  const resumes = minutesOf(resume);
  const pauses = minutesOf(stop).map((from) => {
    const after = resumes.map((to) => (to - from + MINUTES_OF_WEEK) % MINUTES_OF_WEEK);
    return { from, minutes: Math.min(...after) };
  });
  const none = pauses.find(({ minutes }) => minutes === 0);
  return none ?? pauses.reduce((longest, each) => (each.minutes > longest.minutes ? each : longest));
}

function nameOf(minuteOfWeek: number): string {
  const minute = minuteOfWeek % MINUTES_OF_WEEK;
  const two = (number: number) => String(Math.floor(number)).padStart(2, '0');
  const day = daysOfWeek[Math.floor(minute / MINUTES_OF_DAY)] ?? '';
  return `${day} ${two((minute % MINUTES_OF_DAY) / 60)}:${two(minute % 60)}`;
}

function format(hours: number): string {
  return String(Math.round(hours * 100) / 100);
}
