import {
  RunningAssessment,
  cancelAssessments,
  deleteAssessments,
  readAssessment,
  type Assessment,
  type AssessmentEnd,
} from './assessment.js';
import { logGone, noTables, stopReasonOf, testFailed } from './failure-messages.js';
import { HOUR, Life } from './life.js';
import type { Config, NextStop, StartInput } from './model.js';
import { checkDelete, checkStart, idOf, isAtRest, isStopWithoutEffect } from './rules.js';
import { startSteps, type StartStep, type Step } from './steps.js';
import { secondsTo, stopPosition } from './stop-position.js';
import { withLog } from './task-settings.js';

/** Seconds in `running` until a resume fails because its log is gone. */
const LOG_GONE_SECONDS = 20;
/** Seconds to apply the changes that were cached during a full load. */
const CACHED_CHANGES_SECONDS = 10;

/** One replication and its config, played out in simulated time. All times are epoch seconds. */
export class SimulatedReplication extends Life {
  nextStop: NextStop | null = null;
  /** Failure of the next run, `seconds` after it reaches `running`. */
  failsAfterRunning: { readonly seconds: number; readonly messages: readonly string[] } | null = null;
  /** Result of the next premigration assessment. */
  assessmentStatus: AssessmentEnd = 'passed';
  /** Position in lists: the order of creation. */
  sequence = 0;
  /** True once the replication reached `running`. With `acceptedIsFirstRun` an accepted start is enough. */
  hasRun = false;
  /** Time at which the replication last reached `running`. */
  runningSince = Infinity;
  /** True if the full load is done, or there is none. */
  #isLoaded = false;
  isDeleted = false;
  /** Tags of the config, by key. */
  readonly tags = new Map<string, string>();

  stop(reason = 'Stop Reason NORMAL'): void {
    if (isStopWithoutEffect(this.row, this.uncertain)) return;
    this.addToHistory();
    const next = this.nextStop;
    this.nextStop = null;
    this.schedule.clear();
    cancelAssessments(this.row);
    this.enter('stopping');
    if (next?.type === 'hang') return;
    if (next?.type === 'fail')
      return this.scheduleAfter(this.durations.stopping, () => this.fail(next.messages, next.stopReason));
    this.scheduleAfter(this.durations.stopping, () => {
      this.endRun(next?.stopReason ?? reason);
      // DMS undoes the stop: it raises the capacity, and starts the replication again.
      if (next?.type === 'self-restart') {
        this.scheduleAfter(next.afterSeconds, () => {
          if (this.row.Status === 'deleting') return;
          this.shown.doubleCapacity(this.time);
          this.#begin(false);
        });
      }
    });
  }

  start(input: StartInput): void {
    checkStart(this.row, this.hasRun, this.uncertain, input);
    const { type, assessment } = input;
    const asked = assessment === undefined ? undefined : readAssessment(assessment);
    this.addToHistory();
    this.config.ReplicationSettings = withLog(this.config.ReplicationSettings, idOf(this.arn));
    this.shown.showStartInput(input);
    this.#begin(type !== 'resume-processing' || !this.hasRun, asked);
  }

  /** Applies changes to the config. A modification without changes takes as long as any other. */
  modify(changed: Partial<Config> = {}): void {
    const before = this.row.Status;
    if (before !== 'running' && !isAtRest(before)) throw new RangeError(`A ${before} replication can't be modified`);
    this.addToHistory();
    Object.assign(this.config, changed);
    this.enter('modifying');
    this.#runStep('modifying', () => {
      this.shown.showConfig();
      this.tables.configure(this.config);
      const hasDeprovisioned = before === 'deprovisioning' && this.shown.hasProvisionState('deprovisioned');
      this.enter(hasDeprovisioned ? 'deprovisioned' : before);
    });
  }

  delete(): void {
    checkDelete(this.row, this.uncertain);
    this.addToHistory();
    // The schedule stays: DMS still deprovisions in time if the deletion fails or hangs.
    deleteAssessments(this.row);
    this.enter('deleting');
    this.#runStep('deleting', () => (this.isDeleted = true));
  }

  fail(messages: readonly string[], stopReason = stopReasonOf(messages, this.uncertain)): void {
    const isReplicating = this.source.isRunning;
    this.addToHistory();
    if (this.row.Status === 'provisioning_capacity') this.shown.provision('failed_provision', 0);
    this.schedule.clear();
    this.source.end(this.time);
    this.#enterFailed(messages);
    this.row.StopReason = stopReason;
    this.row.ReplicationLastStopTime = this.time;
    if (isReplicating) this.row.RecoveryCheckpoint = this.source.finalCheckpoint(this.time);
    if (this.shown.isProvisioned) this.scheduleDeprovisioning(this.time + 48 * HOUR);
    else if (this.shown.hasProvisionState('deprovisioning')) this.deprovision(this.time);
  }

  #enterFailed(messages: readonly string[]): void {
    this.enter('failed');
    this.row.FailureMessages = [...messages];
  }

  /** Loads the tables at these positions again, then validates them again. */
  reload(tables: readonly number[]): void {
    this.tables.reload(tables, this.time + this.durations.fullLoad / 10);
  }

  /** Validates the tables at these positions again. Has no effect if validation is off. */
  validate(tables: readonly number[]): void {
    this.tables.validate(tables, this.time);
  }

  /** Starts the replication, as DMS does by itself. */
  restart(): void {
    if (this.row.Status === 'deleting') throw new RangeError("A replication that is being deleted can't be started");
    this.addToHistory();
    this.#begin(false);
  }

  /** Puts another, empty database behind the target endpoint. */
  repointTarget(): void {
    this.addToHistory();
    this.targetsBefore++;
    this.source.emptyTarget(this.time);
  }

  /** Goes through the steps of a start, after its assessment if any. `isFresh`: not from the last stop. */
  #begin(isFresh: boolean, assessment?: Assessment): void {
    this.schedule.clear();
    this.source.end(this.time);
    if (isFresh) {
      this.source.restart(this.time, this.row.CdcStartTime);
      this.#isLoaded = this.config.ReplicationType === 'cdc';
    }
    if (this.uncertain.acceptedIsFirstRun) this.hasRun = true;
    this.hasRow = true;
    this.shown.showStart(this.time, isFresh, this.#isLoaded, this.tables.count);
    const isShort = this.shown.isProvisioned && this.uncertain.resumePath === 'short';
    const steps = startSteps.slice(startSteps.indexOf(isShort ? 'replication_starting' : 'initializing'));
    if (assessment === undefined) this.#walk(steps, isFresh);
    else this.#assess(assessment, () => this.#walk(steps, isFresh));
  }

  #walk([step, ...rest]: readonly StartStep[], isFresh: boolean): void {
    if (step === undefined) return this.#startRun(isFresh);
    this.enter(step);
    if (step === 'provisioning_capacity') this.shown.provision('provisioning', 0);
    this.#runStep(step, () => {
      if (step === 'provisioning_capacity') this.shown.showInitialCapacity(this.time);
      this.#walk(rest, isFresh);
    });
  }

  /** Calls `goOn` once a step is over, unless it is set to fail or hang. A step of a start that fails ends the run. */
  #runStep(step: Exclude<Step, 'deprovisioning'>, goOn: () => void): void {
    const trouble = this.troubledSteps.get(step);
    if (trouble === null) return;
    this.scheduleAfter(this.durations[step], () => {
      if (trouble === undefined) goOn();
      else if (step === 'modifying' || step === 'deleting') this.#enterFailed(trouble);
      else this.fail(step === 'testing_connection' ? trouble.map((each) => testFailed(this.config, each)) : trouble);
    });
  }

  #startRun(isFresh: boolean): void {
    if (this.tables.count === 0 && this.tables.needsTables) return this.fail([noTables]);
    this.hasRun = true;
    if (!this.#isLoaded) {
      // An unfinished load begins again, also on a resume.
      this.row.ReplicationStats['FullLoadStartDate'] = this.time;
      this.#enterRunning();
      return this.scheduleAfter(this.durations.fullLoad, () => this.#finishLoad());
    }
    if (this.config.ReplicationType === 'full-load') {
      // The load is already done.
      this.#enterRunning();
      return this.scheduleAfter(1, () => this.endRun('Stop Reason FULL_LOAD_ONLY_FINISHED'));
    }
    const isGone = !isFresh && this.source.isLogGone(this.time);
    const { engine } = this.source.settings;
    if (isGone) this.failsAfterRunning ??= { seconds: LOG_GONE_SECONDS, messages: [logGone(engine)] };
    this.source.begin(this.time, { stuck: isGone });
    this.#enterRunning();
    this.#stopAtPosition();
  }

  #finishLoad(): void {
    this.shown.showLoadProgress(this.row, 100, this.tables);
    this.row.ReplicationStats['FullLoadFinishDate'] = this.time;
    this.#isLoaded = true;
    if (this.config.ReplicationType === 'full-load') return this.endRun('Stop Reason FULL_LOAD_ONLY_FINISHED');
    this.source.begin(this.time, { loaded: true });
    const { stopsAfterLoad } = this.tables;
    if (stopsAfterLoad === 'before-cached-changes') return this.endRun('Stop Reason STOPPED_AFTER_FULL_LOAD');
    if (stopsAfterLoad !== null)
      this.scheduleAfter(CACHED_CHANGES_SECONDS, () => this.endRun('Stop Reason STOPPED_AFTER_CACHED_EVENTS'));
    this.#stopAtPosition();
  }

  #enterRunning(): void {
    this.enter('running');
    this.runningSince = this.time;
    this.replicatedUntil = this.time;
    const dies = this.failsAfterRunning;
    this.failsAfterRunning = null;
    if (dies !== null) this.scheduleAfter(dies.seconds, () => this.fail(dies.messages));
  }

  #stopAtPosition(): void {
    const position = stopPosition(this.row.CdcStopPosition);
    if (position === null) return;
    const check = (): void => {
      const left = secondsTo(position, this.source, this.time);
      if (left > 0) return this.scheduleAfter(left, check);
      this.endRun(position.stopReason);
    };
    check();
  }

  #assess(asked: Assessment, then: () => void): void {
    const assessment = new RunningAssessment(asked, this.arn, this.time);
    this.row.PremigrationAssessmentStatuses = [assessment.shown];
    this.enter(this.uncertain.statusWhileAssessing);
    const { assessing } = this.durations;
    this.scheduleAfter(assessing / 4, () => assessment.enter('provisioning'));
    this.scheduleAfter(assessing / 2, () => assessment.enter('running'));
    this.scheduleAfter(assessing, () => {
      if (assessment.end(this.assessmentStatus)) this.fail(['The premigration assessment failed'], '');
      else then();
    });
  }
}
