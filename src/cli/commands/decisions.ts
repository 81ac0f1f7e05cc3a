/** Commands that act on what is there: nudge, cancel, unseal, break-reservation and move-ledger. */
import type { Command } from 'commander';
import { dmsCommand } from '../../contract/commands.js';
import { readDecision, type DecisionOptions } from '../ask.js';
import { CliError, exitCodes } from '../exit-codes.js';
import type { Runner, Session } from '../session.js';
import { findTarget } from '../targets.js';
import { shortName } from '../text.js';
import { addDecisionOptions } from './operation-options.js';

export function addDecisions(program: Command, run: Runner): void {
  program.command('nudge <replication>').description('make the operation under way look at DMS now').action(run(nudge));
  program
    .command('cancel <replication>')
    .description('cancel the operation under way; DMS still carries out what it has accepted')
    .action(run(cancel));
  addDecisionOptions(
    program.command('unseal <replication>').description('lift the seal of a final stop, so that it can be resumed'),
  ).action(run(unseal));
  addDecisionOptions(
    program.command('break-reservation <replication>').description('end the reservation of an owner that is gone'),
  ).action(run(breakReservation));
  addDecisionOptions(
    program
      .command('move-ledger <replication>')
      .description('move its ledger to the task queue of --task-queue; both need a worker'),
  ).action(run(moveLedger));
}

async function nudge(session: Session, text: string): Promise<void> {
  const { replications, arn } = await findTarget(session, text);
  if (!(await replications.nudge(arn))) throw nothingUnderWay(arn);
  session.output.result(
    { replicationConfigArn: arn, nudged: true },
    () => `Asked the worker to look at ${shortName(arn)} now. See it: ${dmsCommand('status', arn)}`,
  );
}

async function cancel(session: Session, text: string): Promise<void> {
  const { replications, arn } = await findTarget(session, text);
  const open = await replications.openOperation(arn);
  if (open === null) throw nothingUnderWay(arn);
  const { kind, operationId, hostWorkflowId } = open;
  if (hostWorkflowId !== null)
    session.output.say(`It is a step of the workflow ${hostWorkflowId}, which sees the cancel.`);
  await open.cancel();
  session.output.result(
    { replicationConfigArn: arn, kind, operationId, hostWorkflowId, cancelRequested: true },
    () =>
      `Asked the ${kind} "${operationId ?? 'id not known yet'}" of ${shortName(arn)} to end. See its end: ${dmsCommand('status', arn)}`,
  );
}

function nothingUnderWay(arn: string): CliError {
  const hint = `See what is recorded: temporal dms status ${arn}`;
  return new CliError(`No operation is under way on ${arn}`, hint, exitCodes.notFound);
}

async function unseal(session: Session, text: string, options: DecisionOptions): Promise<void> {
  const { replications, arn } = await findTarget(session, text);
  const decision = await readDecision(session, options);
  await replications.unseal(arn, decision);
  session.output.result({ replicationConfigArn: arn, sealed: false }, () => `${shortName(arn)} can be resumed again.`);
}

async function breakReservation(session: Session, text: string, options: DecisionOptions): Promise<void> {
  const { replications, arn } = await findTarget(session, text);
  const decision = await readDecision(session, options);
  await replications.breakReservation(arn, decision);
  session.output.result({ replicationConfigArn: arn, reservation: null }, () => `${shortName(arn)} is free.`);
}

async function moveLedger(session: Session, text: string, options: DecisionOptions): Promise<void> {
  const { taskQueue } = session.globals;
  // A default could be the task queue that the ledger has to leave.
  if (taskQueue === undefined)
    throw new CliError('--task-queue is missing', 'Name the task queue to move it to: --task-queue <name>');
  const { replications, arn } = await findTarget(session, text);
  const decision = await readDecision(session, options);
  await replications.moveLedger(arn, { ...decision, taskQueue });
  session.output.result(
    { replicationConfigArn: arn, ledgerTaskQueue: taskQueue },
    () => `The ledger of ${shortName(arn)} runs on the task queue "${taskQueue}" from now on.`,
  );
}
