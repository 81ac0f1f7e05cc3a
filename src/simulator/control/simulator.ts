import { AssertionError } from 'node:assert';
import { randomInt } from 'node:crypto';
import { AwsFront } from '../api/front.js';
import { namesOf } from '../api/request-names.js';
import type { SimulatorCall } from '../api/call-log.js';
import { Faults, type Fault, type SetFault } from '../api/faults.js';
import type { Statement } from '../api/iam.js';
import { DEFAULT_ACCOUNT } from '../api/signature.js';
import { seededRandom, SimulatedClock } from '../engine/clock.js';
import type { Config, Row } from '../engine/model.js';
import type { SimulatedReplication } from '../engine/replication.js';
import { Store } from '../engine/store.js';
import { switchesOf, type Uncertain } from '../engine/uncertain.js';
import { control } from './control.js';
import { newReplication, defaultConfig } from './new-replication.js';
import { checks, type DmsSimulatorOptions, type SimulatedReplicationOptions } from './options.js';
import { ReplicationControls } from './replication-controls.js';
import { SimulatorServer } from './server.js';

/**
 * Running simulator, and the handle by which tests control it.
 *
 * Methods throw an `Error` for an unknown ARN, and a `RangeError` for an invalid argument.
 */
export class DmsSimulator extends ReplicationControls {
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
    super();
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

  /** Sets a fault, and returns its id. Requests meet it from now on. */
  fault(fault: Fault): number {
    checks.fault(fault, 'the fault');
    const isAboutRow =
      fault.type === 'row-missing' || (fault.type === 'stale' && fault.replicationConfigArn !== undefined);
    if (isAboutRow && /^Describe(Endpoints|Connections|ReplicationSubnetGroups)$/.test(fault.operation))
      throw new RangeError(
        `A ${fault.type} fault${fault.type === 'stale' ? ' of one replication' : ''} does not apply to ${fault.operation}`,
      );
    const isSnapshot = fault.type === 'stale' && (fault.staleSeconds ?? fault.upToSeconds) === undefined;
    return this.#faults.add(fault, this.#seconds(), isSnapshot ? this.#store.snapshot() : null);
  }

  /** Returns the faults that requests may still meet, oldest first. */
  faults(): readonly SetFault[] {
    return this.#faults.list();
  }

  /** Removes the fault with this id. Does nothing if it is over. */
  removeFault(id: number): void {
    this.#faults.remove(id);
  }

  /** Removes the faults that were set for one replication. Without an ARN: all faults. */
  clearFaults(replicationConfigArn?: string): void {
    this.#faults.clear(replicationConfigArn ?? null);
  }

  /** Sets how fast the simulated time passes: simulated seconds in a real one, from now on. 0: the time stands still. */
  setSpeed(speed: number): void {
    checks.speed(speed, 'the speed');
    this.clock.setSpeed(speed);
    this.#aws.refill();
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

  /**
   * Throws an `AssertionError` unless clients have asked for exactly these changes, in this order: every request but looks,
   * with any outcome. `arn`: those that name one replication. Default: all.
   */
  assertCalls(operations: readonly string[], arn?: string): void {
    const isChange = ({ operation, input }: SimulatorCall) =>
      !/^(Describe|List|Get)/.test(operation) && (arn === undefined || namesOf(input).includes(arn));
    const actual = this.calls.filter(isChange).map(({ operation }) => operation);
    if (JSON.stringify(actual) === JSON.stringify(operations)) return;
    const told = (list: readonly string[]) => (list.length === 0 ? 'nothing' : list.join(', '));
    throw new AssertionError({
      message: `Clients asked for ${told(actual)}, not for ${told(operations)}`,
      actual,
      expected: operations,
      operator: 'assertCalls',
    });
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
   * switches and the policy of the options. `startAt`: time at which it begins again. Default: that of the options.
   */
  reset(options: Pick<DmsSimulatorOptions, 'startAt'> = {}): void {
    checks.reset(options, 'the reset');
    const { startAt } = options;
    this.#aws.reset();
    this.#policy = this.#options.policy ?? null;
    this.#store.clear();
    this.#faults.clear(null);
    this.clock.rewind(startAt === undefined ? undefined : Date.parse(startAt));
    this.#next = seededRandom(this.seed);
    Object.assign(this.#uncertain, switchesOf(this.#options));
  }

  #seconds(): number {
    return Math.floor(this.#store.now * 1000) / 1000;
  }

  /** Returns the replication with this ARN. Throws an `Error` if there is none. */
  protected find(arn: string): SimulatedReplication {
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
