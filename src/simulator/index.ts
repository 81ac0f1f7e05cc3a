/**
 * `temporal-dms/simulator`: {@link startDmsSimulator}, a local DMS Serverless for tests and demos. It speaks DMS's own wire protocol, so every AWS
 * SDK works against it, and needs nothing but Node.
 *
 * @module
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { SimulatedClock } from './clock.js';
import { Faults, type Fault } from './faults.js';
import { operations, type Input, type Place } from './operations.js';
import { AwsFault, usualDurations, type ConfigSettings, type Durations, type NextStop, type Row } from './model.js';
import type { DmsSimulatorOptions, SimulatedReplicationOptions } from './options.js';
import { SimulatedReplication } from './replication.js';
import { tablesOf } from './tables.js';

export type { Fault } from './faults.js';
export type { Durations, NextStop } from './model.js';
export type { DmsSimulatorOptions, SimulatedReplicationOptions } from './options.js';

export interface SimulatorCall {
  /** Milliseconds since the epoch, real time. */
  readonly at: number;
  readonly operation: string;
  readonly input: Input;
  /** `ok`, or the name of the error that was answered, or the type of the fault that spoilt it. */
  readonly outcome: string;
}

const DEFAULT_ACCOUNT = '123456789012';

export async function startDmsSimulator(options: DmsSimulatorOptions = {}): Promise<DmsSimulator> {
  const simulator = new DmsSimulator(options);
  await simulator.listen(options.port ?? 0);
  return simulator;
}

/** A running simulator, and the handle by which tests make things happen in it. */
export class DmsSimulator {
  readonly clock: SimulatedClock;
  /** Every request so far, oldest first. */
  readonly calls: SimulatorCall[] = [];
  readonly #options: DmsSimulatorOptions;
  readonly #replications = new Map<string, SimulatedReplication>();
  readonly #faults = new Faults();
  readonly #stale = new Map<string, Row>();
  readonly #server = createServer((request, response) => void this.#serve(request, response));

  constructor(options: DmsSimulatorOptions) {
    this.#options = options;
    this.clock = new SimulatedClock(options.speed ?? 60);
  }

  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, '127.0.0.1', resolve);
    });
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Where AWS clients are to be pointed, for instance by AWS_ENDPOINT_URL_DATABASE_MIGRATION_SERVICE. */
  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Settings for an AWS SDK client. */
  clientConfig(region = 'eu-west-1') {
    return { endpoint: this.endpoint, region, credentials: { accessKeyId: 'simulated', secretAccessKey: 'simulated' } };
  }

  /** Puts a replication there and returns its ARN. */
  createReplication(options: SimulatedReplicationOptions = {}): string {
    const { region = 'eu-west-1', accountId = DEFAULT_ACCOUNT, status = 'running' } = options;
    const identifier = options.identifier ?? randomIdentifier();
    const settings = {
      identifier,
      replicationType: options.replicationType ?? 'full-load-and-cdc',
      sourceEndpointArn: `arn:aws:dms:${region}:${accountId}:endpoint:SOURCE${this.#replications.size}`,
      targetEndpointArn: `arn:aws:dms:${region}:${accountId}:endpoint:TARGET${this.#replications.size}`,
      tables: options.tables ?? 3,
      isReadOnly: options.isReadOnly ?? false,
      changesPerSecond: options.changesPerSecond ?? 2000,
    };
    const replication = this.#add(region, accountId, settings, options.durations);
    replication.place(status);
    return replication.arn;
  }

  /** The row as DMS would show it now, to read or to change. */
  row(arn: string): Row {
    return this.#get(arn).row;
  }

  /** What DMS does at the next stop, instead of the usual. */
  onNextStop(arn: string, next: NextStop): void {
    this.#get(arn).nextStop = next;
  }

  /** It dies this many simulated seconds after it next reaches `running`. */
  failAfterRunning(arn: string, seconds: number, messages: readonly string[]): void {
    this.#get(arn).failsAfterRunning = { seconds, messages };
  }

  /** It fails now. */
  fail(arn: string, messages: readonly string[], stopReason?: string): void {
    this.#get(arn).fail(messages, stopReason);
  }

  /** Someone else stops it. */
  stop(arn: string): void {
    this.#get(arn).stop();
  }

  /** Someone else starts it. */
  start(arn: string, type = 'resume-processing'): void {
    this.#get(arn).start(type, undefined);
  }

  /** Someone modifies its config. */
  modify(arn: string): void {
    this.#get(arn).modify();
  }

  /** From now on requests meet this fault. */
  fault(fault: Fault): void {
    if (fault.type === 'stale') {
      for (const replication of this.#all()) this.#stale.set(replication.arn, structuredClone(replication.row));
    }
    this.#faults.add(fault);
  }

  clearFaults(): void {
    this.#faults.clear();
  }

  /** How often an operation was called, for one replication or for all. */
  count(operation: string, arn?: string): number {
    return this.calls.filter((call) => call.operation === operation && (arn === undefined || arnOf(call.input) === arn))
      .length;
  }

  #seconds(): number {
    return Math.floor(this.clock.now()) / 1000;
  }

  #get(arn: string): SimulatedReplication {
    const replication = this.#replications.get(arn);
    if (replication === undefined) throw new Error(`The simulator has no replication ${arn}`);
    replication.advance(this.#seconds());
    return replication;
  }

  #all(): readonly SimulatedReplication[] {
    for (const replication of this.#replications.values()) replication.advance(this.#seconds());
    return [...this.#replications.values()].filter((each) => !each.isDeleted);
  }

  #add(
    region: string,
    accountId: string,
    settings: ConfigSettings,
    own: Partial<Durations> = {},
  ): SimulatedReplication {
    const arn = `arn:aws:dms:${region}:${accountId}:replication-config:${settings.identifier}`;
    const durations = { ...usualDurations, ...this.#options.durations, ...own };
    const replication = new SimulatedReplication(arn, settings, durations, this.#seconds());
    this.#replications.set(arn, replication);
    return replication;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const operation = String(request.headers['x-amz-target'] ?? '').replace(/^AmazonDMSv20160101\./, '');
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    let input: Input = {};
    let outcome = 'ok';
    let answer: { readonly status: number; readonly body: unknown } | null;
    try {
      input = JSON.parse(Buffer.concat(chunks).toString() || '{}') as Input;
      answer = await this.#answer(operation, input, request.headers.authorization ?? '');
      if (answer === null) outcome = 'connection broken';
    } catch (err) {
      const fault = err instanceof AwsFault ? err : new AwsFault('InternalFailure', String(err), 500);
      outcome = fault.type;
      answer = { status: fault.status, body: { __type: fault.type, message: fault.message } };
    }
    this.calls.push({ at: Date.now(), operation, input, outcome });
    if (answer === null) return void request.socket.destroy();
    response.writeHead(answer.status, {
      'content-type': 'application/x-amz-json-1.1',
      'x-amzn-requestid': randomUUID(),
    });
    response.end(JSON.stringify(answer.body));
  }

  /** `null`: the connection is to break. */
  async #answer(
    operation: string,
    input: Input,
    authorization: string,
  ): Promise<{ status: number; body: unknown } | null> {
    const run = operations[operation];
    if (run === undefined) throw new AwsFault('UnknownOperationException', `Unknown operation ${operation}`);
    const region = /Credential=[^/]+\/\d+\/([^/]+)\/dms\//.exec(authorization)?.[1];
    if (region === undefined) throw new AwsFault('MissingAuthenticationTokenException', 'Missing Authentication Token');
    const fault = this.#faults.take(operation, arnOf(input));
    if (fault?.type === 'throttle') throw new AwsFault('ThrottlingException', 'Rate exceeded');
    if (fault?.type === 'error') throw new AwsFault(fault.name, fault.message, fault.status ?? 400);
    if (fault?.type === 'connection-reset') return null;
    if (fault?.type === 'hang') await delay(10 * 60 * 1000, undefined, { ref: false });
    const body = run(this.#place(region, fault), input);
    return fault?.type === 'answer-lost' ? null : { status: 200, body };
  }

  #place(region: string, fault: Fault | null): Place {
    const isStale = fault?.type === 'stale';
    return {
      accountId: DEFAULT_ACCOUNT,
      region,
      all: () => this.#all().filter((each) => each.arn.split(':')[3] === region),
      create: (input) => this.#createFrom(region, input),
      tablesOf: (replication) => tablesOf(replication),
      hidden: new Set(
        fault?.type === 'row-missing' && fault.replicationConfigArn !== undefined ? [fault.replicationConfigArn] : [],
      ),
      show: (replication) => (isStale ? this.#stale.get(replication.arn) : undefined) ?? replication.row,
      rowBeforeFirstRun: this.#options.rowBeforeFirstRun ?? true,
    };
  }

  #createFrom(region: string, input: Input): SimulatedReplication {
    const text = (name: string) => {
      const value = input[name];
      if (typeof value === 'string' && value !== '') return value;
      throw new AwsFault('InvalidParameterValueException', `The parameter ${name} must be provided`);
    };
    const replicationType = text('ReplicationType');
    if (replicationType !== 'full-load' && replicationType !== 'cdc' && replicationType !== 'full-load-and-cdc') {
      throw new AwsFault('InvalidParameterValueException', `Invalid ReplicationType ${replicationType}`);
    }
    const identifier =
      typeof input['ResourceIdentifier'] === 'string'
        ? input['ResourceIdentifier']
        : text('ReplicationConfigIdentifier');
    const arn = `arn:aws:dms:${region}:${DEFAULT_ACCOUNT}:replication-config:${identifier}`;
    if (this.#all().some((each) => each.arn === arn))
      throw new AwsFault('ResourceAlreadyExistsFault', `${identifier} already exists`);
    return this.#add(region, DEFAULT_ACCOUNT, {
      identifier,
      replicationType,
      sourceEndpointArn: text('SourceEndpointArn'),
      targetEndpointArn: text('TargetEndpointArn'),
      tables: 3,
      isReadOnly: false,
      changesPerSecond: 2000,
    });
  }
}

/** As DMS makes them up: 26 upper-case letters. */
function randomIdentifier(): string {
  return Array.from(randomBytes(26), (byte) => String.fromCharCode(65 + (byte % 26))).join('');
}

function arnOf(input: Input): string | null {
  if (typeof input['ReplicationConfigArn'] === 'string') return input['ReplicationConfigArn'];
  const filters = input['Filters'] as readonly { Values?: readonly string[] }[] | undefined;
  return filters?.[0]?.Values?.[0] ?? null;
}
