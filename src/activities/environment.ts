import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { Client } from '@temporalio/client';
import type { DmsApi } from '../dms/api.js';
import { accountAndRegion, parseReplicationConfigArn, type ReplicationConfigArn } from '../dms/arn.js';
import { dmsFailure, isDmsFailure, retryable } from '../operations/failures.js';
import { ReplicationWatcher } from '../watch/index.js';
import { backoffSeconds } from './api-failures.js';
import { currentAttempt } from './attempt.js';
import { LedgerClient, LedgerUnreachable } from './ledger-client.js';
import { readTarget } from './schemas.js';

/** How long the ledger may be out of reach before an operation that has called nothing gives up. */
const LEDGER_PATIENCE_SECONDS = 300;

export interface DmsActivitiesOptions {
  /** DMS, usually `createAwsDmsApi()`. */
  readonly dms: DmsApi;
  /** The Temporal client by which the ledger and other operations are reached. Default: the worker's own. */
  readonly client?: Client;
  /** The replication configs this worker may touch: ARNs, in which `*` stands for anything. Default: all. */
  readonly allow?: readonly string[];
  /** Where ledgers are started; its worker must have the workflows. Default: the activities' own task queue. */
  readonly ledgerTaskQueue?: string;
  /** How long an attempt of a wait is held, in seconds. Default 30; 0 where a running worker is billed by the second, and for time-skipping tests. */
  readonly holdSeconds?: number;
  /** How many attempts this worker holds at once; any further one takes a look and leaves. Each takes an activity slot. Default 50. */
  readonly maxHeldWaits?: number;
}

/** What the activities of one worker share. */
export class Environment {
  readonly dms: DmsApi;
  readonly holdSeconds: number;
  readonly #options: DmsActivitiesOptions;
  readonly #watchers = new Map<string, ReplicationWatcher>();
  readonly #allowed: readonly RegExp[] | null;
  /** When each ledger was first found out of reach, in seconds of the server's clock. */
  readonly #ledgerOutages = new Map<string, number>();
  readonly #maxHeld: number;
  #held = 0;

  constructor(options: DmsActivitiesOptions) {
    this.#options = options;
    this.dms = options.dms;
    this.holdSeconds = options.holdSeconds ?? 30;
    this.#maxHeld = options.maxHeldWaits ?? 50;
    this.#allowed = options.allow?.map(toPattern) ?? null;
  }

  /** The ARN an activity was given, checked against the allow-list. */
  target(input: unknown, activity: string): ReplicationConfigArn {
    const arn = parseReplicationConfigArn(readTarget(input, activity));
    this.requireAllowed(arn.arn);
    return arn;
  }

  requireAllowed(replicationConfigArn: string): void {
    if (this.#allowed === null || this.#allowed.some((pattern) => pattern.test(replicationConfigArn))) return;
    throw dmsFailure(
      'DmsNotAllowed',
      { replicationConfigArn },
      `This worker may not touch ${replicationConfigArn}`,
      "Add it to the worker's allow-list, or use the task queue of a worker that may.",
    );
  }

  watcher(arn: ReplicationConfigArn): ReplicationWatcher {
    const key = accountAndRegion(arn);
    const watcher = this.#watchers.get(key) ?? new ReplicationWatcher(this.dms);
    this.#watchers.set(key, watcher);
    return watcher;
  }

  /** A place for one held attempt, to be given back; `null` when all are taken. */
  takeHold(): { readonly release: () => void } | null {
    if (this.holdSeconds === 0 || this.#held >= this.#maxHeld) return null;
    this.#held++;
    return { release: () => void this.#held-- };
  }

  client(): Client {
    return this.#options.client ?? Context.current().client;
  }

  ledger(replicationConfigArn: string): LedgerClient {
    const { info } = Context.current();
    if (!info.inWorkflow) {
      throw ApplicationFailure.nonRetryable(
        `${info.activityType} works only as a step of an operation's workflow: start one with the client or the steps`,
      );
    }
    return new LedgerClient(this.client(), replicationConfigArn, this.#options.ledgerTaskQueue ?? info.taskQueue);
  }

  /**
   * Asks the ledger. While it is out of reach the attempt fails retryably, and for good after five minutes if nothing was called yet.
   */
  async askLedger<T>(ledger: LedgerClient, subject: LedgerSubject, request: () => Promise<T>): Promise<T> {
    const { replicationConfigArn, operationId, mayGiveUp } = subject;
    try {
      const answer = await request();
      this.#ledgerOutages.delete(replicationConfigArn);
      return answer;
    } catch (err) {
      const isClosed = isDmsFailure(err, 'DmsLedgerClosed');
      if (!(err instanceof LedgerUnreachable) && !(isClosed && !mayGiveUp)) throw err;
      const problem = err instanceof Error ? err.message : String(err);
      const attempt = currentAttempt();
      const now = Context.current().info.currentAttemptScheduledTimestampMs / 1000;
      // An outage of an earlier operation may have ended unseen, on another worker.
      const begun = Context.current().info.scheduledTimestampMs / 1000;
      const since = Math.max(this.#ledgerOutages.get(replicationConfigArn) ?? now, begun);
      this.#ledgerOutages.set(replicationConfigArn, since);
      if (mayGiveUp && now - since >= LEDGER_PATIENCE_SECONDS) {
        this.#ledgerOutages.delete(replicationConfigArn);
        throw dmsFailure(
          'DmsLedgerUnavailable',
          { replicationConfigArn, operationId, elapsedSeconds: now - since },
          `The ledger ${ledger.describe()} could not be reached for ${Math.round((now - since) / 60)} minutes (${problem}); nothing was called`,
          'Check that a worker serves that task queue and that dmsReplicationLedger is in its workflow bundle.',
        );
      }
      const delay = backoffSeconds(attempt.number, 1);
      throw retryable('DmsUnavailable', `The ledger ${ledger.describe()} gives no answer (${problem})`, delay, {
        phase: subject.phase,
        status: null,
        elapsedSeconds: attempt.elapsedSeconds(),
        retryInSeconds: delay,
      });
    }
  }
}

export interface LedgerSubject {
  readonly replicationConfigArn: string;
  readonly operationId: string;
  readonly phase: string;
  /** Nothing that changes DMS was called yet. */
  readonly mayGiveUp: boolean;
}

function toPattern(allowed: string): RegExp {
  const escaped = allowed.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
  return new RegExp(`^${escaped}$`);
}
