import { AwsFault, type ConfigSettings, type Durations, type NextStop, type Row } from './model.js';

const HOUR = 3600;
const startSteps = [
  'initializing',
  'preparing_metadata_resources',
  'testing_connection',
  'fetching_metadata',
  'calculating_capacity',
  'provisioning_capacity',
] as const;

interface Step {
  readonly at: number;
  readonly apply: () => void;
}

/** One replication config and its replication, played out step by step in simulated time. All times are epoch seconds. */
export class SimulatedReplication {
  readonly row: Row;
  nextStop: NextStop | null = null;
  /** The replication dies this long after it reaches `running`. */
  failsAfterRunning: { readonly seconds: number; readonly messages: readonly string[] } | null = null;
  hasRun = false;
  isDeleted = false;
  /** Whether it ran when the log position was last moved. */
  #position = 4096;
  #positionAt: number;
  #runningSince: number | null = null;
  #rowsApplied = 0;
  #steps: Step[] = [];

  constructor(
    readonly arn: string,
    readonly settings: ConfigSettings,
    readonly durations: Durations,
    private time: number,
  ) {
    this.#positionAt = time;
    this.row = {
      ReplicationConfigIdentifier: settings.identifier,
      ReplicationConfigArn: arn,
      SourceEndpointArn: settings.sourceEndpointArn,
      TargetEndpointArn: settings.targetEndpointArn,
      ReplicationType: settings.replicationType,
      Status: 'created',
      ProvisionData: { ProvisionedCapacityUnits: 0, IsNewProvisioningAvailable: false },
      FailureMessages: [],
      ReplicationStats: {},
      ReplicationCreateTime: time,
      ReplicationUpdateTime: time,
      ...(settings.isReadOnly ? { IsReadOnly: true } : {}),
    };
  }

  /** Lets everything happen that is due by then. */
  advance(now: number): void {
    for (let step = this.#steps[0]; step !== undefined && step.at <= now; step = this.#steps[0]) {
      this.#steps.shift();
      this.#moveTo(step.at);
      step.apply();
    }
    this.#moveTo(now);
  }

  stop(): void {
    const { Status: status, ReplicationConfigIdentifier: id } = this.row;
    if (status !== 'running') {
      throw new AwsFault(
        'InvalidResourceStateFault',
        `Replication for Replication Config, '${id}' is in '${status}' state and cannot be stopped.`,
      );
    }
    const next = this.nextStop;
    this.nextStop = null;
    this.#enter('stopping');
    if (next?.type === 'fail') {
      return this.#after(this.durations.stopping, () => this.fail(next.messages, next.stopReason));
    }
    this.#after(this.durations.stopping, () => this.#stopped(next?.stopReason ?? 'Stop Reason NORMAL'));
    if (next?.type === 'self-restart') {
      this.#after(this.durations.stopping + next.afterSeconds, () => this.#start(false));
    }
  }

  start(type: string, stopPosition: string | undefined): void {
    const { Status: status, ReplicationConfigIdentifier: id, ProvisionData: provision } = this.row;
    if (!['created', 'stopped', 'failed'].includes(status) || provision.ProvisionState === 'deprovisioning') {
      const shown = provision.ProvisionState === 'deprovisioning' ? 'deprovisioning' : status;
      throw new AwsFault(
        'InvalidResourceStateFault',
        `Replication for Replication Config: ${id} is in ${shown.toUpperCase()} state and cannot start`,
      );
    }
    if (type === 'start-replication' && this.hasRun) {
      throw new AwsFault(
        'InvalidParameterCombinationException',
        'Start Type : START_REPLICATION, valid only for replications running for the first time',
      );
    }
    if (type === 'resume-processing' && provision.ProvisionState === 'deprovisioned') {
      throw new AwsFault(
        'InvalidParameterCombinationException',
        `Replication ${id} has been deprovisioned and can only be reloaded`,
      );
    }
    this.row.StartReplicationType = type;
    if (stopPosition !== undefined) this.row.CdcStopPosition = stopPosition;
    this.#start(type !== 'resume-processing' || !this.hasRun);
  }

  modify(): void {
    const before = this.row.Status;
    this.#enter('modifying');
    this.#after(this.durations.modifying, () => this.#enter(before));
  }

  delete(): void {
    const { Status: status, ReplicationConfigIdentifier: id, ProvisionData: provision } = this.row;
    if (!['created', 'stopped', 'failed'].includes(status) || provision.ProvisionState === 'deprovisioning') {
      throw new AwsFault(
        'InvalidResourceStateFault',
        `Replication Config ${id} is in ${status.toUpperCase()} state and cannot be deleted`,
      );
    }
    this.#steps = [];
    this.#enter('deleting');
    this.#after(this.durations.deleting, () => (this.isDeleted = true));
  }

  fail(messages: readonly string[], stopReason = 'Stop Reason FATAL_ERROR'): void {
    this.#steps = [];
    this.#runningSince = null;
    this.#enter('failed');
    this.row.FailureMessages = [...messages];
    this.row.StopReason = stopReason;
    this.row.ReplicationLastStopTime = this.time;
    this.#untilDeprovisioned(this.time);
  }

  /** Puts it where it would be after having run, or stopped, for a while. */
  place(status: 'created' | 'running' | 'stopped' | 'failed'): void {
    if (status === 'created') return;
    const began = this.time - 6 * HOUR;
    this.hasRun = true;
    this.row.ProvisionData = {
      ProvisionState: 'provisioned',
      ProvisionedCapacityUnits: 4,
      DateProvisioned: began,
      IsNewProvisioningAvailable: false,
    };
    this.row.ReplicationStats = {
      ...this.#freshStats(began),
      FullLoadProgressPercent: 100,
      FullLoadFinishDate: began + this.durations.fullLoad,
    };
    this.#rowsApplied = 100_000;
    if (status === 'failed') return this.fail(['Simulated failure']);
    this.#running();
    if (status === 'running') return;
    this.#stopped('Stop Reason NORMAL');
    this.advance(this.time + Math.max(this.durations.describingStop, this.durations.flushingCheckpoint));
  }

  /** Rows moved so far, which is what table statistics follow. */
  rows(): number {
    return Math.floor(this.#rowsApplied);
  }

  #start(isFresh: boolean): void {
    const isProvisioned = this.row.ProvisionData.ProvisionState === 'provisioned';
    this.#steps = [];
    this.hasRun = true;
    this.row.FailureMessages = [];
    const stats = isFresh ? this.#freshStats(this.time) : { ...this.row.ReplicationStats, StartDate: this.time };
    delete stats['StopDate'];
    this.row.ReplicationStats = stats;
    let at = 0;
    for (const status of isProvisioned ? [] : startSteps) {
      this.#after(at, () => this.#enter(status));
      at += this.durations[status];
    }
    this.#after(at, () => {
      if (!isProvisioned) {
        this.row.ProvisionData = {
          ProvisionState: 'provisioned',
          ProvisionedCapacityUnits: 4,
          DateProvisioned: this.time,
          IsNewProvisioningAvailable: false,
        };
      }
      this.#enter('replication_starting');
    });
    this.#after(at + this.durations.replication_starting, () => this.#running());
    if (isProvisioned) this.#enter('replication_starting');
    else this.#enter('initializing');
  }

  #running(): void {
    this.#enter('running');
    this.#runningSince = this.time;
    const dies = this.failsAfterRunning;
    if (dies !== null) this.#after(dies.seconds, () => this.fail(dies.messages));
    const loading = this.row.ReplicationStats['FullLoadFinishDate'] === undefined;
    if (!loading) return;
    this.#after(this.durations.fullLoad, () => {
      Object.assign(this.row.ReplicationStats, {
        FullLoadProgressPercent: 100,
        FullLoadFinishDate: this.time,
        TablesLoaded: this.settings.tables,
        TablesLoading: 0,
      });
      if (this.settings.replicationType === 'full-load') this.#stopped('Stop Reason FULL_LOAD_ONLY_FINISHED');
    });
  }

  #stopped(reason: string): void {
    const stoppedAt = this.time;
    const finalPosition = this.#position;
    this.#runningSince = null;
    this.#enter('stopped');
    this.#after(this.durations.describingStop, () => {
      this.row.StopReason = reason;
      this.row.ReplicationLastStopTime = stoppedAt;
      this.row.ReplicationStats = { ...this.row.ReplicationStats, StopDate: stoppedAt };
      this.#untilDeprovisioned(stoppedAt);
    });
    if (this.settings.replicationType === 'full-load') return;
    this.#after(this.durations.flushingCheckpoint, () => (this.row.RecoveryCheckpoint = spelled(finalPosition)));
  }

  #untilDeprovisioned(stoppedAt: number): void {
    this.row.ReplicationDeprovisionTime = stoppedAt + 48 * HOUR;
    this.#at(
      stoppedAt + 48 * HOUR,
      () => (this.row.ProvisionData = { ...this.row.ProvisionData, ProvisionState: 'deprovisioning' }),
    );
    this.#at(stoppedAt + 48 * HOUR + this.durations.deprovisioning, () => {
      this.row.ProvisionData = {
        ProvisionState: 'deprovisioned',
        ProvisionedCapacityUnits: 0,
        IsNewProvisioningAvailable: false,
      };
    });
  }

  /** The log moves on; while running, the checkpoint follows half a minute behind and rows are applied. */
  #moveTo(time: number): void {
    const since = this.#runningSince;
    if (since !== null) {
      const seconds = Math.max(0, time - Math.max(this.#positionAt, since));
      this.#position += seconds * this.settings.changesPerSecond;
      this.#rowsApplied += (seconds * this.settings.changesPerSecond) / 100;
      const lag = 30 * this.settings.changesPerSecond;
      if (this.settings.replicationType !== 'full-load' && time - since > 10) {
        this.row.RecoveryCheckpoint = spelled(Math.max(4096, this.#position - lag));
      }
    }
    this.#positionAt = time;
    this.time = time;
  }

  #freshStats(time: number): Record<string, number> {
    return {
      FullLoadProgressPercent: 0,
      ElapsedTimeMillis: 0,
      TablesLoaded: 0,
      TablesLoading: this.settings.tables,
      TablesQueued: 0,
      TablesErrored: 0,
      FreshStartDate: time,
      StartDate: time,
      FullLoadStartDate: time,
    };
  }

  #enter(status: string): void {
    this.row.Status = status;
    this.row.ReplicationUpdateTime = this.time;
  }

  #after(seconds: number, apply: () => void): void {
    this.#at(this.time + seconds, apply);
  }

  #at(at: number, apply: () => void): void {
    this.#steps.push({ at, apply });
    this.#steps.sort((one, other) => one.at - other.at);
  }
}

function spelled(position: number): string {
  const at = Math.floor(position);
  return `checkpoint:V1#27#mysql-bin-changelog.009875:${at}:-1:${at + 27}:677883278264080:mysql-bin-changelog.009875:${at - 99}#0#0#*#0#93`;
}
