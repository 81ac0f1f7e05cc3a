import { Source, type Engine, type SourceSettings } from './source.js';
import {
  AwsFault,
  startSteps,
  type Config,
  type Durations,
  type NextStop,
  type Row,
  type StartStep,
  type Step,
  type Uncertain,
} from './model.js';

const HOUR = 3600;
/** How soon a resume that needs a log which is gone dies once it runs. */
const LOG_GONE_SECONDS = 20;

/** Statuses and provision states that a replication can be put into. */
export type PlacedStatus =
  | 'created'
  | StartStep
  | 'running'
  | 'stopping'
  | 'stopped'
  | 'modifying'
  | 'failed'
  | 'deleting'
  | 'deprovisioning'
  | 'deprovisioned';

export interface StartInput {
  readonly type: string;
  readonly startTime?: number | undefined;
  readonly startPosition?: string | undefined;
  readonly stopPosition?: string | undefined;
  /** JSON. */
  readonly assessment?: string | undefined;
}

interface Due {
  readonly at: number;
  readonly apply: () => void;
}

/** How tables are, other than well. */
export interface TableSettings {
  /** Default 3. */
  readonly count: number;
  /** Whether rows are compared after they were applied. Default true. */
  readonly validation: boolean;
  /** How many of the first tables are in error, fail validation, or have no primary key. Default 0. */
  readonly inError: number;
  readonly mismatched: number;
  readonly withoutKey: number;
  readonly suspended: number;
  /** How many of the last tables are not there in the target, or were given up. Default 0. */
  readonly missing: number;
  readonly cancelled: number;
  /** Rows of each hundred that an error setting skips: captured, and never applied. Default 0. */
  readonly skippedPercent: number;
}

/** One replication and its config, played out in simulated time. All times are epoch seconds. */
export class SimulatedReplication {
  readonly row: Row;
  readonly source: Source;
  nextStop: NextStop | null = null;
  /** The replication dies this long after it reaches `running`. */
  failsAfterRunning: { readonly seconds: number; readonly messages: readonly string[] } | null = null;
  /** Steps that do not go on: they fail with these messages, or (`null`) never end. */
  readonly troubledSteps = new Map<Step, readonly string[] | null>();
  /** What the next premigration assessment comes to. */
  assessmentStatus: 'passed' | 'warning' | 'failed' | 'error-provisioning' | 'error-executing' | 'invalid state' =
    'passed';
  /** Its place in lists: the order in which they were created. */
  sequence = 0;
  /** Tables that were reloaded, and until when. */
  readonly reloadedTables = new Map<number, number>();
  /** It has reached `running`, or a start was accepted where that is enough. */
  hasRun = false;
  /** It was started once. */
  hasRow = false;
  /** Until when its tables have moved. */
  movedUntil: number;
  isDeleted = false;
  /** When the status last changed, and what was shown before. */
  changedAt: number;
  rowBefore: Row | null = null;
  #time: number;
  #steps: Due[] = [];

  constructor(
    readonly config: Config,
    readonly tables: TableSettings,
    source: SourceSettings,
    readonly durations: Durations,
    readonly uncertain: Uncertain,
    time: number,
  ) {
    this.#time = time;
    this.changedAt = time;
    this.movedUntil = time;
    this.source = new Source(source, time);
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

  get arn(): string {
    return this.config.ReplicationConfigArn;
  }

  get time(): number {
    return this.#time;
  }

  /** Lets everything happen that is due by then. */
  advance(now: number): void {
    for (let step = this.#steps[0]; step !== undefined && step.at <= now; step = this.#steps[0]) {
      this.#steps.shift();
      this.#time = Math.max(this.#time, step.at);
      step.apply();
    }
    this.#time = Math.max(this.#time, now);
    if (this.row.Status === 'running') this.#showRunning();
    if (this.row.Status === 'running' || this.row.Status === 'stopping') this.movedUntil = this.#time;
  }

  stop(reason = 'Stop Reason NORMAL'): void {
    const { Status: status, ReplicationConfigIdentifier: id } = this.row;
    const { stopWhileStopping, stopAtRest, stopAbortsStart } = this.uncertain;
    if (status === 'stopping' && stopWhileStopping === 'accepted') return;
    if (isAtRest(status) && stopAtRest === 'accepted') return;
    const isStarting = startSteps.some((step) => step === status);
    if (status !== 'running' && !(isStarting && stopAbortsStart)) {
      const what = `Replication for Replication Config, '${id}' is in '${status}' state and cannot be stopped.`;
      throw new AwsFault('InvalidResourceStateFault', what);
    }
    const next = this.nextStop;
    this.nextStop = null;
    this.#steps = [];
    this.#enter('stopping');
    if (next?.type === 'hang') return;
    if (next?.type === 'fail')
      return this.#after(this.durations.stopping, () => this.fail(next.messages, next.stopReason));
    this.#after(this.durations.stopping, () => {
      this.#stopped(next?.stopReason ?? reason);
      // DMS has scaled it, or recovered.
      if (next?.type === 'self-restart') this.#after(next.afterSeconds, () => this.#scaled());
    });
  }

  start({ type, startTime, startPosition, stopPosition, assessment }: StartInput): void {
    const { Status: status, ReplicationConfigIdentifier: id, ProvisionData: provision } = this.row;
    const provisionState = provision.ProvisionState?.toLowerCase();
    if (!isAtRest(status) || provisionState === 'deprovisioning') {
      const shown = provisionState === 'deprovisioning' ? 'deprovisioning' : status;
      const what = `Replication for Replication Config: ${id} is in ${shown.toUpperCase()} state and cannot start`;
      throw new AwsFault('InvalidResourceStateFault', what);
    }
    const refuse = (what: string) => new AwsFault('InvalidParameterCombinationException', what);
    if (type === 'start-replication' && this.hasRun) {
      throw refuse('Start Type : START_REPLICATION, valid only for replications running for the first time');
    }
    if (type === 'resume-processing' && !this.hasRun && !this.uncertain.resumeAsFirstStart) {
      throw refuse('Start Type : RESUME_PROCESSING, valid only for replications that have run before');
    }
    if (type === 'resume-processing' && provisionState === 'deprovisioned' && !this.uncertain.resumeAfterDeprovision) {
      throw refuse(`Replication ${id} has been deprovisioned and can only be reloaded`);
    }
    if ((startTime ?? startPosition) !== undefined && !this.uncertain.customStartPoint) {
      throw refuse('Custom CDC start points are not supported for serverless replications');
    }
    if (type === 'reload-target' && provisionState === 'deprovisioned' && !this.uncertain.reloadAfterDeprovision) {
      throw refuse(`Replication ${id} has been deprovisioned and cannot be started`);
    }
    const asked = assessment === undefined ? undefined : readAssessment(assessment);
    Object.assign(this.row, {
      StartReplicationType: type,
      CdcStartTime: startTime,
      CdcStartPosition: startPosition,
      CdcStopPosition: stopPosition,
    });
    this.#begin(type !== 'resume-processing' || !this.hasRun, asked);
  }

  /** Changes the config. `apply` is what changes, once DMS has taken it over. */
  modify(apply: () => void = () => {}): void {
    const before = this.row.Status;
    if (before !== 'running' && !isAtRest(before)) throw new RangeError(`A ${before} replication can not be modified`);
    this.#enter('modifying');
    this.#unlessTroubled('modifying', () => {
      apply();
      this.#enter(before);
    });
  }

  delete(): void {
    const { Status: status, ReplicationConfigIdentifier: id, ProvisionData: provision } = this.row;
    const provisionState = provision.ProvisionState?.toLowerCase();
    const isKept = this.uncertain.deleteNeedsDeprovisioned && provisionState === 'provisioned';
    if (!isAtRest(status) || provisionState === 'deprovisioning' || isKept) {
      const what = `Replication Config ${id} is in ${status.toUpperCase()} state and cannot be deleted`;
      throw new AwsFault('InvalidResourceStateFault', what);
    }
    this.#steps = [];
    this.#enter('deleting');
    this.#unlessTroubled('deleting', () => (this.isDeleted = true));
  }

  fail(messages: readonly string[], stopReason = 'Stop Reason FATAL_ERROR'): void {
    const isReplicating = this.source.isRunning;
    if (this.row.Status === 'provisioning_capacity') this.#provision('failed_provision', 0);
    this.#steps = [];
    this.source.end(this.#time);
    this.#enter('failed');
    this.row.FailureMessages = [...messages];
    this.row.StopReason = stopReason;
    this.row.ReplicationLastStopTime = this.#time;
    if (isReplicating) this.#showCheckpoint(this.source.finalCheckpoint());
    if (this.#isProvisioned()) this.#untilDeprovisioned(this.#time + 48 * HOUR);
  }

  /** Loads some of its tables again. */
  reload(tables: readonly number[]): void {
    for (const table of tables) this.reloadedTables.set(table, this.#time + this.durations.fullLoad / 10);
  }

  /** DMS starts it by itself. */
  restart(): void {
    this.#begin(false);
  }

  /** The target endpoint now leads to another database, which is empty. */
  repointTarget(): void {
    this.source.emptyTarget(this.#time);
  }

  /** Puts it where it would be after having run, or stopped, for a while. */
  place(status: PlacedStatus): void {
    if (status === 'created') return;
    const step = startSteps.find((each) => each === status);
    if (step !== undefined) return this.#begin(true, undefined, step);
    const began = this.#time - 6 * HOUR;
    this.hasRun = true;
    this.hasRow = true;
    this.#provision('provisioned', 4, began);
    this.row.ReplicationStats = {
      ...this.#freshStats(began),
      FullLoadProgressPercent: 100,
      TablesLoaded: this.tables.count,
      TablesLoading: 0,
      FullLoadStartDate: began,
      FullLoadFinishDate: began + this.durations.fullLoad,
    };
    if (this.config.ReplicationType !== 'full-load') this.source.begin(began, { afresh: true });
    if (status === 'failed') return this.fail(['Simulated failure']);
    this.#running();
    this.advance(this.#time);
    if (this.config.ReplicationType === 'full-load' && status === 'running') {
      delete this.row.ReplicationStats['FullLoadFinishDate'];
      this.row.ReplicationStats['FullLoadStartDate'] = this.#time;
      return this.#load();
    }
    if (status === 'running') return;
    if (status === 'stopping') return this.stop();
    const { describingStop, flushingCheckpoint } = this.durations;
    this.#stopped('Stop Reason NORMAL');
    this.advance(this.#time + Math.max(describingStop, flushingCheckpoint));
    if (status === 'modifying') return this.modify();
    if (status === 'deleting') {
      this.#enter('deleting');
      return this.#after(this.durations.deleting, () => (this.isDeleted = true));
    }
    if (status === 'stopped') return;
    const { ReplicationLastStopTime: stoppedAt = this.#time } = this.row;
    this.#deprovision(stoppedAt);
    if (status === 'deprovisioned') this.#deprovisioned();
  }

  /** Through the steps of a start, from the first one or a given one. */
  #begin(isFresh: boolean, assessment?: Assessment, from: StartStep = 'initializing'): void {
    this.#steps = [];
    if (this.uncertain.acceptedIsFirstRun) this.hasRun = true;
    this.hasRow = true;
    this.row.FailureMessages = [];
    if (this.uncertain.startClearsStop) {
      for (const field of ['StopReason', 'ReplicationLastStopTime', 'ReplicationDeprovisionTime'] as const)
        delete this.row[field];
    }
    const stats = isFresh ? this.#freshStats(this.#time) : { ...this.row.ReplicationStats, StartDate: this.#time };
    delete stats['StopDate'];
    this.row.ReplicationStats = stats;
    const isShort = this.#isProvisioned() && this.uncertain.resumePath === 'short';
    const steps = startSteps.slice(startSteps.indexOf(isShort ? 'replication_starting' : from));
    if (assessment === undefined) this.#walk(steps, isFresh);
    else this.#assess(assessment, () => this.#walk(steps, isFresh));
  }

  #walk([step, ...rest]: readonly StartStep[], isFresh: boolean): void {
    if (step === undefined) return this.#starts(isFresh);
    this.#enter(step);
    if (step === 'provisioning_capacity') this.#provision('provisioning', 0);
    this.#unlessTroubled(step, () => {
      if (step === 'provisioning_capacity') this.#provision('provisioned', this.#capacity(), this.#time);
      this.#walk(rest, isFresh);
    });
  }

  /** Goes on after a step, unless that is to fail, or never to end. */
  #unlessTroubled(step: Exclude<Step, 'deprovisioning'>, goOn: () => void): void {
    const trouble = this.troubledSteps.get(step);
    if (trouble === null) return;
    this.#after(this.durations[step], () => (trouble === undefined ? goOn() : this.fail(trouble)));
  }

  #starts(isFresh: boolean): void {
    const type = this.config.ReplicationType;
    this.hasRun = true;
    // A load that was cut short begins again, with a resume as well.
    const loads = type !== 'cdc' && this.row.ReplicationStats['FullLoadFinishDate'] === undefined;
    if (loads) this.row.ReplicationStats['FullLoadStartDate'] = this.#time;
    const isGone = !isFresh && !loads && type !== 'full-load' && this.source.isLogGone(this.#time);
    if (isGone)
      this.failsAfterRunning ??= { seconds: LOG_GONE_SECONDS, messages: [logGone(this.source.settings.engine)] };
    if (!loads && type !== 'full-load') this.source.begin(this.#time, { afresh: isFresh, stuck: isGone });
    this.#running();
    if (loads && this.row.Status === 'running') this.#load();
  }

  #load(): void {
    this.#after(this.durations.fullLoad, () => {
      this.#showLoaded(100);
      this.row.ReplicationStats['FullLoadFinishDate'] = this.#time;
      if (this.config.ReplicationType === 'full-load') return this.#stopped('Stop Reason FULL_LOAD_ONLY_FINISHED');
      this.source.begin(this.#time, { afresh: true });
    });
  }

  #running(): void {
    this.#enter('running');
    const dies = this.failsAfterRunning;
    this.failsAfterRunning = null;
    if (dies !== null) this.#after(dies.seconds, () => this.fail(dies.messages));
    this.#untilStopPosition();
  }

  /** `server_time:` is the time of the source, `commit_time:` that of what is applied. */
  #untilStopPosition(): void {
    const [, kind, text] = /^(server|commit)_time:\s*(\S+)$/.exec(this.row.CdcStopPosition ?? '') ?? [];
    if (text === undefined) return;
    const at = Date.parse(`${text}Z`) / 1000;
    const isCommit = kind === 'commit';
    const check = (): void => {
      const left = at - (isCommit ? this.source.appliedAt(this.#time) : this.#time);
      // What is behind catches up: until then it is worth a look each second.
      if (left > 0) return this.#after(Math.max(1, Math.min(left, at - this.#time)), check);
      this.#stopped(`Stop Reason STOPPED_AT_${isCommit ? 'COMMIT' : 'SERVER'}_TIME`);
    };
    check();
  }

  #stopped(reason: string): void {
    const stoppedAt = this.#time;
    const hadCheckpoint = this.source.isRunning;
    this.#steps = [];
    this.source.end(stoppedAt);
    this.#enter('stopped');
    this.#after(this.durations.describingStop, () => {
      this.row.StopReason = reason;
      this.row.ReplicationLastStopTime = stoppedAt;
      this.row.ReplicationStats = { ...this.row.ReplicationStats, StopDate: stoppedAt };
      const finishedLoad = reason.endsWith('FULL_LOAD_ONLY_FINISHED');
      this.#untilDeprovisioned(stoppedAt + (finishedLoad ? this.durations.idleAfterFullLoad : 48 * HOUR));
    });
    if (hadCheckpoint)
      this.#after(this.durations.flushingCheckpoint, () => this.#showCheckpoint(this.source.finalCheckpoint()));
  }

  #untilDeprovisioned(at: number): void {
    this.row.ReplicationDeprovisionTime = at;
    this.#at(at, () => this.#deprovision(at));
  }

  #deprovision(at: number): void {
    this.#provision('deprovisioning', this.row.ProvisionData.ProvisionedCapacityUnits);
    if (this.uncertain.deprovisionShownIn === 'status') this.row.Status = 'deprovisioning';
    if (this.troubledSteps.get('deprovisioning') === null) return;
    this.#at(at + this.durations.deprovisioning, () => this.#deprovisioned());
  }

  #deprovisioned(): void {
    this.#steps = [];
    this.#provision('deprovisioned', 0);
    if (this.uncertain.deprovisionShownIn === 'status') this.row.Status = 'deprovisioned';
    if (!this.uncertain.checkpointAfterDeprovision) delete this.row.RecoveryCheckpoint;
    const { FreshStartDate, StartDate } = this.row.ReplicationStats;
    const dates = Object.entries({ FreshStartDate, StartDate }).flatMap(([name, date]) =>
      date === undefined ? [] : [[name, date]],
    );
    this.row.ReplicationStats = { ...noStats, ...(Object.fromEntries(dates) as Record<string, number>) };
  }

  #assess(asked: Assessment, then: () => void): void {
    const failsStart = asked['FailOnAssessmentFailure'] !== false;
    const assessment: Record<string, unknown> = {
      PremigrationAssessmentRunArn: `${this.arn.replace(':replication-config:', ':assessment-run:')}-${Math.floor(this.#time)}`,
      FailOnAssessmentFailure: failsStart,
      Status: 'starting',
      PremigrationAssessmentRunCreationDate: this.#time,
      AssessmentProgress: { IndividualAssessmentCount: 12, IndividualAssessmentCompletedCount: 0 },
      ResultLocationBucket: textOr(asked['ResultLocationBucket'], 'dms-premigration-assessments'),
      ResultLocationFolder: textOr(asked['ResultLocationFolder'], ''),
      ResultEncryptionMode: textOr(asked['ResultEncryptionMode'], 'SSE_S3'),
    };
    this.row.PremigrationAssessmentStatuses = [assessment];
    this.#enter(this.uncertain.statusWhileAssessing);
    const { assessing } = this.durations;
    this.#after(assessing / 4, () => (assessment['Status'] = 'provisioning'));
    this.#after(assessing / 2, () => (assessment['Status'] = 'running'));
    this.#after(assessing, () => {
      const status = this.assessmentStatus;
      const isFailed = status !== 'passed' && status !== 'warning';
      Object.assign(assessment, {
        Status: status,
        AssessmentProgress: { IndividualAssessmentCount: 12, IndividualAssessmentCompletedCount: 12 },
        ResultStatistic: {
          Passed: isFailed ? 11 : 12,
          Failed: isFailed ? 1 : 0,
          Error: 0,
          Warning: 0,
          Cancelled: 0,
          Skipped: 0,
        },
        ...(isFailed ? { LastFailureMessage: 'An individual assessment failed' } : {}),
      });
      if (isFailed && failsStart) return this.fail(['The premigration assessment failed'], '');
      then();
    });
  }

  #showRunning(): void {
    const {
      FullLoadStartDate: from,
      FullLoadFinishDate: until,
      StartDate: started = this.#time,
    } = this.row.ReplicationStats;
    this.row.ReplicationStats['ElapsedTimeMillis'] = Math.round((this.#time - started) * 1000);
    if (from !== undefined && until === undefined) {
      this.#showLoaded(Math.min(99, Math.floor((100 * (this.#time - from)) / Math.max(1, this.durations.fullLoad))));
    }
    if (!this.source.isRunning) return;
    const checkpoint = this.source.runningCheckpoint(this.#time);
    if (checkpoint !== null) this.#showCheckpoint(checkpoint);
  }

  #showLoaded(percent: number): void {
    const loaded = Math.floor((this.tables.count * percent) / 100);
    const loading = Math.min(8, this.tables.count - loaded);
    Object.assign(this.row.ReplicationStats, {
      FullLoadProgressPercent: percent,
      TablesLoaded: loaded - Math.min(loaded, this.tables.inError),
      TablesErrored: Math.min(loaded, this.tables.inError),
      TablesLoading: loading,
      TablesQueued: this.tables.count - loaded - loading,
    });
  }

  #showCheckpoint(checkpoint: string): void {
    this.row.RecoveryCheckpoint = checkpoint;
  }

  #freshStats(time: number): Record<string, number> {
    const loads = this.config.ReplicationType !== 'cdc';
    return {
      ...noStats,
      FullLoadProgressPercent: loads ? 0 : 100,
      TablesQueued: loads ? this.tables.count : 0,
      FreshStartDate: time,
      StartDate: time,
      // Seen on AWS for replications that only do CDC, too.
      ...(loads ? {} : { FullLoadStartDate: time, FullLoadFinishDate: time }),
    };
  }

  #isProvisioned(): boolean {
    return this.row.ProvisionData.ProvisionState?.toLowerCase() === 'provisioned';
  }

  /** DMS has scaled it, and starts it again. */
  #scaled(): void {
    const { MaxCapacityUnits: most } = this.config.ComputeConfig;
    const units = this.row.ProvisionData.ProvisionedCapacityUnits * 2;
    if (typeof most === 'number') this.#provision('provisioned', Math.min(most, units), this.#time);
    this.#begin(false);
  }

  #capacity(): number {
    const { MinCapacityUnits: least, MaxCapacityUnits: most } = this.config.ComputeConfig;
    return typeof least === 'number' ? least : typeof most === 'number' ? Math.min(4, most) : 4;
  }

  #provision(state: string, units: number, date?: number): void {
    const { DateProvisioned = date } = date === undefined ? this.row.ProvisionData : { DateProvisioned: date };
    this.row.ProvisionData = {
      ProvisionState: this.uncertain.provisionStateCase === 'upper' ? state.toUpperCase() : state,
      ProvisionedCapacityUnits: units,
      ...(DateProvisioned === undefined ? {} : { DateProvisioned }),
      IsNewProvisioningAvailable: false,
    };
  }

  #enter(status: string): void {
    this.rowBefore = { ...this.row, ReplicationStats: { ...this.row.ReplicationStats } };
    this.row.Status = status;
    this.row.ReplicationUpdateTime = this.#time;
    this.changedAt = this.#time;
  }

  #after(seconds: number, apply: () => void): void {
    this.#at(this.#time + seconds, apply);
  }

  #at(at: number, apply: () => void): void {
    const before = this.#steps.findLastIndex((step) => step.at <= at);
    this.#steps.splice(before + 1, 0, { at, apply });
  }
}

const noStats = {
  FullLoadProgressPercent: 0,
  ElapsedTimeMillis: 0,
  TablesLoaded: 0,
  TablesLoading: 0,
  TablesQueued: 0,
  TablesErrored: 0,
} as const;

/** MySQL's is as seen on AWS; the others are guessed. */
function logGone(engine: Engine): string {
  const end = 'Task error notification received from subtask 0, thread 0. Stop Reason FATAL_ERROR Error Level FATAL';
  const said = engine.startsWith('mysql')
    ? 'Error 1236 (Could not find first log file name in binary log index file) reading binlog.'
    : 'The log that is needed to go on is no longer available on the source.';
  return `Last Error ${said} ${end}`;
}

type Assessment = Readonly<Record<string, unknown>>;

function readAssessment(settings: string): Assessment {
  try {
    const read: unknown = JSON.parse(settings);
    if (typeof read === 'object' && read !== null && !Array.isArray(read)) return read as Assessment;
  } catch {
    // Said below.
  }
  throw new AwsFault('InvalidParameterValueException', 'Invalid PremigrationAssessmentSettings. Invalid json');
}

function isAtRest(status: string): boolean {
  return ['created', 'stopped', 'failed', 'deprovisioned', 'deprovisioning'].includes(status);
}

function textOr(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise;
}
