/** Commands on fleets: operations on many replications. */
import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import type { FleetHandle } from '../../client/index.js';
import { shellWord } from '../../contract/commands.js';
import type { ResumeFleetInput, StopFleetInput } from '../../contract/fleets.js';
import type { OperationKind } from '../../contract/inputs.js';
import { readDecision, type DecisionOptions } from '../ask.js';
import { readCount, readDuration, readTag } from '../arguments.js';
import { CliError, exitCodes } from '../exit-codes.js';
import { foundText, listMembers, namedArns, taggedArns } from '../fleet-members.js';
import { countsText, fleetText } from '../fleet-text.js';
import { exitCodeOf, follow, startWatched } from '../follow.js';
import type { Runner, Session } from '../session.js';
import type { WantedTag } from '../tags.js';
import { addDecisionOptions } from './operation-options.js';

const TAG_HELP = 'replications with this AWS tag; several must all match';

/** Input that a stop and a resume share. */
type CommonInput = StopFleetInput & ResumeFleetInput & { readonly fleetId: string };

interface FleetOptions extends DecisionOptions {
  readonly tag?: readonly WantedTag[];
  readonly dryRun?: boolean;
  readonly file?: string;
  readonly id?: string;
  readonly concurrency?: number;
  readonly maxFailures?: number;
  readonly final?: boolean;
  readonly force?: boolean;
  readonly timeout?: number;
  readonly verify?: number;
  readonly wait: boolean;
}

export function addFleet(program: Command, run: Runner): void {
  const fleet = program.command('fleet').description('stop or resume many replications');
  const operate = (kind: OperationKind, text: string) =>
    addDecisionOptions(fleet.command(`${kind} [replication...]`).description(text))
      .option('--file <path>', 'file with a replication in each line, or - for stdin')
      .option('--tag <key[=value]>', TAG_HELP, readTag)
      .option('--id <name>', 'name of the fleet; run it again to retry only what failed')
      .option('--concurrency <number>', 'operations at once; default 50', readCount)
      .option('--max-failures <number>', 'failures at which no more operations are started', readCount)
      .option('--timeout <duration>', 'longest time of each operation', readDuration)
      .option('--dry-run', 'list the replications, and start nothing')
      .option('--no-wait', 'start it, and do not wait for its end');
  operate('stop', 'stop many replications').option('--final', 'stop them for good').action(run(stopFleet));
  operate('resume', 'resume many replications')
    .option('--force', "resume although DMS's last stop is not the recorded one")
    .option('--verify <duration>', 'time to look for movement once each runs; default 2m', readDuration)
    .action(run(resumeFleet));
  fleet
    .command('status [kind] [id]')
    .description('show how far a fleet is; [kind] is stop or resume. Or --tag, or --file: list those replications')
    .option('--file <path>', 'file with a replication in each line, or - for stdin')
    .option('--tag <key[=value]>', TAG_HELP, readTag)
    .option('-w, --watch', 'follow it until it ends, or until Ctrl-C')
    .action(run(status));
  fleet
    .command('cancel <kind> <id>')
    .description('start no more operations, and let those under way finish')
    .action(run(cancel));
}

async function stopFleet(session: Session, names: readonly string[], options: FleetOptions): Promise<number> {
  const common = await commonInput(session, names, options);
  if (common === null) return exitCodes.success;
  const input: StopFleetInput = {
    ...common,
    intent: options.final === true ? 'final' : 'pause',
    stopTimeoutSeconds: options.timeout,
  };
  const replications = await session.replications();
  return startAndFollow(session, 'stop', common, options.wait, () => replications.startStopFleet(input));
}

async function resumeFleet(session: Session, names: readonly string[], options: FleetOptions): Promise<number> {
  const common = await commonInput(session, names, options);
  if (common === null) return exitCodes.success;
  const input: ResumeFleetInput = {
    ...common,
    force: options.force,
    startTimeoutSeconds: options.timeout,
    verifyProgressSeconds: options.verify,
  };
  const replications = await session.replications();
  return startAndFollow(session, 'resume', common, options.wait, () => replications.startResumeFleet(input));
}

/** Returns the input that a stop and a resume share. `null`: a dry run, which has listed the replications. */
async function commonInput(
  session: Session,
  given: readonly string[],
  options: FleetOptions,
): Promise<CommonInput | null> {
  const { id, concurrency, maxFailures, tag, dryRun = false } = options;
  if (tag !== undefined && (given.length > 0 || options.file !== undefined))
    throw new CliError('--tag goes neither with names nor with --file', 'Choose the replications in one way.');
  if (dryRun) {
    const arns = await (tag === undefined ? namedArns(session, given, options.file) : taggedArns(session, tag));
    const entries = arns.map((replicationConfigArn) => ({ replicationConfigArn }));
    session.output.list(entries, () => arns.join('\n'));
    return null;
  }
  const tagged = tag === undefined ? null : await taggedArns(session, tag);
  if (tagged !== null) session.output.say(foundText(tagged));
  // Asked before a file is read: the list may come from stdin, which is then at its end.
  const { by, reason } = await readDecision(session, options);
  const replicationConfigArns = tagged ?? (await namedArns(session, given, options.file));
  return {
    replicationConfigArns,
    requestedBy: by,
    reason,
    // Named here, so that it can be found after a Ctrl-C during its start.
    fleetId: id ?? randomUUID(),
    concurrency,
    stopOnFailures: maxFailures === undefined ? undefined : { count: maxFailures },
  };
}

/** Throws if a fleet that was joined has another list. What is not in its list would never be done. */
async function requireSameList(kind: OperationKind, fleet: FleetHandle, arns: readonly string[]): Promise<void> {
  const { results, running, left } = await fleet.progress();
  const known = new Set([...Object.keys(results), ...running, ...left]);
  const missing = arns.filter((arn) => !known.has(arn));
  if (missing.length === 0) return;
  throw new CliError(
    `The fleet ${fleet.fleetId} is under way with another list: ${missing.length} of these ARNs are not in it, such as ${missing[0]}`,
    `Wait for its end (temporal dms fleet status ${kind} ${fleet.fleetId} --watch), or use another --id.`,
    exitCodes.refused,
  );
}

async function startAndFollow(
  session: Session,
  kind: OperationKind,
  { fleetId, replicationConfigArns }: CommonInput,
  wait: boolean,
  start: () => Promise<FleetHandle>,
): Promise<number> {
  const { output } = session;
  const again = `temporal dms fleet status ${kind} ${fleetId}`;
  const fleet = await startWatched(session, `The fleet ${fleetId}`, again, start);
  if (fleet === 'interrupted') return exitCodeOf(fleet);
  const { workflowId, joined } = fleet;
  if (joined) await requireSameList(kind, fleet, replicationConfigArns);
  if (!wait) {
    output.result(
      { fleetId, workflowId, joined },
      () => `The fleet ${fleetId} ${joined ? 'is under way already' : 'is started'}. See it: ${again}`,
    );
    return exitCodes.success;
  }
  if (joined) output.say(`The fleet ${fleetId} is under way already. Its own options count, not these.`);
  return followToEnd(session, kind, fleet);
}

async function followToEnd(session: Session, kind: OperationKind, fleet: FleetHandle): Promise<number> {
  const { fleetId } = fleet;
  const result = await follow(session, {
    what: 'The fleet',
    workflowId: fleet.workflowId,
    result: () => fleet.result(),
    line: async () => `${fleetId}: ${countsText(await fleet.progress())}`,
    afterwards: [
      `Ctrl-C ends the waiting only. Follow it then: temporal dms fleet status ${kind} ${fleetId} --watch`,
      `Cancel it: temporal dms fleet cancel ${kind} ${fleetId}`,
    ],
  });
  if (result === 'interrupted') return exitCodeOf(result);
  session.output.result(result, () => fleetText(result));
  return result.failed > 0 || result.left.length > 0 ? exitCodes.failed : exitCodes.success;
}

async function status(
  session: Session,
  kind: string | undefined,
  fleetId: string | undefined,
  { watch = false, tag, file }: Pick<FleetOptions, 'tag' | 'file'> & { readonly watch?: boolean },
): Promise<number> {
  if (tag !== undefined || file !== undefined) {
    const [option, other, value] = tag === undefined ? ['--file', '--tag', '<path>'] : ['--tag', '--file', '<key>'];
    if (kind !== undefined || watch || (tag !== undefined && file !== undefined))
      throw new CliError(
        `${option} goes neither with a fleet, nor with --watch, nor with ${other}`,
        `Write: temporal dms fleet status ${option} ${value}`,
      );
    return listMembers(session, await (tag === undefined ? namedArns(session, [], file) : taggedArns(session, tag)));
  }
  if (kind === undefined || fleetId === undefined)
    throw new CliError(
      'The fleet is not named',
      'Write: temporal dms fleet status stop <id>, or: temporal dms fleet status --tag <key>',
    );
  requireKind(kind, fleetId);
  const fleet = (await session.replications()).fleet(kind, fleetId);
  if (watch) return followToEnd(session, kind, fleet);
  const progress = await fleet.progress();
  session.output.result(progress, () => fleetText(progress));
  return exitCodes.success;
}

async function cancel(session: Session, kind: string, fleetId: string): Promise<void> {
  requireKind(kind, fleetId);
  await (await session.replications()).fleet(kind, fleetId).cancel();
  session.output.result(
    { kind, fleetId, cancelRequested: true },
    () =>
      `The fleet ${fleetId} starts no more operations. See its end: temporal dms fleet status ${kind} ${fleetId} --watch`,
  );
}

function requireKind(kind: string, fleetId: string): asserts kind is OperationKind {
  if (kind !== 'stop' && kind !== 'resume')
    throw new CliError(
      `The kind of a fleet is stop or resume, not ${kind}`,
      `Write: temporal dms fleet status stop ${shellWord(fleetId)}`,
    );
}
