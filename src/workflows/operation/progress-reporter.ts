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

/** Phases that may last. Reporting one costs five history events, so the short ones are not reported. */
const reported: ReadonlySet<OperationPhase> = new Set([
  'waiting-until-stoppable',
  'stopping',
  'checking',
  'starting',
  'verifying',
]);

/** What the workflow of an operation shows of itself: in the query, in the Web UI's current details, and in its memo. */
export class ProgressReporter {
  #progress: OperationProgress = { phase: 'beginning', lastStatus: null, since: now(), detail: 'Checking the input' };
  #facts: ProgressFacts;

  /** `input`: the operation's, which nobody has checked yet. */
  constructor(input: object) {
    this.#facts = requestFacts(input);
    setHandler(progressQuery, () => this.#progress);
  }

  /** Enters a phase, which may last this long. A workflow that waits for this one as its own child is told. */
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

  /** Says how the operation ended. The message of a failure names the way out. */
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

  /** The checkpoint as it will be recorded, visible even while the ledger can't be reached. */
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

  /** The workflow that was started under an id of its own may have ended, or been reset: whether it hears this does not matter. */
  #report(): void {
    const { parent, memo } = workflowInfo();
    if (parent === undefined || memo?.[memoKeys.reports] !== true) return;
    getExternalWorkflowHandle(parent.workflowId)
      .signal(childProgressSignal, this.#progress)
      .catch((err: unknown) => log.debug('The parent was not told of the progress', { error: String(err) }));
  }
}

function now(): string {
  return new Date().toISOString();
}
