import { randomUUID } from 'node:crypto';
import { ScheduleAlreadyRunning, ScheduleNotFoundError, type Client, type ScheduleSpec } from '@temporalio/client';
import type { Timestamp } from '@temporalio/common';
import { staticDetailsFor, dmsCommand } from '../contract/commands.js';
import { dmsFailure } from '../contract/failures.js';
import { requirePauseSchedule } from '../contract/input-schemas.js';
import type { OperationKind, StopReplicationInput } from '../contract/inputs.js';
import { pauseScheduleId, scheduledTypes } from '../contract/names.js';
import {
  MAX_STOP_DELAY_SECONDS,
  LONGEST_PAUSE_HOURS,
  pauseProblem,
  type PlannedPause,
} from '../rules/pause-schedule.js';
import type { ScheduledInput } from '../contract/pause-schedule.js';
import type { Warning } from '../contract/results.js';
import { requireServer } from './reach.js';

/** Memo key of the id that marks the schedules of one creation. */
const CREATION = 'dms.creation';

/** Input of {@link ReplicationClient.createPauseSchedule}. The other fields are those of a stop. */
export interface PauseScheduleInput extends Omit<StopReplicationInput, 'operationId' | 'intent' | 'preempt'> {
  /** Name of the pair: 1 to 100 letters, digits and `._/-`. */
  readonly scheduleId: string;
  /** Times to stop, such as `{ calendars: [{ hour: 22 }], timezone: 'Europe/Berlin' }`. */
  readonly stop: ScheduleSpec;
  /** Times to resume. */
  readonly resume: ScheduleSpec;
}

/** Pause schedule that was created. */
export interface PauseSchedule {
  /**
   * Ids of the pair: `dms-pause:<scheduleId>:stop` and `…:resume`. Each can be paused and triggered like every Temporal
   * Schedule.
   */
  readonly scheduleIds: Readonly<Record<OperationKind, string>>;
  /** Warnings about the schedule: always `capacity-still-billed`. */
  readonly warnings: readonly Warning[];
}

/** Creates both schedules, or none. They stay paused until both are checked. */
export async function createPauseSchedule(
  client: Client,
  taskQueue: string,
  input: PauseScheduleInput,
): Promise<PauseSchedule> {
  requirePauseSchedule(input);
  const { scheduleId, stop, resume, ...stopInput } = input;
  const { replicationConfigArn, requestedBy, reason, owner } = stopInput;
  const refused = (problem: string, hint = 'Correct it; nothing was scheduled.') =>
    dmsFailure('DmsInvalidInput', { replicationConfigArn }, `The pause schedule is refused: ${problem}`, hint);

  const scheduleIds = { stop: pauseScheduleId(scheduleId, 'stop'), resume: pauseScheduleId(scheduleId, 'resume') };
  await requireServer(client);
  const creation = randomUUID();
  const create = (kind: OperationKind, spec: ScheduleSpec, scheduled: ScheduledInput) =>
    client.schedule.create({
      scheduleId: scheduleIds[kind],
      spec,
      action: {
        type: 'startWorkflow',
        workflowType: scheduledTypes[kind],
        workflowId: scheduleIds[kind],
        taskQueue,
        args: [scheduled],
        staticSummary: `DMS ${kind}, as scheduled`,
        staticDetails: staticDetailsFor(dmsCommand('status', replicationConfigArn), taskQueue),
      },
      policies: { overlap: 'SKIP', ...(kind === 'stop' ? { catchupWindow: MAX_STOP_DELAY_SECONDS * 1000 } : {}) },
      state: { paused: true, note: 'Not checked yet' },
      memo: { [CREATION]: creation },
    });
  try {
    await create('resume', resume, { scheduleId, input: { replicationConfigArn, requestedBy, reason, owner } });
    await create('stop', stop, { scheduleId, input: stopInput });
    const problem = pauseProblem(await nextPauses(client, scheduleIds));
    if (problem !== null) throw refused(problem);
    // Unpauses the resume first, so that no stop fires without a resume.
    for (const kind of ['resume', 'stop'] as const)
      await client.schedule.getHandle(scheduleIds[kind]).unpause('Checked');
  } catch (err) {
    // A failed deletion must not hide the failure of the creation.
    await deletePauseSchedule(client, scheduleId, creation).catch(() => false);
    if (err instanceof ScheduleAlreadyRunning) {
      const hint = `Delete it (temporal dms schedule delete ${scheduleId}), or choose another scheduleId.`;
      throw refused(`${err.scheduleId} exists already`, hint);
    }
    // The SDK throws a TypeError when it or the server rejects a spec.
    throw err instanceof TypeError ? refused(err.message) : err;
  }
  const message = 'a stopped replication stays provisioned and is billed: a pause saves load on source and target';
  return { scheduleIds, warnings: [{ code: 'capacity-still-billed', message }] };
}

/**
 * Deletes both schedules of a pair. With `creation`, deletes only those that this creation made. Returns false if there
 * is none.
 */
export async function deletePauseSchedule(client: Client, scheduleId: string, creation?: string): Promise<boolean> {
  await requireServer(client);
  let isFound = false;
  for (const kind of ['stop', 'resume'] as const) {
    const handle = client.schedule.getHandle(pauseScheduleId(scheduleId, kind));
    try {
      if (creation !== undefined && (await handle.describe()).memo?.[CREATION] !== creation) continue;
      await handle.delete();
      isFound = true;
    } catch (err) {
      if (!(err instanceof ScheduleNotFoundError)) throw err;
    }
  }
  return isFound;
}

/** Asks the server for the next ten stops, and for the first resume after each. */
async function nextPauses(client: Client, { stop, resume }: PauseSchedule['scheduleIds']): Promise<PlannedPause[]> {
  const { info } = await client.schedule.getHandle(stop).describe();
  const secondsOf = (ms: number) => ({ seconds: Math.floor(ms / 1000) }) as unknown as Timestamp;
  const pauses = info.nextActionTimes.map(async (stopAt) => {
    const { startTime: resumes } = await client.workflowService.listScheduleMatchingTimes({
      namespace: client.options.namespace,
      scheduleId: resume,
      // The server excludes the start and includes the end. A resume at the time of the stop must be found.
      startTime: secondsOf(stopAt.getTime() - 1),
      endTime: secondsOf(stopAt.getTime() + LONGEST_PAUSE_HOURS * 3_600_000),
    });
    const [first] = resumes;
    const resumeAt = first === undefined ? null : new Date(Number(first.seconds) * 1000);
    return { stopAt, resumeAt };
  });
  return Promise.all(pauses);
}
