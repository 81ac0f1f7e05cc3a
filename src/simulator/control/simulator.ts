import { randomInt } from 'node:crypto';
import { AwsFront } from '../api/front.js';
import { namesOf } from '../api/request-names.js';
import type { SimulatorCall } from '../api/call-log.js';
import { Faults, type Fault } from '../api/faults.js';
import type { Statement } from '../api/iam.js';
import { DEFAULT_ACCOUNT } from '../api/signature.js';
import { seededRandom, SimulatedClock } from '../engine/clock.js';
import type { Config, NextStop, Row, TablesChange } from '../engine/model.js';
import type { SimulatedReplication } from '../engine/replication.js';
import type { SourceSettings } from '../engine/source-settings.js';
import type { Step } from '../engine/steps.js';
import { Store } from '../engine/store.js';
import { targetRows } from '../engine/table-rows.js';
import { switchesOf, type Uncertain } from '../engine/uncertain.js';
import { control } from './control.js';
import { newReplication, defaultConfig } from './new-replication.js';
import { checks, type DmsSimulatorOptions, type SimulatedReplicationOptions } from './options.js';
import { SimulatorServer } from './server.js';

/**
 * Running simulator, and the handle by which tests control it.
 *
 * Methods throw an `Error` for an unknown ARN, and a `RangeError` for an invalid argument.
 */
export class DmsSimulator {
  /** Simulated clock. Tests move it forward with `advance`. */
  readonly clock: SimulatedClock;
  /** Newest requests that the simulator received, oldest first. At most 200,000, and 50 million characters in all. */
  readonly calls: SimulatorCall[] = [];
  /** Seed of everything left to chance. The same seed gives the same run. */
  readonly seed: number;
  readonly #options: DmsSimulatorOptions;
  readonly #uncertain: Uncertain;
  readonly #store: Store;
  readonly #random = () => this.#next();
  #next: () => number;
  readonly #faults: Faults;
  readonly #aws: AwsFront;
  readonly #server = new SimulatorServer({
    aws: (request) => this.#aws.answer(request),
    control: (request) => control(this, request),
  });
  #policy: readonly Statement[] | null;

  constructor(options: DmsSimulatorOptions) {
    const { speed = 60, startAt, seed = randomInt(2 ** 32), policy = null } = options;
    checks.simulator(options, 'the simulator');
    this.#options = options;
    const begin = startAt ?? (speed === 0 ? '2026-01-01T00:00:00.000Z' : undefined);
    this.clock = new SimulatedClock(speed, begin === undefined ? null : Date.parse(begin));
    this.#uncertain = switchesOf(options);
    this.seed = seed;
    this.#next = seededRandom(seed);
    this.#faults = new Faults(this.#random);
    this.#store = new Store(this.clock);
    this.#policy = policy;
    this.#aws = new AwsFront({
      clock: this.clock,
      store: this.#store,
      faults: this.#faults,
      uncertain: this.#uncertain,
      calls: this.calls,
      random: this.#random,
      create: (config: Config) => this.#add(config, {}),
      policy: () => this.#policy,
    });
  }

  /** Starts listening. {@link startDmsSimulator} calls this. */
  listen(port: number, host: string): Promise<void> {
    return this.#server.listen(port, host);
  }

  /** Breaks all connections, and stops listening. */
  close(): Promise<void> {
    return this.#server.close();
  }

  /** Endpoint URL for AWS clients, such as for `AWS_ENDPOINT_URL_DATABASE_MIGRATION_SERVICE`. */
  get endpoint(): string {
    return this.#server.endpoint;
  }

  /** Returns settings for an AWS SDK client, which sees only its own account and region. Default: `eu-west-1`, `123456789012`. */
  clientConfig(region = 'eu-west-1', accountId = DEFAULT_ACCOUNT) {
    const credentials = { accessKeyId: `SIMULATED${accountId}`, secretAccessKey: 'simulated' };
    return { endpoint: this.endpoint, region, credentials };
  }

  /** Creates a replication in any state, and returns its ARN. Default: a running one. */
  createReplication(options: SimulatedReplicationOptions = {}): string {
    checks.replication(options, 'the replication');
    const config = defaultConfig(options, this.#random, this.#seconds());
    const { arn, tags } = this.#add(config, { ...options, status: options.status ?? 'running' });
    for (const [key, value] of Object.entries(options.tags ?? {})) tags.set(key, value);
    return arn;
  }

  /** Returns the row as DMS would show it now. Tests may change the row: looks then show the change. */
  row(arn: string): Row {
    return this.#get(arn).row;
  }

  /** Sets the outcome of the next stop. */
  onNextStop(arn: string, next: NextStop): void {
    checks.nextStop(next, 'the next stop');
    this.#get(arn).nextStop = next;
  }

  /**
   * Sets what happens in a step from now on.
   *
   * A list: the step fails with these messages. `null`: the step never ends. `undefined`: the step goes as usual again.
   * Around each message of `testing_connection` DMS names the source endpoint and the config.
   */
  onStep(arn: string, step: Step, trouble: readonly string[] | null | undefined): void {
    const { troubledSteps } = this.#get(arn);
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
    this.#get(arn).assessmentStatus = status;
  }

  /** Makes the replication fail this many simulated seconds after it next reaches `running`. */
  failAfterRunning(arn: string, seconds: number, messages: readonly string[]): void {
    checks.seconds(seconds, 'seconds');
    checks.messages(messages, 'messages');
    this.#get(arn).failsAfterRunning = { seconds, messages };
  }

  /** Makes the replication fail now. Default of `stopReason`: see the switch `failureStopReason`. */
  fail(arn: string, messages: readonly string[], stopReason?: string): void {
    checks.messages(messages, 'messages');
    this.#get(arn).fail(messages, stopReason);
  }

  /** Stops the replication, as another client would, or with `reason`, as DMS would. Throws an `Error` if DMS would refuse. */
  stop(arn: string, reason?: string): void {
    this.#get(arn).stop(reason);
  }

  /** Starts the replication, as another client would. `type` is `resume-processing` by default. Throws an `Error` if DMS would refuse the start. */
  start(arn: string, type = 'resume-processing'): void {
    checks.startType(type, 'the start type');
    this.#get(arn).start({ type });
  }

  /** Starts the replication from any state but `deleting`, as DMS does by itself. */
  restart(arn: string): void {
    this.#get(arn).restart();
  }

  /** Modifies the replication without changes to its config. The replication must be running or at rest. */
  modify(arn: string): void {
    this.#get(arn).modify();
  }

  /** Puts another, empty database behind the target endpoint. Only its rows and the endpoint's `ServerName` show that. */
  repointTarget(arn: string): void {
    this.#get(arn).repointTarget();
  }

  /** Counts the rows in the database behind the target endpoint: loaded rows, and rows inserted since. */
  targetRows(arn: string): number {
    return targetRows(this.#get(arn));
  }

  /** Changes the source. `openTransaction: true` pins the checkpoint until it is set to false. */
  changeSource(arn: string, change: Partial<SourceSettings> & { readonly openTransaction?: boolean }): void {
    checks.sourceChange(change, 'the source');
    const { source, time } = this.#get(arn);
    const { openTransaction, ...settings } = change;
    source.change(settings, time);
    if (openTransaction !== undefined) source.transaction(openTransaction, time);
  }

  /** Changes what is wrong with the tables, such as `inError`. Their statistics show it at once. */
  changeTables(arn: string, change: TablesChange): void {
    checks.tablesChange(change, 'the tables');
    const { tables, time } = this.#get(arn);
    tables.change(change, time);
  }

  /** Sets a fault. Requests meet it from now on. */
  fault(fault: Fault): void {
    checks.fault(fault, 'the fault');
    const isSnapshot = fault.type === 'stale' && (fault.staleSeconds ?? fault.upToSeconds) === undefined;
    this.#faults.add(fault, this.#seconds(), isSnapshot ? this.#store.snapshot() : null);
  }

  /** Returns the faults that requests may still meet, oldest first. */
  faults(): readonly Fault[] {
    return this.#faults.list();
  }

  /** Removes the faults that were set for one replication. Without an ARN: all faults. */
  clearFaults(replicationConfigArn?: string): void {
    this.#faults.clear(replicationConfigArn ?? null);
  }

  /** Sets the IAM policy of every caller from now on. `null`: everything is allowed. */
  setPolicy(policy: readonly Statement[] | null): void {
    checks.policy(policy, 'the policy');
    this.#policy = policy;
  }

  /** Counts the calls of an operation in the call log, for one replication or for all. */
  count(operation: string, arn?: string): number {
    const isMeant = (call: SimulatorCall) =>
      call.operation === operation && (arn === undefined || namesOf(call.input).includes(arn));
    return this.calls.filter(isMeant).length;
  }

  /** Returns every replication as it is now. `lagSeconds`: simulated seconds behind the source. `null`: CDC does not run. */
  replications(): readonly { readonly row: Row; readonly config: Config; readonly lagSeconds: number | null }[] {
    return this.#store.all().map(({ row, config, source, time }) => {
      const lagSeconds = source.isRunning ? Math.round(time - source.appliedAt(time)) : null;
      return { row, config, lagSeconds };
    });
  }

  /** Sets switches for uncertain behaviour of DMS. They count from now on. */
  setUncertain(switches: Partial<Uncertain>): void {
    checks.uncertain(switches, 'the switches');
    const given = Object.entries(switches).filter(([, value]) => value !== undefined);
    Object.assign(this.#uncertain, Object.fromEntries(given));
    this.#aws.refill();
  }

  /**
   * Goes back to the beginning: removes all replications, faults and calls, rewinds clock and chance, and restores the
   * switches and the policy of the options.
   */
  reset(): void {
    this.#aws.reset();
    this.#policy = this.#options.policy ?? null;
    this.#store.clear();
    this.#faults.clear(null);
    this.clock.rewind();
    this.#next = seededRandom(this.seed);
    Object.assign(this.#uncertain, switchesOf(this.#options));
  }

  #seconds(): number {
    return Math.floor(this.#store.now * 1000) / 1000;
  }

  #get(arn: string): SimulatedReplication {
    const replication = this.#store.find(arn);
    if (replication === undefined) throw new Error(`The simulator has no replication ${arn}`);
    return replication;
  }

  #add(config: Config, options: SimulatedReplicationOptions): SimulatedReplication {
    const replication = newReplication(config, options, this.#options, this.#uncertain, this.#seconds());
    this.#store.add(replication);
    return replication;
  }
}
