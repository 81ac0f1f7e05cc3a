import { SearchAttributeCheck } from './search-attribute-check.js';
import { Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import type { DmsApi } from '../../dms/api.js';
import type { LagSource } from '../../dms/lag.js';
import type { PermissionSource } from '../../dms/permissions.js';
import type { CheckpointArchive } from '../../contract/archive.js';
import { accountRegionKey, type ReplicationConfigArn } from '../../dms/arn.js';
import { dmsFailure } from '../../contract/failures.js';
import { ReplicationWatcher, RequestBudget, requireLooksPerSecond } from '../../watch/index.js';
import { CredentialOutages } from './credential-outages.js';
import { Gate } from './gate.js';
import { countHeld } from './metrics.js';
import { ObservedDmsApi } from './observed-dms-api.js';

/** Maximum number of operations that begin at once. Each may create a ledger, and more at once only slow the server. */
const BEGINNING_AT_ONCE = 50;
/** Minimum time an attempt is held while others want its slot. */
const MIN_HOLD_MS = 30_000;
/** Maximum number of records copied at once. */
const ARCHIVING_AT_ONCE = 10;
/** Maximum number of replications whose permissions are read at once. IAM throttles early. */
const READING_PERMISSIONS_AT_ONCE = 5;

/** Options of `createDmsActivities`. Only `dms` is required. */
export interface DmsActivitiesOptions {
  /** Access to DMS, usually `createAwsDmsApi()`. */
  readonly dms: DmsApi;
  /** Temporal client that reaches the ledger and other operations. Default: the worker's own. */
  readonly client?: Client;
  /** Replication configs this worker may touch: ARNs, in which `*` stands for anything. Default: all. */
  readonly allow?: readonly string[];
  /** Task queue on which ledgers are started. Its worker must have the workflows. Default: the activities' own. */
  readonly ledgerTaskQueue?: string;
  /**
   * Longest time an attempt of a wait is held, in seconds. Default 300. An attempt gives way after 30 s if other waits
   * want its slot. Use 0 where a running worker is billed by the second, and for time-skipping tests.
   */
  readonly holdSeconds?: number;
  /**
   * Maximum number of attempts this worker holds at once. Default 50. Any further attempt looks once and ends. Each
   * held attempt takes an activity slot.
   */
  readonly maxHeldWaits?: number;
  /**
   * Sweep requests a second for the waits of each account-region, more than 0. Default 2.
   *
   * All requests together have three times that rate, but at most 6 a second. A `looksPerSecond` above 6 is also
   * the rate of all requests. AWS grants an account-region 8 a second.
   */
  readonly looksPerSecond?: number;
  /** Archive that keeps copies of the ledgers' records for longer than Temporal does. Default: none. */
  readonly archive?: CheckpointArchive | undefined;
  /** Source of the lag just before a stop, for the record. Default: none. */
  readonly lag?: LagSource | undefined;
  /** Source of the worker's permissions, for dry runs and the preflight of a cutover. Default: none, and IAM is not asked. */
  readonly permissions?: PermissionSource | undefined;
  /**
   * True if a record keeps where the endpoints lead (host, port, database). A resume onto another database is then
   * refused. Needs `dms:DescribeEndpoints`. Default false.
   */
  readonly endpointFingerprints?: boolean | undefined;
}

/** Watcher and request budget of one account-region. */
interface AccountRegion {
  readonly budget: RequestBudget;
  readonly watcher: ReplicationWatcher;
}

/** Hold slot of a held attempt. */
export interface HoldSlot {
  readonly release: () => void;
  /** True if another wait found no slot, and this attempt has had its own for long enough. */
  readonly isWanted: () => boolean;
}

/** Everything the activities of one worker share. */
export class WorkerContext {
  readonly dms: DmsApi;
  readonly archive: CheckpointArchive | null;
  readonly lag: LagSource | null;
  readonly permissions: PermissionSource | null;
  readonly endpointFingerprints: boolean;
  readonly holdSeconds: number;
  /** Task queue on which ledgers are started. `null`: that of the activities. */
  readonly ledgerTaskQueue: string | null;
  readonly credentialOutages = new CredentialOutages();
  /** Limits how many operations begin in a ledger at once. */
  readonly beginGate = new Gate(BEGINNING_AT_ONCE);
  readonly archiveGate = new Gate(ARCHIVING_AT_ONCE);
  readonly searchAttributes = new SearchAttributeCheck();
  readonly permissionsGate = new Gate(READING_PERMISSIONS_AT_ONCE);
  /** Time at which the current outage of each ledger was first seen, in seconds of the server's clock. */
  readonly ledgerOutages = new Map<string, number>();
  /** Outage of a ledger that a workflow shows, by run id. `at`: ms of the monotonic clock. */
  readonly shownOutages = new Map<string, { readonly arn: string; readonly activityId: string; readonly at: number }>();
  readonly #options: DmsActivitiesOptions;
  readonly #accountRegions = new Map<string, AccountRegion>();
  readonly #allowed: readonly RegExp[] | null;
  #held = 0;
  /** Time at which an attempt last found all slots taken, by `performance.now()`. */
  #turnedAwayAt = -Infinity;

  constructor(options: DmsActivitiesOptions) {
    this.#options = options;
    this.dms = options.dms instanceof ObservedDmsApi ? options.dms : new ObservedDmsApi(options.dms);
    this.archive = options.archive ?? null;
    this.lag = options.lag ?? null;
    this.permissions = options.permissions ?? null;
    this.endpointFingerprints = options.endpointFingerprints === true && options.dms.describeEndpoints !== undefined;
    this.holdSeconds = options.holdSeconds ?? 300;
    this.ledgerTaskQueue = options.ledgerTaskQueue ?? null;
    requireLooksPerSecond(options.looksPerSecond);
    this.#allowed = options.allow?.map(toPattern) ?? null;
  }

  /** Throws `DmsNotAllowed` if this worker may not touch the replication. */
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

  /** Returns the watcher and the request budget of a replication's account-region. */
  accountRegion(arn: ReplicationConfigArn): AccountRegion {
    const key = accountRegionKey(arn);
    const known = this.#accountRegions.get(key);
    if (known !== undefined) return known;
    const budget = new RequestBudget(this.#options.looksPerSecond);
    const created = { budget, watcher: new ReplicationWatcher(this.dms, budget) };
    this.#accountRegions.set(key, created);
    return created;
  }

  /** Takes a hold slot. The caller releases it. `null`: all are taken, or `holdSeconds` is 0. */
  takeHoldSlot(): HoldSlot | null {
    if (this.holdSeconds === 0) return null;
    const takenAt = performance.now();
    if (this.#held >= (this.#options.maxHeldWaits ?? 50)) {
      this.#turnedAwayAt = takenAt;
      return null;
    }
    this.#held++;
    countHeld(1);
    return {
      release: () => {
        this.#held--;
        countHeld(-1);
      },
      isWanted: () => this.#turnedAwayAt > takenAt && performance.now() - takenAt >= MIN_HOLD_MS,
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
