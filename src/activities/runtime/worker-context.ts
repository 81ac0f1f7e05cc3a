import { Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import type { DmsApi } from '../../dms/api.js';
import type { LagSource } from '../../dms/lag.js';
import type { CheckpointArchive } from '../../contract/archive.js';
import { accountAndRegion, type ReplicationConfigArn } from '../../dms/arn.js';
import { dmsFailure } from '../../contract/failures.js';
import { ReplicationWatcher, RequestBudget, requireLooksPerSecond } from '../../watch/index.js';
import { CredentialOutages } from './credential-outages.js';
import { Gate } from './gate.js';

/** So many operations of a worker begin at once. More only make a server slower that may have to create as many ledgers. */
const BEGINNING_AT_ONCE = 50;
/** How long an attempt is held although others want its slot. */
const LEAST_HOLD_MS = 30_000;
/** So many records are copied at once. */
const ARCHIVING_AT_ONCE = 10;

export interface DmsActivitiesOptions {
  /** DMS, usually `createAwsDmsApi()`. */
  readonly dms: DmsApi;
  /** The Temporal client by which the ledger and other operations are reached. Default: the worker's own. */
  readonly client?: Client;
  /** The replication configs this worker may touch: ARNs, in which `*` stands for anything. Default: all. */
  readonly allow?: readonly string[];
  /** Where ledgers are started; its worker must have the workflows. Default: the activities' own task queue. */
  readonly ledgerTaskQueue?: string;
  /**
   * How long an attempt of a wait is held at most, in seconds. Default 300. It gives way after 30 when other waits want its slot. 0 where a running worker is billed by the second, and for time-skipping tests.
   */
  readonly holdSeconds?: number;
  /** How many attempts this worker holds at once; any further one takes a look and leaves. Each takes an activity slot. Default 50. */
  readonly maxHeldWaits?: number;
  /**
   * Sweep requests a second for the waits of each account-region, more than 0. Default 2. All requests together are
   * three times as many, but at most 6 (three quarters of what AWS grants everybody there), or this if it is more.
   */
  readonly looksPerSecond?: number;
  /** Where the ledgers copy their records, for when Temporal keeps them no longer. Default: nowhere. */
  readonly archive?: CheckpointArchive | undefined;
  /** Where it is read how far a replication is behind just before it is stopped, for the record. Default: not at all. */
  readonly lag?: LagSource | undefined;
  /**
   * Whether a record keeps where the endpoints lead to (host, port, database), so that a resume onto another database is refused. Takes
   * `dms:DescribeEndpoints`. Default false.
   */
  readonly endpointFingerprints?: boolean | undefined;
}

/** What a worker shares for one account and region. */
interface AccountRegion {
  readonly budget: RequestBudget;
  readonly watcher: ReplicationWatcher;
}

/** The slot of a held attempt. */
export interface HoldSlot {
  readonly release: () => void;
  /** Whether another wait found no slot, and this attempt has had its own for long enough. */
  readonly isWanted: () => boolean;
}

/** What the activities of one worker share. */
export class WorkerContext {
  readonly dms: DmsApi;
  readonly archive: CheckpointArchive | null;
  readonly lag: LagSource | null;
  readonly endpointFingerprints: boolean;
  readonly holdSeconds: number;
  /** Where ledgers are started. `null`: on the task queue of the activities. */
  readonly ledgerTaskQueue: string | null;
  readonly credentialOutages = new CredentialOutages();
  /** The operations that are noting their beginning in a ledger. */
  readonly beginning = new Gate(BEGINNING_AT_ONCE);
  readonly archiving = new Gate(ARCHIVING_AT_ONCE);
  /** When each ledger was first found out of reach, in seconds of the server's clock. */
  readonly ledgerOutages = new Map<string, number>();
  readonly #options: DmsActivitiesOptions;
  readonly #accountRegions = new Map<string, AccountRegion>();
  readonly #allowed: readonly RegExp[] | null;
  #held = 0;
  /** When an attempt last found all slots taken, by `performance.now()`. */
  #turnedAwayAt = -Infinity;

  constructor(options: DmsActivitiesOptions) {
    this.#options = options;
    this.dms = options.dms;
    this.archive = options.archive ?? null;
    this.lag = options.lag ?? null;
    this.endpointFingerprints = options.endpointFingerprints === true && options.dms.describeEndpoints !== undefined;
    this.holdSeconds = options.holdSeconds ?? 300;
    this.ledgerTaskQueue = options.ledgerTaskQueue ?? null;
    requireLooksPerSecond(options.looksPerSecond);
    this.#allowed = options.allow?.map(toPattern) ?? null;
  }

  /** Throws DmsNotAllowed. */
  requireAllowed({ arn }: ReplicationConfigArn, operationId: string | undefined): void {
    if (this.#allowed?.some((pattern) => pattern.test(arn)) !== false) return;
    const hint = "Add it to the worker's allow-list, or use the task queue of a worker that may.";
    throw dmsFailure(
      'DmsNotAllowed',
      { replicationConfigArn: arn, operationId },
      `This worker may not touch ${arn}`,
      hint,
    );
  }

  /** The looks of all waits in the account and region of a replication, and the budget of all requests there. */
  accountRegion(arn: ReplicationConfigArn): AccountRegion {
    const key = accountAndRegion(arn);
    const known = this.#accountRegions.get(key);
    if (known !== undefined) return known;
    const budget = new RequestBudget(this.#options.looksPerSecond);
    const created = { budget, watcher: new ReplicationWatcher(this.dms, budget) };
    this.#accountRegions.set(key, created);
    return created;
  }

  /** A slot for one held attempt, to be given back; `null` when all are taken. */
  takeHoldSlot(): HoldSlot | null {
    if (this.holdSeconds === 0) return null;
    const takenAt = performance.now();
    if (this.#held >= (this.#options.maxHeldWaits ?? 50)) {
      this.#turnedAwayAt = takenAt;
      return null;
    }
    this.#held++;
    return {
      release: () => void this.#held--,
      isWanted: () => this.#turnedAwayAt > takenAt && performance.now() - takenAt >= LEAST_HOLD_MS,
    };
  }

  client(): Client {
    return this.#options.client ?? Context.current().client;
  }
}

function toPattern(allowed: string): RegExp {
  const escaped = allowed.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
  return new RegExp(`^${escaped}$`);
}
