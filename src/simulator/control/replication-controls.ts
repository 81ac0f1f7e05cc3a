import type { NextStop, Row, TablesChange } from '../engine/model.js';
import type { SimulatedReplication } from '../engine/replication.js';
import type { SourceSettings } from '../engine/source-settings.js';
import type { Durations, Step } from '../engine/steps.js';
import { targetRows } from '../engine/table-rows.js';
import { checks } from './options.js';

/** Part of {@link DmsSimulator} that acts on one replication. */
export abstract class ReplicationControls {
  /** Returns the replication with this ARN. Throws an `Error` if there is none. */
  protected abstract find(arn: string): SimulatedReplication;

  /** Returns the row as DMS would show it now. Tests may change the row: looks then show the change. */
  row(arn: string): Row {
    return this.find(arn).row;
  }

  /** Sets the outcome of the next stop. */
  onNextStop(arn: string, next: NextStop): void {
    checks.nextStop(next, 'the next stop');
    this.find(arn).nextStop = next;
  }

  /**
   * Sets what happens in a step from now on.
   *
   * A list: the step fails with these messages. `null`: the step never ends. `undefined`: the step goes as usual again.
   * Around each message of `testing_connection` DMS names the source endpoint and the config.
   */
  onStep(arn: string, step: Step, trouble: readonly string[] | null | undefined): void {
    const { troubledSteps } = this.find(arn);
    checks.step(step, 'the step');
    if (step === 'deprovisioning' && Array.isArray(trouble))
      throw new RangeError('the step deprovisioning can only hang');
    if (trouble !== undefined && trouble !== null) checks.messages(trouble, 'messages');
    if (trouble === undefined) troubledSteps.delete(step);
    else troubledSteps.set(step, trouble);
  }

  /** Sets the status in which the next premigration assessment ends. */
  onAssessment(arn: string, status: SimulatedReplication['assessmentStatus']): void {
    checks.assessment(status, 'the assessment');
    this.find(arn).assessmentStatus = status;
  }

  /** Makes the replication fail this many simulated seconds after it next reaches `running`. */
  failAfterRunning(arn: string, seconds: number, messages: readonly string[]): void {
    checks.seconds(seconds, 'seconds');
    checks.messages(messages, 'messages');
    this.find(arn).failsAfterRunning = { seconds, messages };
  }

  /** Makes the replication fail now. Default of `stopReason`: see the switch `failureStopReason`. */
  fail(arn: string, messages: readonly string[], stopReason?: string): void {
    checks.messages(messages, 'messages');
    this.find(arn).fail(messages, stopReason);
  }

  /** Stops the replication, as another client would, or with `reason`, as DMS would. Throws an `Error` if DMS would refuse. */
  stop(arn: string, reason?: string): void {
    this.find(arn).stop(reason);
  }

  /** Starts the replication, as another client would. `type` is `resume-processing` by default. Throws an `Error` if DMS would refuse the start. */
  start(arn: string, type = 'resume-processing'): void {
    checks.startType(type, 'the start type');
    this.find(arn).start({ type });
  }

  /** Starts the replication from any state but `deleting`, as DMS does by itself. */
  restart(arn: string): void {
    this.find(arn).restart();
  }

  /** Modifies the replication without changes to its config. The replication must be running or at rest. */
  modify(arn: string): void {
    this.find(arn).modify();
  }

  /** Puts another, empty database behind the target endpoint. Only its rows and the endpoint's `ServerName` show that. */
  repointTarget(arn: string): void {
    this.find(arn).repointTarget();
  }

  /** Counts the rows in the database behind the target endpoint: loaded rows, and rows inserted since. */
  targetRows(arn: string): number {
    return targetRows(this.find(arn));
  }

  /** Changes the source. `openTransaction: true` pins the checkpoint until it is set to false. */
  changeSource(arn: string, change: Partial<SourceSettings> & { readonly openTransaction?: boolean }): void {
    checks.sourceChange(change, 'the source');
    const { source, time } = this.find(arn);
    const { openTransaction, ...settings } = change;
    source.change(settings, time);
    if (openTransaction !== undefined) source.transaction(openTransaction, time);
  }

  /** Changes what is wrong with the tables, such as `inError`. Their statistics show it at once. */
  changeTables(arn: string, change: TablesChange): void {
    checks.tablesChange(change, 'the tables');
    const { tables, time } = this.find(arn);
    tables.change(change, time);
  }

  /** Changes how long the steps of a replication take, in simulated seconds. Steps that have begun keep their time. */
  changeDurations(arn: string, change: Partial<Durations>): void {
    checks.durations(change, 'the durations');
    const replication = this.find(arn);
    const given = Object.entries(change).filter(([, value]) => value !== undefined);
    replication.durations = { ...replication.durations, ...Object.fromEntries(given) };
  }
}
