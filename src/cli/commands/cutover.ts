/** Commands that start cutovers, follow them, and steer them. */
import { writeFile } from 'node:fs/promises';
import { Option, type Command } from 'commander';
import type { CutoverHandle } from '../../client/index.js';
import type { ChangeCutover, CutoverResult, DecideCutover } from '../../contract/cutover.js';
import type { CutoverInput } from '../../contract/cutover-input.js';
import { ask, readDecision, type DecisionOptions } from '../ask.js';
import { readJson } from '../arguments.js';
import { cutoverReport, cutoverStatusText } from '../cutover-text.js';
import { CliError, exitCodes } from '../exit-codes.js';
import { exitCodeOf, follow, startWatched } from '../follow.js';
import { readJsonFile } from '../input.js';
import type { Runner, Session } from '../session.js';
import { addDecisionOptions } from './operation-options.js';

export function addCutover(program: Command, run: Runner): void {
  const cutover = program.command('cutover').description('move an application to the target, and steer that');
  cutover
    .command('start <file>')
    .description('start a cutover with the input in a JSON file, or - for stdin; wait for its end')
    .option('--dry-run', 'check everything, change nothing, and print the plan')
    .option('--no-wait', 'start it, and do not wait for its end')
    .action(run(start));
  cutover
    .command('status <id>')
    .description('show what a cutover waits for, and the commands that are allowed now')
    .option('-w, --watch', 'follow it until it ends, or until Ctrl-C')
    .action(run(status));
  const decision = (name: string, text: string) =>
    addDecisionOptions(cutover.command(`${name} <id>`).description(text));
  decision('approve', 'approve it')
    .option('--confirm <id>', 'id of the cutover, repeated; asked for on a terminal')
    .action(run(approve));
  decision('revoke', 'take your approval back').action(
    run((session, id: string, options: DecisionOptions) =>
      decide(session, id, options, (handle, said) => handle.revokeApproval(said)),
    ),
  );
  decision('abort', 'go back, until the switch begins').action(
    run((session, id: string, options: DecisionOptions) =>
      decide(session, id, options, (handle, said) => handle.abort(said)),
    ),
  );
  decision('change', 'change gates, window, approval or writesStoppedSeconds')
    .requiredOption('--set <json>', 'such as \'{"writesStoppedSeconds":600}\'', readJson)
    .action(
      run((session, id: string, { set, ...options }: DecisionOptions & { readonly set: object }) =>
        decide(session, id, options, (handle, said) => handle.change({ ...(set as Partial<ChangeCutover>), ...said })),
      ),
    );
  decision('switch-back', 'send the application back to the source while it is verified').action(
    run((session, id: string, options: DecisionOptions) =>
      decide(session, id, options, (handle, said) => handle.switchBack(said)),
    ),
  );
  decision('decide', 'decide what the cutover can not find out')
    .addOption(new Option('--traffic <side>', 'side that the application uses').choices(['source', 'target']))
    .addOption(new Option('--undo <how>', 'next step of a way back that is stuck').choices(['retry', 'done']))
    .action(
      run(
        (
          session,
          id: string,
          { traffic, undo, ...options }: DecisionOptions & Pick<DecideCutover, 'traffic' | 'undo'>,
        ) => decide(session, id, options, (handle, said) => handle.decide({ ...said, traffic, undo })),
      ),
    );
  cutover
    .command('report <id>')
    .description('report a cutover that has ended')
    .addOption(
      new Option('--format <format>', 'format of the report').choices(['text', 'mermaid', 'svg']).default('text'),
    )
    .option('--file <path>', 'file to write, in place of stdout')
    .action(run(report));
}

async function start(session: Session, file: string, options: { readonly dryRun?: boolean; readonly wait: boolean }) {
  const input = (await readJsonFile(session, file)) as CutoverInput;
  const replications = await session.replications();
  const id = input.cutoverId;
  const cutover = await startWatched(session, `The cutover ${id}`, `temporal dms cutover status ${id}`, () =>
    replications.startCutover(options.dryRun === true ? { ...input, dryRun: true } : input),
  );
  if (cutover === 'interrupted') return exitCodeOf(cutover);
  if (!options.wait) {
    const { workflowId, joined } = cutover;
    const what = joined ? 'is under way already, or has switched' : 'is started';
    session.output.result(
      { cutoverId: id, workflowId, joined },
      () => `The cutover ${id} ${what}. Follow it: temporal dms cutover status ${id} --watch`,
    );
    return exitCodes.success;
  }
  return followToEnd(session, cutover, id);
}

/** Follows a cutover to its end, and shows its result. */
async function followToEnd(session: Session, cutover: CutoverHandle, id: string): Promise<number> {
  const result = await follow(session, {
    what: 'The cutover',
    workflowId: cutover.workflowId,
    result: () => cutover.result(),
    line: async () => {
      const { phase, waitingFor, problem } = await cutover.status();
      return `${id}: ${phase}. ${waitingFor}${problem === null ? '' : `. ${problem}`}`;
    },
    afterwards: [
      `Ctrl-C ends the waiting only. Follow it then: temporal dms cutover status ${id} --watch`,
      `Go back: temporal dms cutover abort ${id}`,
    ],
  });
  if (result === 'interrupted') return exitCodeOf(result);
  session.output.result(result, () => cutoverReport(id, result));
  return result.outcome === 'returned' ? exitCodes.failed : exitCodes.success;
}

async function status(session: Session, id: string, { watch = false }: { readonly watch?: boolean }) {
  const cutover = (await session.replications()).cutover(id);
  if (watch) return followToEnd(session, cutover, id);
  const found = await cutover.status();
  session.output.result(found, () => cutoverStatusText(id, found));
  return exitCodes.success;
}

async function approve(session: Session, id: string, options: DecisionOptions & { readonly confirm?: string }) {
  const confirm = options.confirm ?? (await ask(session, `Type the id of the cutover to approve it`, '--confirm'));
  await decide(session, id, options, (handle, said) => handle.approve({ ...said, confirm }));
}

/** Sends a decision, and shows the line that the cutover answers. */
async function decide(
  session: Session,
  id: string,
  options: DecisionOptions,
  send: (cutover: CutoverHandle, said: { readonly by: string; readonly reason: string }) => Promise<string>,
): Promise<void> {
  const said = await readDecision(session, options);
  const answer = await send((await session.replications()).cutover(id), said);
  session.output.result({ cutoverId: id, answer }, () => `${id}: ${answer}`);
}

interface ReportOptions {
  readonly format: 'text' | 'mermaid' | 'svg';
  readonly file?: string;
}

async function report(session: Session, id: string, { format, file }: ReportOptions): Promise<void> {
  const result = await endedResult(session, id);
  const { renderCutover } = await import('../../client/index.js');
  const text = format === 'text' ? cutoverReport(id, result) : renderCutover(result)[format];
  if (file === undefined) return session.output.result(format === 'text' ? result : { [format]: text }, () => text);
  const isJson = session.output.isJson && format === 'text';
  await writeFile(file, isJson ? `${JSON.stringify(result, null, 2)}\n` : text);
  if (session.output.isJson) session.output.result({ file }, () => file);
  else session.output.say(`Wrote ${file}`);
}

/** Reads the result of a cutover that has ended. Needs no worker. */
async function endedResult(session: Session, id: string): Promise<CutoverResult> {
  const { client, replications } = await session.connect();
  const cutover = replications.cutover(id);
  const { WorkflowNotFoundError } = await import('@temporalio/client');
  const description = await client.workflow
    .getHandle(cutover.workflowId)
    .describe()
    .catch((err: unknown) => {
      if (err instanceof WorkflowNotFoundError) return null;
      throw err;
    });
  if (description === null)
    throw new CliError(`There is no cutover ${id}`, 'Check its id and the namespace.', exitCodes.notFound);
  if (description.status.name === 'RUNNING' || description.status.name === 'PAUSED')
    throw new CliError(
      `The cutover ${id} has not ended`,
      `See it: temporal dms cutover status ${id}`,
      exitCodes.refused,
    );
  return cutover.result();
}
