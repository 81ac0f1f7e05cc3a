import {
  RunningAssessment,
  cancelAssessments,
  deleteAssessments,
  readAssessment,
  type Assessment,
  type AssessmentEnd,
} from './assessment.js';
import { logGone } from './checkpoint-format.js';
import { HOUR, Life } from './life.js';
import type { Config, NextStop, StartInput } from './model.js';
import { checkDelete, checkStart, isAtRest, isIdleStop } from './rules.js';
import { startSteps, type StartStep, type Step } from './steps.js';
import { secondsTo, stopPosition } from './stop-position.js';

/** Seconds in `running` until a resume fails because its log is gone. */
const LOG_GONE_SECONDS = 20;
/** Seconds to apply the changes that were cached during a full load. */
const CACHED_CHANGES_SECONDS = 10;
/** Failure message, as seen on AWS. */
const NO_TABLES = 'No tables were found at task initialization';

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
  /** Number of earlier databases behind the target endpoint. */
  targetsBefore = 0;
  /** Time at which the replication last reached `running`. */
  runningSince = Infinity;
  /** True if the full load is done, or there is none. */
  #isLoaded = false;
  isDeleted = false;

  stop(reason = 'Stop Reason NORMAL'): void {
    if (isIdleStop(this.row, this.uncertain)) return;
    this.remember();
    const next = this.nextStop;
    this.nextStop = null;
    this.schedule.clear();
    cancelAssessments(this.row);
    this.enter('stopping');
    if (next?.type === 'hang') return;
    if (next?.type === 'fail')
      return this.after(this.durations.stopping, () => this.fail(next.messages, next.stopReason));
    this.after(this.durations.stopping, () => {
      this.stopped(next?.stopReason ?? reason);
      // DMS undoes the stop: it raises the capacity, and starts the replication again.
      if (next?.type === 'self-restart') {
        this.after(next.afterSeconds, () => {
          if (this.row.Status === 'deleting') return;
          this.shown.scaled(this.time);
          this.#begin(false);
        });
      }
    });
  }

  start(input: StartInput): void {
    checkStart(this.row, this.hasRun, this.uncertain, input);
    const { type, assessment } = input;
    const asked = assessment === undefined ? undefined : readAssessment(assessment);
    this.remember();
    this.shown.ask(input);
    this.#begin(type !== 'resume-processing' || !this.hasRun, asked);
  }

  /** Applies changes to the config. Without changes the modification only takes its time. */
  modify(changed: Partial<Config> = {}): void {
    const before = this.row.Status;
    if (before !== 'running' && !isAtRest(before)) throw new RangeError(`A ${before} replication can not be modified`);
    this.remember();
    Object.assign(this.config, changed);
    this.enter('modifying');
    this.#unlessTroubled('modifying', () => {
      this.shown.configure();
      this.tables.configure(this.config);
      this.enter(before);
    });
  }

  delete(): void {
    checkDelete(this.row, this.uncertain);
    this.remember();
    // A deletion that fails or hangs leaves the time of the deprovisioning as it was.
    deleteAssessments(this.row);
    this.enter('deleting');
    this.#unlessTroubled('deleting', () => (this.isDeleted = true));
  }

  fail(messages: readonly string[], stopReason = 'Stop Reason FATAL_ERROR'): void {
    const isReplicating = this.source.isRunning;
    this.remember();
    if (this.row.Status === 'provisioning_capacity') this.shown.provision('failed_provision', 0);
    this.schedule.clear();
    this.source.end(this.time);
    this.#failed(messages);
    this.row.StopReason = stopReason;
    this.row.ReplicationLastStopTime = this.time;
    if (isReplicating) this.row.RecoveryCheckpoint = this.source.finalCheckpoint(this.time);
    if (this.shown.isProvisioned) this.untilDeprovisioned(this.time + 48 * HOUR);
    else if (this.shown.is('deprovisioning')) this.deprovision(this.time);
  }

  #failed(messages: readonly string[]): void {
    this.enter('failed');
    this.row.FailureMessages = [...messages];
  }

  /** Loads the tables at these positions again, then validates them again. */
  reload(tables: readonly number[]): void {
    const until = this.time + this.durations.fullLoad / 10;
    for (const table of tables) {
      this.tables.reloadedUntil.set(table, until);
      this.tables.validatedAgain.set(table, until);
    }
  }

  /** Validates the tables at these positions again. Has no effect if validation is off. */
  validate(tables: readonly number[]): void {
    for (const table of tables) this.tables.validatedAgain.set(table, this.time);
  }

  /** Starts the replication, as DMS does by itself. */
  restart(): void {
    if (this.row.Status === 'deleting') throw new RangeError('A deleting replication can not be started');
    this.remember();
    this.#begin(false);
  }

  /** Puts another, empty database behind the target endpoint. */
  repointTarget(): void {
    this.targetsBefore++;
    this.source.emptyTarget(this.time);
  }

  /** Goes through the steps of a start, after its assessment if there is one. `isFresh`: from the beginning. */
  #begin(isFresh: boolean, assessment?: Assessment): void {
    this.schedule.clear();
    this.source.end(this.time);
    if (isFresh) {
      this.source.restart(this.time, this.row.CdcStartTime);
      this.#isLoaded = this.config.ReplicationType === 'cdc';
    }
    if (this.uncertain.acceptedIsFirstRun) this.hasRun = true;
    this.hasRow = true;
    this.shown.begin(this.time, isFresh, this.#isLoaded, this.tables.count);
    const isShort = this.shown.isProvisioned && this.uncertain.resumePath === 'short';
    const steps = startSteps.slice(startSteps.indexOf(isShort ? 'replication_starting' : 'initializing'));
    if (assessment === undefined) this.#walk(steps, isFresh);
    else this.#assess(assessment, () => this.#walk(steps, isFresh));
  }

  #walk([step, ...rest]: readonly StartStep[], isFresh: boolean): void {
    if (step === undefined) return this.#starts(isFresh);
    this.enter(step);
    if (step === 'provisioning_capacity') this.shown.provision('provisioning', 0);
    this.#unlessTroubled(step, () => {
      if (step === 'provisioning_capacity') this.shown.provisioned(this.time);
      this.#walk(rest, isFresh);
    });
  }

  /** Goes on after a step, unless it is set to fail or hang. A failed start ends the run. A failed modification or deletion does not. */
  #unlessTroubled(step: Exclude<Step, 'deprovisioning'>, goOn: () => void): void {
    const trouble = this.troubledSteps.get(step);
    if (trouble === null) return;
    this.after(this.durations[step], () => {
      if (trouble === undefined) goOn();
      else if (step === 'modifying' || step === 'deleting') this.#failed(trouble);
      else this.fail(trouble);
    });
  }

  #starts(isFresh: boolean): void {
    if (this.tables.count === 0 && this.tables.needsTables) return this.fail([NO_TABLES]);
    this.hasRun = true;
    if (!this.#isLoaded) {
      // An unfinished load begins again, also on a resume.
      this.row.ReplicationStats['FullLoadStartDate'] = this.time;
      this.#running();
      return this.after(this.durations.fullLoad, () => this.#loaded());
    }
    if (this.config.ReplicationType === 'full-load') {
      // The load is already done.
      this.#running();
      return this.after(1, () => this.stopped('Stop Reason FULL_LOAD_ONLY_FINISHED'));
    }
    const isGone = !isFresh && this.source.isLogGone(this.time);
    const { engine } = this.source.settings;
    if (isGone) this.failsAfterRunning ??= { seconds: LOG_GONE_SECONDS, messages: [logGone(engine)] };
    this.source.begin(this.time, { stuck: isGone });
    this.#running();
    this.#untilStopPosition();
  }

  #loaded(): void {
    this.shown.load(this.row, 100, this.tables);
    this.row.ReplicationStats['FullLoadFinishDate'] = this.time;
    this.#isLoaded = true;
    if (this.config.ReplicationType === 'full-load') return this.stopped('Stop Reason FULL_LOAD_ONLY_FINISHED');
    this.source.begin(this.time, { loaded: true });
    const { stopsAfterLoad } = this.tables;
    if (stopsAfterLoad === 'before-cached-changes') return this.stopped('Stop Reason STOPPED_AFTER_FULL_LOAD');
    if (stopsAfterLoad !== null)
      this.after(CACHED_CHANGES_SECONDS, () => this.stopped('Stop Reason STOPPED_AFTER_CACHED_EVENTS'));
    this.#untilStopPosition();
  }

  #running(): void {
    this.enter('running');
    this.runningSince = this.time;
    this.movedUntil = this.time;
    const dies = this.failsAfterRunning;
    this.failsAfterRunning = null;
    if (dies !== null) this.after(dies.seconds, () => this.fail(dies.messages));
  }

  #untilStopPosition(): void {
    const position = stopPosition(this.row.CdcStopPosition);
    if (position === null) return;
    const check = (): void => {
      const left = secondsTo(position, this.source, this.time);
      if (left > 0) return this.after(left, check);
      this.stopped(position.stopReason);
    };
    check();
  }

  #assess(asked: Assessment, then: () => void): void {
    const assessment = new RunningAssessment(asked, this.arn, this.time);
    this.row.PremigrationAssessmentStatuses = [assessment.shown];
    this.enter(this.uncertain.statusWhileAssessing);
    const { assessing } = this.durations;
    this.after(assessing / 4, () => assessment.enter('provisioning'));
    this.after(assessing / 2, () => assessment.enter('running'));
    this.after(assessing, () => {
      if (assessment.end(this.assessmentStatus)) this.fail(['The premigration assessment failed'], '');
      else then();
    });
  }
}
