/** Text of a cutover: its status while it runs, and its report once it has ended. */
import { cutoverCommands, type CutoverQuestion } from '../contract/cutover-commands.js';
import type { CutoverPhase } from '../contract/cutover-hooks.js';
import type { CutoverResult, CutoverStatus } from '../contract/cutover.js';
import { commandLines, duration, fields, table, timeText } from './text.js';

/** Question of a decision in a phase. Default: which side the application uses. */
const questions: Readonly<Partial<Record<CutoverPhase, CutoverQuestion>>> = {
  'return-failed': 'undo',
  verifying: 'verdict',
};

export function cutoverStatusText(id: string, status: CutoverStatus): string {
  const {
    token,
    phase,
    since,
    waitingFor,
    problem,
    writesStoppedAt,
    returnAt,
    cause,
    approvals,
    checks,
    undo,
    allowed,
  } = status;
  const rows: (readonly [string, string | null])[] = [
    ['since', timeText(since)],
    ['waits for', waitingFor],
    ['problem', problem],
    ['writes', writesStoppedAt === null ? null : `stopped at ${timeText(writesStoppedAt)}`],
    ['goes back', returnAt === null ? null : timeText(returnAt)],
    ['because', cause === null ? null : `${cause.code}: ${cause.detail}`],
    ['to undo', undo.length === 0 ? null : undo.join(', then ')],
    ['token', undo.length === 0 ? null : token],
    ['approvals', approvals.length === 0 ? null : approvals.map(({ by }) => by).join(', ')],
    ...checks.map(({ name, ok, detail }, index): [string, string] => [
      index === 0 ? 'checks' : '',
      `${ok ? 'ok' : 'NOT OK'} ${name}: ${detail}`,
    ]),
  ];
  const commands = allowed
    .flatMap((name) => cutoverCommands(name, id, questions[phase] ?? 'traffic'))
    .flatMap(({ own }) => own ?? []);
  const next = commands.length === 0 ? [] : ['', commandLines('Allowed now:', commands)];
  return [`${id} is ${phase}`, '', fields(rows), ...next].join('\n');
}

export function cutoverReport(id: string, result: CutoverResult): string {
  const { outcome, cause, checkpoints, writesStoppedSeconds, approvals, checks, warnings, plan, timeline } = result;
  const rows: (readonly [string, string | null])[] = [
    ['because', cause === null ? null : `${cause.code} in ${cause.phase}: ${cause.detail}`],
    ['writes', writesStoppedSeconds === null ? null : `stopped for ${duration(Math.round(writesStoppedSeconds))}`],
    ['approvals', approvals.length === 0 ? null : approvals.map(({ by, reason }) => `${by} (${reason})`).join(', ')],
    ...checkpoints.map((each): [string, string] => [
      'stopped',
      `${each.replicationConfigArn} at ${each.stoppedAt ?? '?'}`,
    ]),
    ...checks.filter(({ ok }) => !ok).map(({ name, detail }): [string, string] => ['not ok', `${name}: ${detail}`]),
    ...warnings.map(({ code, message }): [string, string] => ['warning', `${code}: ${message}`]),
  ];
  const steps =
    plan.length > 0
      ? table(
          ['PHASE', 'STEP'],
          plan.map(({ phase, what }) => [phase, what]),
        )
      : table(
          ['AT', 'PHASE', 'WHAT'],
          timeline.map(({ at, phase, what, by }) => [at.slice(11, 19), phase, by === null ? what : `${what} (${by})`]),
        );
  const shown = rows.some(([, value]) => value !== null) ? [fields(rows), ''] : [];
  return [`The cutover ${id}: ${outcome}`, '', ...shown, steps].join('\n');
}
