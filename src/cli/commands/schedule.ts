/** Commands on pause schedules: pairs of Temporal Schedules that stop and resume a replication. */
import { Option, type Command } from 'commander';
import { readDecision, type DecisionOptions } from '../ask.js';
import { CliError, exitCodes } from '../exit-codes.js';
import type { Runner, Session } from '../session.js';
import { findTarget } from '../targets.js';
import { fields, table } from '../text.js';
import { addDecisionOptions, warningRows } from './operation-options.js';

interface CreateOptions extends DecisionOptions {
  readonly stop: string;
  readonly resume: string;
  readonly timezone?: string;
  readonly deadlinePolicy?: 'warn' | 'resume' | 'none';
}

export function addSchedule(program: Command, run: Runner): void {
  const schedule = program.command('schedule').description('stop and resume a replication at fixed times');
  addDecisionOptions(
    schedule
      .command('create <id> <replication>')
      .description('create a pause schedule')
      .requiredOption('--stop <cron>', "times to stop, such as '0 22 * * *'")
      .requiredOption('--resume <cron>', "times to resume, such as '0 6 * * *'")
      .option('--timezone <name>', 'time zone of both, such as Europe/Berlin; default UTC')
      .addOption(
        new Option('--deadline-policy <policy>', 'action before the resume window ends').choices([
          'warn',
          'resume',
          'none',
        ]),
      ),
  ).action(run(create));
  schedule.command('list').description('list the pause schedules').action(run(list));
  schedule
    .command('delete <id>')
    .description('delete both schedules; a stopped replication stays stopped')
    .action(run(remove));
}

async function create(session: Session, scheduleId: string, text: string, options: CreateOptions): Promise<void> {
  const { replications, arn } = await findTarget(session, text);
  const { by, reason } = await readDecision(session, options);
  const { timezone, deadlinePolicy } = options;
  const times = (cron: string) => ({ cronExpressions: [cron], ...(timezone === undefined ? {} : { timezone }) });
  const created = await replications.createPauseSchedule({
    scheduleId,
    replicationConfigArn: arn,
    requestedBy: by,
    reason,
    stop: times(options.stop),
    resume: times(options.resume),
    ...(deadlinePolicy === undefined ? {} : { deadlinePolicy }),
  });
  const { scheduleIds, warnings } = created;
  session.output.result(created, () =>
    [
      `Created the pause schedule ${scheduleId}`,
      '',
      fields([['stop', scheduleIds.stop], ['resume', scheduleIds.resume], ...warningRows(warnings)]),
    ].join('\n'),
  );
}

interface ListedSchedule {
  readonly scheduleId: string;
  readonly nextStopAt: string | null;
  readonly nextResumeAt: string | null;
  readonly paused: boolean;
}

async function list(session: Session): Promise<void> {
  const { client } = await session.connect();
  const { pauseScheduleId } = await import('../../contract/names.js');
  const found = new Map<string, ListedSchedule>();
  for await (const { scheduleId: id, info, state } of client.schedule.list()) {
    const [, name, kind] = /^dms-pause:(.+):(stop|resume)$/.exec(id) ?? [];
    if (name === undefined || id !== pauseScheduleId(name, kind as 'stop' | 'resume')) continue;
    const known = found.get(name) ?? { scheduleId: name, nextStopAt: null, nextResumeAt: null, paused: false };
    const next = info.nextActionTimes[0]?.toISOString() ?? null;
    const times = kind === 'stop' ? { nextStopAt: next } : { nextResumeAt: next };
    found.set(name, { ...known, ...times, paused: known.paused || state.paused });
  }
  const schedules = [...found.values()].toSorted((one, other) => one.scheduleId.localeCompare(other.scheduleId));
  session.output.list(schedules, () =>
    schedules.length === 0
      ? 'No pause schedules.'
      : table(
          ['SCHEDULE', 'NEXT STOP', 'NEXT RESUME', 'STATE'],
          schedules.map(({ scheduleId, nextStopAt, nextResumeAt, paused }) => [
            scheduleId,
            toSeconds(nextStopAt),
            toSeconds(nextResumeAt),
            paused ? 'paused' : 'active',
          ]),
        ),
  );
}

/** Returns a time without its fraction of a second. */
function toSeconds(at: string | null): string {
  return at?.replace(/\.\d+Z$/, 'Z') ?? '';
}

async function remove(session: Session, scheduleId: string): Promise<void> {
  const replications = await session.replications();
  if (!(await replications.deletePauseSchedule(scheduleId)))
    throw new CliError(
      `There is no pause schedule ${scheduleId}`,
      'List them: temporal dms schedule list',
      exitCodes.notFound,
    );
  session.output.result({ scheduleId, deleted: true }, () => `Deleted the pause schedule ${scheduleId}.`);
}
