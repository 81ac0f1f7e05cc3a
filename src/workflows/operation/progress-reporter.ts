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
import { findDmsFailure } from '../../contract/failures.js';
import { memoKeys } from '../../contract/names.js';
import {
  progressMarkdown,
  requestFacts,
  type OperationPhase,
  type OperationProgress,
  type ProgressFacts,
} from '../../contract/progress.js';
import type { Settled } from '../../contract/records.js';
import { childProgressSignal, progressQuery } from '../messages.js';

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
  #progress: OperationProgress = { phase: 'beginning', lastStatus: null, since: now(), detail: 'Checking the input' };
  #facts: ProgressFacts;

  /** `input`: input of the operation, not validated yet. */
  constructor(input: object) {
    this.#facts = requestFacts(input);
    setHandler(progressQuery, () => this.#progress);
  }

  /** Enters a phase, which may last `withinSeconds`. Reports a new phase to a parent that wants reports. */
  enter(
    phase: OperationPhase,
    detail: string,
    lastStatus: string | null = this.#progress.lastStatus,
    withinSeconds?: number,
  ): void {
    const isNew = phase !== this.#progress.phase;
    this.#progress = { phase, detail, lastStatus, since: now() };
    const deadline = withinSeconds === undefined ? null : new Date(Date.now() + withinSeconds * 1000).toISOString();
    this.#facts = { ...this.#facts, deadline };
    this.#show();
    if (isNew && reported.has(phase)) this.#report();
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
    setHandler(childProgressSignal, (progress) => {
      this.#progress = progress;
      this.#show();
    });
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
    setCurrentDetails(progressMarkdown(this.#progress, this.#facts));
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
