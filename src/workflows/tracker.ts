import { setCurrentDetails, setHandler, upsertMemo } from '@temporalio/workflow';
import { resumeDeadline } from '../dms/checkpoint.js';
import type { Replication } from '../dms/replication.js';
import { memoKeys } from '../operations/names.js';
import { progressMarkdown, type OperationPhase, type OperationProgress } from '../operations/progress.js';
import type { Settled } from '../operations/records.js';
import { progressQuery } from './messages.js';

/** What the workflow of an operation shows of itself: in the query, in the Web UI's current details, and in its memo. */
export class Tracker {
  #progress: OperationProgress = { phase: 'beginning', lastStatus: null, since: now(), detail: 'Checking the input' };
  #facts: Readonly<Record<string, string | null>> = {};

  constructor() {
    setHandler(progressQuery, () => this.#progress);
  }

  enter(phase: OperationPhase, detail: string, lastStatus: string | null = this.#progress.lastStatus): void {
    this.#progress = { phase, detail, lastStatus, since: now() };
    this.#show();
  }

  /** The checkpoint as it will be recorded, visible even while the ledger can't be reached. */
  showCheckpoint(replication: Replication, settled: Settled): void {
    const { recoveryCheckpoint, stopReason, replicationLastStopTime: stoppedAt } = replication;
    const { resumeBy } = resumeDeadline(replication);
    upsertMemo({ [memoKeys.checkpoint]: { recoveryCheckpoint, stoppedAt, stopReason, resumeBy, settled } });
    this.#facts = {
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
}

function now(): string {
  return new Date().toISOString();
}
