import type { SimulatedClock } from './clock.js';
import { getMetricData } from './cloudwatch.js';
import { TokenBucket, type Fault, type Faults } from './faults.js';
import type { Reply, Request } from './http.js';
import { denial, isAllowed, type Statement } from './iam.js';
import { AwsFault, type Config, type Row, type Uncertain } from './model.js';
import { operations, type Input, type Place } from './operations.js';
import type { SimulatedReplication } from './replication.js';
import { checkRequest } from './shapes.js';
import type { Store } from './store.js';

export const DEFAULT_ACCOUNT = '123456789012';
const MAX_CALLS = 200_000;

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
  readonly stale: ReadonlyMap<string, Row>;
  readonly uncertain: Uncertain;
  readonly policy: readonly Statement[] | null;
  readonly calls: SimulatorCall[];
  readonly create: (config: Config) => SimulatedReplication;
}

interface Caller {
  readonly accountId: string;
  readonly region: string;
}

/** DMS and CloudWatch, as their clients see them: AWS's JSON protocols. */
export class AwsFront {
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(private readonly world: World) {}

  /** `null`: the connection is to break. */
  async answer({ headers, body }: Request): Promise<Reply | null> {
    const target = String(headers['x-amz-target'] ?? '');
    const [service = '', operation = ''] = target.split('.');
    let caller: Caller = { accountId: DEFAULT_ACCOUNT, region: '' };
    let input: Input = {};
    const log = (outcome: string) => this.#log({ operation: operation || target, ...caller, input, outcome });
    try {
      input = parse(body);
      caller = callerOf(headers.authorization ?? '');
      if (service === 'GraniteServiceVersion20100801' && operation === 'GetMetricData')
        return ok(this.#metrics(caller, input), log);
      if (service !== 'AmazonDMSv20160101' || !Object.hasOwn(operations, operation)) {
        throw new AwsFault(
          'UnknownOperationException',
          `The operation ${target.slice(0, 200) || 'that was asked for'} is not known`,
          404,
        );
      }
      const result = await this.#run(operation, input, caller);
      if (result !== null) return ok(result, log);
      log('connection broken');
      return null;
    } catch (err) {
      if (!(err instanceof AwsFault)) throw err;
      log(err.type);
      return faultReply(err);
    }
  }

  async #run(operation: string, input: Input, caller: Caller): Promise<Record<string, unknown> | null> {
    const { faults, uncertain, clock } = this.world;
    const arns = arnsOf(input);
    this.#takeToken(caller);
    const fault = faults.take(operation, arns, clock.now() / 1000);
    if (fault?.type === 'latency') await later(fault.milliseconds);
    if (fault?.type === 'hang') await later(10 * 60 * 1000);
    if (fault?.type === 'connection-reset') return null;
    const [arn = null] = arns;
    const action = `dms:${operation}`;
    const { policy } = this.world;
    if (fault?.type === 'access-denied' || (policy !== null && !isAllowed(policy, action, arn))) {
      throw new AwsFault('AccessDeniedException', denial(action, caller.accountId, arn), uncertain.accessDeniedStatus);
    }
    if (fault !== null) throwFor(fault, arn);
    checkRequest(operation, input);
    const result = operations[operation]?.(this.#place(caller, fault), input) ?? {};
    // What is answered is what was there then, whatever becomes of it while it is on its way.
    return fault?.type === 'answer-lost' ? null : result;
  }

  #place({ accountId, region }: Caller, fault: Fault | null): Place {
    const { store, clock, uncertain, stale, create } = this.world;
    const { list } = store.site(accountId, region);
    const isOurs = (arn: string) =>
      arn.startsWith(`arn:aws:dms:${region}:${accountId}:`) ||
      arn.split(':').slice(3, 5).join(':') === `${region}:${accountId}`;
    const now = clock.now() / 1000;
    return {
      accountId,
      region,
      now,
      uncertain,
      list: () => list,
      find: (arn) => (isOurs(arn) ? store.find(arn) : undefined),
      add: create,
      hides: fault?.type === 'row-missing',
      isHidden: ({ arn }) => fault?.type === 'row-missing' && (fault.replicationConfigArn ?? arn) === arn,
      show(replication) {
        if (fault?.type !== 'stale') return replication.row;
        if (fault.staleSeconds === undefined) return stale.get(replication.arn) ?? replication.row;
        return (now - replication.changedAt < fault.staleSeconds ? replication.rowBefore : null) ?? replication.row;
      },
    };
  }

  #takeToken({ accountId, region }: Caller): void {
    const { throttle } = this.world.uncertain;
    if (throttle === null) return;
    const key = `${accountId}:${region}`;
    const bucket = this.#buckets.get(key) ?? new TokenBucket(throttle.burst, throttle.refill, performance.now());
    this.#buckets.set(key, bucket);
    if (!bucket.take(performance.now())) throw new AwsFault('ThrottlingException', 'Rate exceeded');
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

  #log(call: Omit<SimulatorCall, 'at' | 'time'>): void {
    const { calls, clock } = this.world;
    calls.push({ at: Date.now(), time: clock.now(), ...call });
    if (calls.length > MAX_CALLS) calls.splice(0, MAX_CALLS / 10);
  }
}

export function faultReply({ type, message, status }: AwsFault): Reply {
  return { status, type: 'application/x-amz-json-1.1', body: JSON.stringify({ __type: type, message }) };
}

function ok(result: Record<string, unknown>, log: (outcome: string) => void): Reply {
  const reply = { status: 200, type: 'application/x-amz-json-1.1', body: JSON.stringify(result) };
  log('ok');
  return reply;
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
  const [, key, region] = /Credential=([^/\s]+)\/\d+\/([^/\s]+)\/[a-z]+\/aws4_request/.exec(authorization) ?? [];
  if (key === undefined || region === undefined) {
    throw new AwsFault(
      'IncompleteSignatureException',
      'Authorization header requires a Credential of AWS Signature Version 4',
    );
  }
  return { accountId: /\d{12}/.exec(key)?.[0] ?? DEFAULT_ACCOUNT, region };
}

function throwFor(fault: Fault, arn: string | null): void {
  switch (fault.type) {
    case 'throttle':
      throw new AwsFault('ThrottlingException', 'Rate exceeded');
    case 'error':
      throw new AwsFault(fault.name, fault.message, fault.status ?? 400);
    case 'expired-credentials':
      throw new AwsFault('ExpiredTokenException', 'The security token included in the request is expired');
    case 'invalid-state': {
      const what = `Replication for Replication Config, '${arn?.split(':').at(-1) ?? ''}' is in '${fault.status}' state and cannot be stopped.`;
      throw new AwsFault('InvalidResourceStateFault', what);
    }
    default:
  }
}

/** The replications that a request names. */
export function arnsOf(input: Input): readonly string[] {
  const { ReplicationConfigArn: arn, Filters: filters } = input;
  if (typeof arn === 'string') return [arn];
  if (!Array.isArray(filters)) return [];
  return filters.flatMap((filter: unknown) => {
    const values: unknown = typeof filter === 'object' && filter !== null && 'Values' in filter ? filter.Values : [];
    return Array.isArray(values) ? values.filter((value) => typeof value === 'string') : [];
  });
}

function later(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds).unref());
}
