import { cutoverCommands, type CutoverQuestion } from '../../contract/cutover-commands.js';
import type { CutoverState } from '../../contract/cutover-state.js';
import { returnAt } from './clock.js';
import { measureStoppedWrites, waitingFor } from './report.js';
import { allowedRequests } from './requests.js';

/** Writes the Markdown that the Web UI shows as the workflow's current details. `problem`: what keeps its step waiting. */
export function cutoverMarkdown(state: CutoverState, workflowId: string, problem: string | null = null): string {
  const { plan, phase, since, writesStoppedAt, writesResumedAt, cause, checks, lag } = state;
  const isStopped = writesStoppedAt !== null && writesResumedAt === null;
  const back = returnAt(state);
  const rows: readonly (readonly [string, string | null])[] = [
    ['Phase', `**${phase}** since ${since}`],
    ['Waits for', waitingFor(state)],
    ['Problem', problem],
    ['Writes', isStopped ? `**stopped since ${writesStoppedAt}**: the source is fenced` : writesOf(state)],
    ['Goes back by itself at', back],
    ['Goes back because', cause === null ? null : `${cause.code}: ${cause.detail}`],
    ['Done on the way back', doneOnTheWayBack(state)],
    ['Token', state.undo.includes('unfence') ? state.token : null],
    ['Approvals', state.approvals.length === 0 ? null : state.approvals.map(({ by }) => by).join(', ')],
    ['Lag', lag.length === 0 ? null : lag.slice(0, 5).map(formatLag).join(', ')],
    ...checks
      .filter(({ ok }) => !ok)
      .slice(0, 10)
      .map(({ name, detail }) => [`Check ${name}`, detail] as const),
  ];
  const table = rows.flatMap(([name, value]) => (value === null ? [] : [`| ${name} | ${cell(value)} |`]));
  const commands = allowedRequests(state)
    .flatMap((name) => cutoverCommands(name, plan.cutoverId, questionOf(state), workflowId))
    .flatMap(({ own, plain }) => (own === null ? [plain] : [own, plain]))
    .map((command) => `    ${command}`);
  const allowed = commands.length === 0 ? [] : ['', 'Allowed now:', '', ...commands];
  return [`**Cutover ${plan.cutoverId}**: ${cell(plan.reason)}`, '', '| | |', '|---|---|', ...table, ...allowed].join(
    '\n',
  );
}

/** Lists what a way back that failed has done so far. The step that it waits for lists what is left. */
function doneOnTheWayBack({ step, timeline }: CutoverState): string | null {
  const begun = timeline.findIndex(({ what }) => what.startsWith('Goes back: '));
  if (step !== 'await-repair' || begun === -1) return null;
  const done = timeline.slice(begun + 1).filter(({ what }) => !/^(Entered|The way back|Decided)/.test(what));
  return done.length === 0 ? 'nothing yet' : done.map(({ at, what }) => `${what} (${at})`).join(', ');
}

/** Describes where writes go, or why they may still be stopped. */
function writesOf(state: CutoverState): string {
  const { undo, writesStoppedAt, cause, traffic } = state;
  const seconds = measureStoppedWrites(state);
  const stopped = seconds === null ? '' : `, after ${Math.round(seconds)} s without writes`;
  const onTarget = `on the target${stopped}; the source stays fenced`;
  if (traffic === 'target' && seconds !== null) return onTarget;
  if (!undo.includes('unfence')) return seconds === null ? 'not stopped' : `on the source${stopped}`;
  if (writesStoppedAt === null) return '**the source may be fenced**, by an earlier run or for `prepareReverse`';
  return cause === null ? onTarget : '**the source is fenced**';
}

function formatLag({ lag }: CutoverState['lag'][number]): string {
  return lag === null ? 'unknown' : `${lag.sourceSeconds ?? '?'} s + ${lag.targetSeconds ?? '?'} s`;
}

/** Returns a text without the characters that would end a cell of the table. */
function cell(text: string): string {
  return text.replace(/[|`\r\n]+/g, ' ').slice(0, 500);
}

function questionOf({ step }: CutoverState): CutoverQuestion {
  if (step === 'await-repair') return 'undo';
  return step === 'await-verdict' ? 'verdict' : 'traffic';
}
