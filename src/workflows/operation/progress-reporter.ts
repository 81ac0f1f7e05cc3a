import {
  getExternalWorkflowHandle,
  log,
  setCurrentDetails,
  setHandler,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';
import { resumeDeadline } from '../../dms/checkpoint.js';
import type { Replication } from '../../dms/replication.js';
import { dmsCommand } from '../../contract/commands.js';
import { findDmsFailure } from '../../contract/failures.js';
import { memoKeys, operationWorkflowId } from '../../contract/names.js';
import {
  progressMarkdown,
  requestFacts,
  type OperationPhase,
  type OperationProgress,
  type ProgressFacts,
} from '../../contract/progress.js';
import type { Settled } from '../../contract/records.js';
import { childProgressSignal, problemSignal, progressQuery } from '../messages.js';

/** Phases that may last. Short ones are not reported, because a report costs five history events. */
const reported: ReadonlySet<OperationPhase> = new Set([
  'waiting-until-stoppable',
  'stopping',
  'checking',
  'starting',
  'verifying',
]);

/** Progress of an operation, as its workflow shows it: in the query, the Web UI's current details, and the memo. */
export class ProgressReporter {
  #progress: OperationProgress = {
    phase: 'beginning',
    lastStatus: null,
    since: now(),
    until: null,
    detail: 'Checking the input',
    problem: null,
  };
  /** Reason of the phase, without a problem. */
  #reason = this.#progress.detail;
  #facts: ProgressFacts;
  #commands: readonly string[] = [];

  /** `input`: input of the operation, not validated yet. */
  constructor(input: object) {
    this.#facts = requestFacts(input);
    setHandler(progressQuery, () => this.#progress, {
      description: 'Shows the phase, the last status, since when and until when it waits, and why.',
    });
    // Anyone can send a signal.
    const take = (problem: unknown) => this.showProblem(typeof problem === 'string' ? problem.slice(0, 1000) : null);
    setHandler(problemSignal, take, {
      description: 'Takes a problem that an attempt of an activity has met.',
    });
  }

  /** Shows the commands that look at the replication now, and that cancel the operation, until it has ended. */
  offerCommands(replicationConfigArn: string): void {
    const workflowId = operationWorkflowId(replicationConfigArn);
    this.#commands = [
      dmsCommand('nudge', replicationConfigArn),
      dmsCommand('cancel', replicationConfigArn),
      `temporal workflow cancel --workflow-id ${workflowId}`,
    ];
  }

  /** Enters a phase, which may last `withinSeconds`. Reports a new phase to a parent that wants reports. */
  enter(
    phase: OperationPhase,
    detail: string,
    lastStatus: string | null = this.#progress.lastStatus,
    withinSeconds?: number,
  ): void {
    const isNew = phase !== this.#progress.phase;
    const until = withinSeconds === undefined ? null : new Date(Date.now() + withinSeconds * 1000).toISOString();
    this.#reason = detail;
    this.#progress = { phase, detail, lastStatus, since: now(), until, problem: null };
    this.#show();
    if (isNew && reported.has(phase)) this.#report();
  }

  /** Shows a problem that keeps the phase from ending. `null`: it is over. Has no effect once the operation has ended. */
  showProblem(problem: string | null): void {
    if (this.#isOver) return;
    this.#progress = { ...this.#progress, problem, detail: problem ?? this.#reason };
    this.#show();
    this.#report();
  }

  /** Shows how the operation ended. The message of a failure says what to do. */
  fail(err: unknown): void {
    const failure = findDmsFailure(err);
    const { status = this.#progress.lastStatus } = failure?.details[0] ?? {};
    const message = err instanceof Error ? err.message : String(err);
    this.#facts = { ...this.#facts, failure: failure?.type ?? null };
    this.enter('failed', message, status);
  }

  /** Shows the progress of the child that does the work. */
  followChild(lock: string): void {
    this.enter('joined', `Runs as ${lock}`);
    const follow = (progress: OperationProgress) => {
      this.#progress = progress;
      this.#show();
    };
    setHandler(childProgressSignal, follow, { description: 'Takes the progress of the operation that this one runs.' });
  }

  /** Shows the checkpoint that will be recorded, even while the ledger can't be reached. */
  showCheckpoint(replication: Replication, settled: Settled): void {
    const { recoveryCheckpoint, stopReason, replicationLastStopTime: stoppedAt } = replication;
    const { resumeBy } = resumeDeadline(replication);
    upsertMemo({ [memoKeys.checkpoint]: { recoveryCheckpoint, stoppedAt, stopReason, resumeBy, settled } });
    this.#facts = {
      ...this.#facts,
      checkpoint: recoveryCheckpoint,
      'stopped at': stoppedAt,
      'stop reason': stopReason,
      'resume by': resumeBy,
    };
    this.#show();
  }

  #show(): void {
    setCurrentDetails(progressMarkdown(this.#progress, this.#facts, this.#isOver ? [] : this.#commands));
  }

  get #isOver(): boolean {
    return this.#progress.phase === 'done' || this.#progress.phase === 'failed';
  }

  /**
   * Reports the progress to the parent. A failed report is ignored, because the parent may have ended or been reset.
   */
  #report(): void {
    const { parent, memo } = workflowInfo();
    if (parent === undefined || memo?.[memoKeys.reports] !== true) return;
    getExternalWorkflowHandle(parent.workflowId)
      .signal(childProgressSignal, this.#progress)
      .catch((err: unknown) => log.debug('The progress could not be reported to the parent', { error: String(err) }));
  }
}

function now(): string {
  return new Date().toISOString();
}
