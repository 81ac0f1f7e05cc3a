/** Row of `DescribeReplications` and the changes that events make to it. */
import type { Config, Row, StartInput } from './model.js';
import type { Uncertain } from './uncertain.js';
import { provisionStateOf } from './rules.js';
import type { Tables } from './tables.js';

const noStats = {
  FullLoadProgressPercent: 0,
  ElapsedTimeMillis: 0,
  TablesLoaded: 0,
  TablesLoading: 0,
  TablesQueued: 0,
  TablesErrored: 0,
} as const;

/** Number of tables that are loaded at once. */
const LOADED_AT_ONCE = 8;

/** Row of one replication, and the methods that change it. All times are epoch seconds. */
export class ShownRow {
  readonly row: Row;

  constructor(
    private readonly config: Config,
    private readonly uncertain: Uncertain,
    time: number,
  ) {
    this.row = {
      ReplicationConfigIdentifier: config.ReplicationConfigIdentifier,
      ReplicationConfigArn: config.ReplicationConfigArn,
      SourceEndpointArn: config.SourceEndpointArn,
      TargetEndpointArn: config.TargetEndpointArn,
      ReplicationType: config.ReplicationType,
      Status: 'created',
      ProvisionData: { ProvisionedCapacityUnits: 0, IsNewProvisioningAvailable: false },
      FailureMessages: [],
      ReplicationStats: { ...noStats },
      ReplicationCreateTime: time,
      ReplicationUpdateTime: time,
      ...(config.IsReadOnly === true ? { IsReadOnly: true } : {}),
    };
  }

  /** Shows the parameters of a start. */
  showStartInput({ type, startTime, startPosition, stopPosition }: StartInput): void {
    Object.assign(this.row, {
      StartReplicationType: type,
      CdcStartTime: startTime,
      CdcStartPosition: startPosition,
      CdcStopPosition: stopPosition,
    });
  }

  /** Shows the fields of the present config. */
  showConfig(): void {
    const { ReplicationConfigIdentifier, SourceEndpointArn, TargetEndpointArn, ReplicationType } = this.config;
    Object.assign(this.row, { ReplicationConfigIdentifier, SourceEndpointArn, TargetEndpointArn, ReplicationType });
  }

  enter(status: string, time: number): void {
    this.row.Status = status;
    this.row.ReplicationUpdateTime = time;
  }

  provision(state: string, units: number, date?: number): void {
    const { DateProvisioned = date } = date === undefined ? this.row.ProvisionData : { DateProvisioned: date };
    this.row.ProvisionData = {
      ProvisionState: this.uncertain.provisionStateCase === 'upper' ? state.toUpperCase() : state,
      ProvisionedCapacityUnits: units,
      ...(DateProvisioned === undefined ? {} : { DateProvisioned }),
      IsNewProvisioningAvailable: false,
    };
  }

  get isProvisioned(): boolean {
    return this.hasProvisionState('provisioned');
  }

  hasProvisionState(provisionState: string): boolean {
    return provisionStateOf(this.row) === provisionState;
  }

  /** Shows the initial capacity: `MinCapacityUnits`, or else at most 4 units. */
  showInitialCapacity(time: number): void {
    const { MinCapacityUnits: least, MaxCapacityUnits: most } = this.config.ComputeConfig;
    const isMost = this.uncertain.initialCapacity === 'maximum' && typeof most === 'number';
    const usual = typeof least === 'number' ? least : typeof most === 'number' ? Math.min(4, most) : 4;
    const units = isMost ? most : usual;
    this.provision('provisioned', units, time);
  }

  /** Shows twice the capacity, up to `MaxCapacityUnits`. Does nothing without that limit. */
  doubleCapacity(time: number): void {
    const { MaxCapacityUnits: most } = this.config.ComputeConfig;
    const units = this.row.ProvisionData.ProvisionedCapacityUnits * 2;
    if (typeof most === 'number') this.provision('provisioned', Math.min(most, units), time);
  }

  /** Shows a start. `isFresh`: the start does not continue from the last stop. `isLoaded`: nothing is left to load. */
  showStart(time: number, isFresh: boolean, isLoaded: boolean, tables: number): void {
    this.row.FailureMessages = [];
    if (this.uncertain.startClearsStop) {
      const ofRunBefore = [
        'StopReason',
        'ReplicationLastStopTime',
        'ReplicationDeprovisionTime',
        'RecoveryCheckpoint',
      ] as const;
      for (const field of ofRunBefore) delete this.row[field];
      delete this.row.ReplicationStats['StopDate'];
    }
    if (isFresh) {
      const { StopDate } = this.row.ReplicationStats;
      this.row.ReplicationStats = { ...this.#fresh(time, tables), ...(StopDate === undefined ? {} : { StopDate }) };
      return;
    }
    this.row.ReplicationStats['StartDate'] = time;
    if (!isLoaded || this.row.ReplicationStats['FullLoadFinishDate'] !== undefined) return;
    // Deprovisioning has removed the statistics: show the load as finished again.
    Object.assign(this.row.ReplicationStats, {
      FullLoadProgressPercent: 100,
      TablesLoaded: tables,
      FullLoadStartDate: time,
      FullLoadFinishDate: time,
    });
  }

  #fresh(time: number, tables: number): Record<string, number> {
    const loads = this.config.ReplicationType !== 'cdc';
    return {
      ...noStats,
      FullLoadProgressPercent: loads ? 0 : 100,
      TablesQueued: loads ? tables : 0,
      FreshStartDate: time,
      StartDate: time,
      // Seen on AWS: CDC-only replications show these dates too.
      ...(loads ? {} : { FullLoadStartDate: time, FullLoadFinishDate: time }),
    };
  }

  /** Writes the statistics of a running replication into a present or a past row. */
  updateStatistics(row: Row, time: number, fullLoadSeconds: number, tables: Tables): void {
    const { ReplicationStats: stats } = row;
    const { StartDate: started = time, FullLoadStartDate: from, FullLoadFinishDate: until } = stats;
    stats['ElapsedTimeMillis'] = Math.round((time - started) * 1000);
    if (from === undefined || until !== undefined) return;
    this.showLoadProgress(row, Math.min(99, Math.floor((100 * (time - from)) / Math.max(1, fullLoadSeconds))), tables);
  }

  showLoadProgress(row: Row, percent: number, { count, settings }: Tables): void {
    const done = Math.floor((count * percent) / 100);
    const loading = Math.min(LOADED_AT_ONCE, count - done);
    const errored = Math.min(done, settings.inError + settings.missing + settings.cancelled);
    Object.assign(row.ReplicationStats, {
      FullLoadProgressPercent: percent,
      TablesLoaded: done - errored,
      TablesErrored: errored,
      TablesLoading: loading,
      TablesQueued: count - done - loading,
    });
  }

  /** Drops the fields that deprovisioning is assumed to lose, such as the table statistics. */
  dropStatistics(): void {
    const { checkpointAfterDeprovision, freshStartAfterDeprovision, deprovisionTimeAfterDeprovision } = this.uncertain;
    if (!checkpointAfterDeprovision) delete this.row.RecoveryCheckpoint;
    if (!deprovisionTimeAfterDeprovision) delete this.row.ReplicationDeprovisionTime;
    const { FreshStartDate, StartDate } = this.row.ReplicationStats;
    this.row.ReplicationStats = {
      ...noStats,
      ...(FreshStartDate === undefined || !freshStartAfterDeprovision ? {} : { FreshStartDate }),
      ...(StartDate === undefined ? {} : { StartDate }),
    };
  }
}
