import { Option, type Command } from 'commander';
import type { StopReplicationInput } from '../../contract/inputs.js';
import type { StopReplicationResult } from '../../contract/results.js';
import { readDecision, type DecisionOptions } from '../ask.js';
import { readDuration } from '../arguments.js';
import { exitCodeOf, followOperation } from '../follow.js';
import type { Runner, Session } from '../session.js';
import { findTarget } from '../targets.js';
import { fields, shortName, timeText } from '../text.js';
import {
  addOperationOptions,
  sayJoined,
  showPlan,
  showStarted,
  startInTurn,
  warningRows,
  type OperationOptions,
} from './operation-options.js';

interface StopOptions extends DecisionOptions, OperationOptions {
  readonly final?: boolean;
  readonly preempt?: boolean;
  readonly timeout?: number;
  readonly stoppableTimeout?: number;
  readonly settle?: number;
  readonly selfRestartGrace?: number;
  readonly deadlinePolicy?: 'warn' | 'resume' | 'none';
  readonly deadlineLead?: number;
}

export function addStop(program: Command, run: Runner): void {
  const command = program
    .command('stop <replication>')
    .description('stop a replication, wait until it has really stopped, and record the checkpoint')
    .option('--final', 'stop it for good: nothing resumes it until somebody unseals it')
    .option('--preempt', 'cancel a resume that is under way')
    .option('--timeout <duration>', 'longest time of the stop itself; default 1h', readDuration)
    .option('--stoppable-timeout <duration>', 'longest time until it can be stopped; default 90m', readDuration)
    .option('--settle <duration>', 'time for which its checkpoint must stay the same; default 10s', readDuration)
    .option(
      '--self-restart-grace <duration>',
      'how long DMS may restart the replication by itself; default 30m',
      readDuration,
    )
    .addOption(
      new Option('--deadline-policy <policy>', 'action before the resume window ends').choices([
        'warn',
        'resume',
        'none',
      ]),
    )
    .option('--deadline-lead <duration>', 'time before its end; default 6h', readDuration);
  addOperationOptions(command).action(run(stop));
}

async function stop(session: Session, text: string, options: StopOptions): Promise<number> {
  const { replications, arn } = await findTarget(session, text);
  if (options.dryRun === true) return showPlan(session, await replications.planStop(stopInput(arn, options)));
  const { by, reason } = await readDecision(session, options);
  const input = stopInput(arn, { ...options, by, reason });
  const handle = await startInTurn(session, replications, {
    kind: 'stop',
    arn,
    preempts: options.preempt === true,
    start: () => replications.startStop(input),
  });
  if (handle === 'interrupted') return exitCodeOf(handle);
  if (!options.wait) return showStarted(session, 'stop', handle, arn);
  if (handle.joined) sayJoined(session, 'stop', arn);
  const result = await followOperation(session, handle, arn);
  if (result !== 'interrupted') session.output.result(result, () => stopText(arn, result));
  return exitCodeOf(result);
}

function stopInput(arn: string, options: StopOptions): StopReplicationInput {
  return {
    replicationConfigArn: arn,
    requestedBy: options.by,
    reason: options.reason,
    operationId: options.operationId,
    owner: options.owner,
    intent: options.final === true ? 'final' : 'pause',
    preempt: options.preempt,
    stopTimeoutSeconds: options.timeout,
    stoppableTimeoutSeconds: options.stoppableTimeout,
    settleSeconds: options.settle,
    selfRestartGraceSeconds: options.selfRestartGrace,
    deadlinePolicy: options.deadlinePolicy,
    deadlineLeadSeconds: options.deadlineLead,
  };
}

function stopText(arn: string, { outcome, checkpoint, warnings }: StopReplicationResult): string {
  const { sequence, intent, stoppedAt, stopReason, recoveryCheckpoint, resumeBy } = checkpoint;
  const rows: (readonly [string, string | null])[] = [
    ['record', `${sequence}${intent === 'final' ? ', final: nothing resumes it until it is unsealed' : ''}`],
    ['stopped at', stoppedAt],
    ['reason', stopReason],
    ['checkpoint', recoveryCheckpoint ?? 'none'],
    ['resume by', resumeBy === null ? null : timeText(resumeBy)],
    ...warningRows(warnings),
  ];
  return `${shortName(arn)} is stopped (${outcome})\n\n${fields(rows)}`;
}
