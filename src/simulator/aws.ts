import type { SimulatedClock } from './clock.js';
import { dimensionsOf, getMetricData } from './cloudwatch.js';
import { Spoiled, TokenBucket, type Fault, type Faults, type MetFault } from './faults.js';
import type { Reply, Request } from './http.js';
import { denial, isAllowed, type Statement } from './iam.js';
import { AwsFault, type Config, type Uncertain } from './model.js';
import { operations, type Input, type Place } from './operations.js';
import type { SimulatedReplication } from './replication.js';
import { readRequest } from './shapes.js';
import { idOf, wrongState } from './rules.js';
import type { Store } from './store.js';

export const DEFAULT_ACCOUNT = '123456789012';
/** CloudWatch, as requests name it. */
const METRICS = 'GraniteServiceVersion20100801';
const MAX_CALLS = 200_000;
/** Longer requests are logged by their length, and the log forgets its oldest calls when all of them together are longer than this. */
const MAX_LOGGED = 10_000;
const MAX_LOG = 50_000_000;
/** DMS speaks version 1.1 of AWS's JSON protocol, CloudWatch 1.0. */
const JSON_TYPE = 'application/x-amz-json-1.';

export interface SimulatorCall {
  /** Milliseconds since the epoch, real time. */
  readonly at: number;
  /** The same in simulated time. */
  readonly time: number;
  readonly operation: string;
  readonly accountId: string;
  readonly region: string;
  readonly input: Input;
  /** `ok`, or the name of the error that was answered, or what became of the connection. */
  readonly outcome: string;
}

/** What the AWS side shares with the handle that tests hold. */
export interface World {
  readonly clock: SimulatedClock;
  readonly store: Store;
  readonly faults: Faults;
  readonly uncertain: Uncertain;
  readonly policy: readonly Statement[] | null;
  readonly calls: SimulatorCall[];
  readonly random: () => number;
  readonly create: (config: Config) => SimulatedReplication;
}

interface Caller {
  readonly accountId: string;
  readonly region: string;
}

/** DMS and CloudWatch, as their clients see them: AWS's JSON protocols. */
export class AwsFront {
  readonly #buckets = new Map<string, TokenBucket>();
  /** How long the requests in the log are, oldest first, and all of them together. */
  #lengths: number[] = [];
  #length = 0;

  constructor(private readonly world: World) {}

  /** `null`: the connection is to break. */
  async answer({ headers, body }: Request): Promise<Reply | null> {
    const target = String(headers['x-amz-target'] ?? '');
    const [service = '', operation = ''] = target.split('.');
    let caller: Caller = { accountId: DEFAULT_ACCOUNT, region: '' };
    let input: Input = {};
    const log = (outcome: string) => {
      const logged = body.length > MAX_LOGGED ? { tooLong: body.length } : input;
      this.#log({ operation: (operation || target).slice(0, 200), ...caller, input: logged, outcome }, body.length);
    };
    try {
      input = parse(body);
      caller = callerOf(headers.authorization ?? '');
      const isMetrics = service === METRICS && operation === 'GetMetricData';
      if (!isMetrics && (service !== 'AmazonDMSv20160101' || !Object.hasOwn(operations, operation))) {
        const what = `The operation ${target.slice(0, 200) || 'that was asked for'} is not known`;
        throw new AwsFault('UnknownOperationException', what, 404);
      }
      const met = this.#meet(operation, isMetrics ? 'cloudwatch' : 'dms', input, caller);
      const fault = met?.fault ?? null;
      if (fault?.type === 'latency') await later(fault.milliseconds);
      const hasEffect = fault?.type === 'hang' ? fault.afterEffect === true : fault?.type !== 'connection-reset';
      const result = hasEffect ? this.#run(operation, isMetrics, input, caller, met) : {};
      if (fault?.type === 'hang') {
        log('hang');
        return await new Promise<never>(() => {});
      }
      const isBroken = fault?.type === 'connection-reset' || fault?.type === 'answer-lost';
      log(isBroken ? 'connection broken' : 'ok');
      // What is answered is what was there then, whatever becomes of it while it is on its way.
      return isBroken ? null : { status: 200, type: typeFor(service), body: JSON.stringify(result) };
    } catch (err) {
      if (!(err instanceof AwsFault)) throw err;
      log(err.type);
      return faultReply(err, service);
    }
  }

  /** The bucket, IAM, and whatever is set to go wrong, in that order. */
  #meet(operation: string, service: 'dms' | 'cloudwatch', input: Input, caller: Caller): MetFault | null {
    const { faults, uncertain, clock, policy } = this.world;
    const arns = this.#named(input, caller);
    const [arn = null] = arns;
    if (service === 'dms') this.#takeToken(caller);
    const met = faults.take(operation, arns, clock.now() / 1000);
    const fault = met?.fault ?? null;
    const action = `${service}:${operation}`;
    if (fault?.type === 'access-denied' || (policy !== null && !isAllowed(policy, action, arn))) {
      throw new AwsFault('AccessDeniedException', denial(action, caller.accountId, arn), uncertain.accessDeniedStatus);
    }
    if (fault !== null) throwFor(fault, operation, arn);
    return met;
  }

  /** The ARNs of the replications that a request names, by whatever it names them. */
  #named(input: Input, { accountId, region }: Caller): readonly string[] {
    const names = arnsOf(input);
    if (names.every((name) => name.startsWith('arn:'))) return names;
    const { list } = this.world.store.site(accountId, region);
    return names.map((name) => {
      const meant = list.find(({ arn, config }) => idOf(arn) === name || config.ReplicationConfigIdentifier === name);
      return meant?.arn ?? name;
    });
  }

  #run(
    operation: string,
    isMetrics: boolean,
    input: Input,
    caller: Caller,
    met: MetFault | null,
  ): Record<string, unknown> {
    if (isMetrics) return this.#metrics(caller, input);
    return operations[operation]?.(this.#place(caller, met), readRequest(operation, input)) ?? {};
  }

  #place({ accountId, region }: Caller, met: MetFault | null): Place {
    const { store, clock, uncertain, create, random } = this.world;
    const { list } = store.site(accountId, region);
    const isOurs = (arn: string) => arn.split(':').slice(3, 5).join(':') === `${region}:${accountId}`;
    const now = clock.now() / 1000;
    const spoils = new Spoiled(met, now);
    return {
      accountId,
      region,
      now,
      uncertain,
      random,
      list: () => (spoils.isStale ? list.filter((each) => !spoils.isUnseen(each)) : list),
      find(arn) {
        const found = isOurs(arn) ? store.find(arn) : undefined;
        return found !== undefined && spoils.isUnseen(found) ? undefined : found;
      },
      add: create,
      spoils,
    };
  }

  #takeToken({ accountId, region }: Caller): void {
    const { uncertain, clock } = this.world;
    const { throttle } = uncertain;
    if (throttle === null) return;
    // Clients hurry in real time, unless time is moved by hand.
    const now = clock.isMoved ? clock.now() : performance.now();
    const key = `${accountId}:${region}`;
    const bucket = this.#buckets.get(key) ?? new TokenBucket(throttle.burst, throttle.refill, now);
    this.#buckets.set(key, bucket);
    if (!bucket.take(now)) throw new AwsFault('ThrottlingException', 'Rate exceeded');
  }

  reset(): void {
    this.#buckets.clear();
    this.#lengths = [];
    this.#length = 0;
  }

  #metrics(caller: Caller, input: Input): Record<string, unknown> {
    const { store, clock } = this.world;
    const { accountId, region } = caller;
    const find = (id: string) => {
      const [owner, configId = ''] = id.split(':');
      const listed = store.site(accountId, region).list.find(({ arn }) => arn.endsWith(`:${configId}`));
      return owner === accountId && listed !== undefined ? store.find(listed.arn) : undefined;
    };
    return getMetricData(input, find, clock.now() / 1000);
  }

  #log(call: Omit<SimulatorCall, 'at' | 'time'>, length: number): void {
    const { calls, clock } = this.world;
    calls.push({ at: Date.now(), time: clock.now(), ...call });
    const kept = Math.min(length, MAX_LOGGED);
    this.#lengths.push(kept);
    this.#length += kept;
    if (calls.length <= MAX_CALLS && this.#length <= MAX_LOG) return;
    const forgotten = Math.ceil(calls.length / 10);
    calls.splice(0, forgotten);
    this.#length -= this.#lengths.splice(0, forgotten).reduce((sum, each) => sum + each, 0);
  }
}

function typeFor(service: string): string {
  return `${JSON_TYPE}${service === METRICS ? 0 : 1}`;
}

export function faultReply({ type, message, status }: AwsFault, service = ''): Reply {
  return { status, type: typeFor(service), body: JSON.stringify({ __type: type, message }) };
}

function parse(body: string): Input {
  let read: unknown;
  try {
    read = JSON.parse(body === '' ? '{}' : body);
  } catch {
    throw new AwsFault('SerializationException', 'The request is not valid JSON');
  }
  if (typeof read === 'object' && read !== null && !Array.isArray(read)) return read as Input;
  throw new AwsFault('SerializationException', 'The request is not a JSON object');
}

/** Who calls, by what the request is signed with. An access key that has an account's number in it belongs to that account; signatures are not checked. */
function callerOf(authorization: string): Caller {
  if (authorization === '') throw new AwsFault('MissingAuthenticationTokenException', 'Missing Authentication Token');
  const [, key, region] =
    /Credential=([^/\s]{1,128})\/\d+\/([a-z0-9-]{1,40})\/[a-z]+\/aws4_request/.exec(authorization) ?? [];
  if (key === undefined || region === undefined) {
    throw new AwsFault(
      'IncompleteSignatureException',
      'Authorization header requires a Credential of AWS Signature Version 4',
    );
  }
  return { accountId: /\d{12}/.exec(key)?.[0] ?? DEFAULT_ACCOUNT, region };
}

function throwFor(fault: Fault, operation: string, arn: string | null): void {
  switch (fault.type) {
    case 'throttle':
      throw new AwsFault('ThrottlingException', 'Rate exceeded');
    case 'error':
      throw new AwsFault(fault.name, fault.message, fault.status ?? 400);
    case 'expired-credentials':
      throw new AwsFault('ExpiredTokenException', 'The security token included in the request is expired');
    case 'invalid-state':
      throw wrongState(operation, idOf(arn ?? ''), fault.status);
    default:
  }
}

/** What a request names replications by: ARNs, the names of configs or the last parts of ARNs, or a metric's dimension. */
export function arnsOf({
  ReplicationConfigArn: arn,
  Filters: filters,
  MetricDataQueries: queries,
}: Input): readonly string[] {
  if (typeof arn === 'string') return [arn];
  if (Array.isArray(queries)) return queries.flatMap(dimensionsOf);
  if (!Array.isArray(filters)) return [];
  return filters.flatMap((filter: unknown) => {
    const values: unknown = typeof filter === 'object' && filter !== null && 'Values' in filter ? filter.Values : [];
    return Array.isArray(values) ? values.filter((value) => typeof value === 'string') : [];
  });
}

function later(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds).unref());
}
