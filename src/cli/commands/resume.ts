import { Option, type Command } from 'commander';
import type { ResumeReplicationInput, StartReplicationType } from '../../contract/inputs.js';
import type { ResumeReplicationResult } from '../../contract/results.js';
import { ask, readDecision, type DecisionOptions } from '../ask.js';
import { readCount, readDuration, readTime } from '../arguments.js';
import { exitCodeOf, followOperation } from '../follow.js';
import type { Runner, Session } from '../session.js';
import { findTarget } from '../targets.js';
import { fields, shortName } from '../text.js';
import {
  addOperationOptions,
  sayJoined,
  showPlan,
  showStarted,
  startInTurn,
  warningRows,
  type OperationOptions,
} from './operation-options.js';

interface ResumeOptions extends DecisionOptions, OperationOptions {
  readonly record?: number;
  readonly force?: boolean;
  readonly type?: StartReplicationType;
  readonly confirmReload?: string;
  readonly cdcStartPosition?: string;
  readonly cdcStartTime?: string;
  readonly cdcStopPosition?: string;
  readonly timeout?: number;
  readonly verify?: number;
  readonly sourceLogRetention?: number;
}

const types: readonly StartReplicationType[] = ['resume-processing', 'reload-target', 'start-replication'];

export function addResume(program: Command, run: Runner): void {
  const command = program
    .command('resume <replication>')
    .description('resume a replication from its recorded stop, and check that it runs')
    .option('--record <sequence>', 'sequence of the record to go on from; default the newest', readCount)
    .option('--force', "resume although DMS's last stop is not the recorded one")
    .addOption(new Option('--type <type>', 'StartReplicationType to send').choices(types))
    .option('--confirm-reload <identifier>', 'identifier of the config, to confirm that its target is reloaded')
    .option('--cdc-start-position <position>', 'CdcStartPosition, with --type start-replication')
    .option('--cdc-start-time <time>', 'CdcStartTime, with --type start-replication', readTime)
    .option('--cdc-stop-position <position>', 'CdcStopPosition')
    .option('--timeout <duration>', 'longest time until it runs; default 90m', readDuration)
    .option('--verify <duration>', 'time to look for movement once it runs; default 2m', readDuration)
    .option('--source-log-retention <duration>', 'time for which the source keeps its log', readDuration);
  addOperationOptions(command).action(run(resume));
}

async function resume(session: Session, text: string, options: ResumeOptions): Promise<number> {
  const { replications, arn } = await findTarget(session, text);
  const isDryRun = options.dryRun === true;
  const { by, reason } = isDryRun ? options : await readDecision(session, options);
  const confirmReload =
    options.type === 'reload-target'
      ? (options.confirmReload ??
        (await ask(session, 'DMS discards the target. Type the identifier of the config', '--confirm-reload')))
      : options.confirmReload;
  const input: ResumeReplicationInput = {
    replicationConfigArn: arn,
    requestedBy: by,
    reason,
    operationId: options.operationId,
    owner: options.owner,
    checkpoint: options.record === undefined ? 'latest' : { sequence: options.record },
    force: options.force,
    startReplicationType: options.type,
    confirmReload,
    cdcStartPosition: options.cdcStartPosition,
    cdcStartTime: options.cdcStartTime,
    cdcStopPosition: options.cdcStopPosition,
    startTimeoutSeconds: options.timeout,
    verifyProgressSeconds: options.verify,
    sourceLogRetentionSeconds: options.sourceLogRetention,
  };
  if (isDryRun) return showPlan(session, await replications.planResume(input));
  const handle = await startInTurn(session, replications, {
    kind: 'resume',
    arn,
    preempts: false,
    start: () => replications.startResume(input),
  });
  if (handle === 'interrupted') return exitCodeOf(handle);
  if (!options.wait) return showStarted(session, 'resume', handle, arn);
  if (handle.joined) sayJoined(session, 'resume', arn);
  const result = await followOperation(session, handle, arn);
  if (result !== 'interrupted') session.output.result(result, () => resumeText(arn, result));
  return exitCodeOf(result);
}

function resumeText(arn: string, result: ResumeReplicationResult): string {
  const { outcome, resumedFrom, startReplicationType, progress, replication, warnings } = result;
  const rows: (readonly [string, string | null])[] = [
    [
      'from',
      resumedFrom === null ? null : `record ${resumedFrom.sequence}, stopped at ${resumedFrom.stoppedAt ?? '?'}`,
    ],
    ['type', startReplicationType],
    ['movement', progress],
    ...warningRows(warnings),
  ];
  return `${shortName(arn)} is ${replication.status} (${outcome})\n\n${fields(rows)}`;
}
