import { beginAssessment, endAssessment, readAssessment, type Assessment, type AssessmentEnd } from './assessment.js';
import {
  startSteps,
  type Config,
  type Durations,
  type NextStop,
  type PlacedStatus,
  type Row,
  type StartInput,
  type StartStep,
  type Step,
  type TableSettings,
  type Uncertain,
} from './model.js';
import { checkDelete, checkStart, isAtRest, isIdleStop, provisionStateOf } from './rules.js';
import { Schedule } from './schedule.js';
import { logGone, Source, type SourceSettings } from './source.js';

const HOUR = 3600;
/** How soon a resume that needs a log which is gone dies once it runs. */
const LOG_GONE_SECONDS = 20;

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
  assessmentStatus: AssessmentEnd = 'passed';
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
  readonly #schedule = new Schedule();

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
    for (let due = this.#schedule.take(now); due !== null; due = this.#schedule.take(now)) {
      this.#time = Math.max(this.#time, due.at);
      due.apply();
    }
    this.#time = Math.max(this.#time, now);
    if (this.row.Status === 'running') this.#showRunning();
    if (this.row.Status === 'running' || this.row.Status === 'stopping') this.movedUntil = this.#time;
  }

  stop(reason = 'Stop Reason NORMAL'): void {
    if (isIdleStop(this.row, this.uncertain)) return;
    const next = this.nextStop;
    this.nextStop = null;
    this.#schedule.clear();
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

  start(input: StartInput): void {
    checkStart(this.row, this.hasRun, this.uncertain, input);
    const { type, startTime, startPosition, stopPosition, assessment } = input;
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
    checkDelete(this.row, this.uncertain);
    this.#schedule.clear();
    this.#enter('deleting');
    this.#unlessTroubled('deleting', () => (this.isDeleted = true));
  }

  fail(messages: readonly string[], stopReason = 'Stop Reason FATAL_ERROR'): void {
    const isReplicating = this.source.isRunning;
    if (this.row.Status === 'provisioning_capacity') this.#provision('failed_provision', 0);
    this.#schedule.clear();
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
    this.#schedule.clear();
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
    this.#schedule.clear();
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
    this.#schedule.add(at, () => this.#deprovision(at));
  }

  #deprovision(at: number): void {
    this.#provision('deprovisioning', this.row.ProvisionData.ProvisionedCapacityUnits);
    if (this.uncertain.deprovisionShownIn === 'status') this.row.Status = 'deprovisioning';
    if (this.troubledSteps.get('deprovisioning') === null) return;
    this.#schedule.add(at + this.durations.deprovisioning, () => this.#deprovisioned());
  }

  #deprovisioned(): void {
    this.#schedule.clear();
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
    const assessment = beginAssessment(asked, this.arn, this.#time);
    this.row.PremigrationAssessmentStatuses = [assessment];
    this.#enter(this.uncertain.statusWhileAssessing);
    const { assessing } = this.durations;
    this.#after(assessing / 4, () => (assessment['Status'] = 'provisioning'));
    this.#after(assessing / 2, () => (assessment['Status'] = 'running'));
    this.#after(assessing, () => {
      const isFailed = endAssessment(assessment, this.assessmentStatus);
      if (isFailed && assessment['FailOnAssessmentFailure'] === true) {
        return this.fail(['The premigration assessment failed'], '');
      }
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
    return provisionStateOf(this.row) === 'provisioned';
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
    this.#schedule.add(this.#time + seconds, apply);
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
