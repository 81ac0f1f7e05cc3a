import { CallLog, type SimulatorCall } from './call-log.js';
import type { SimulatedClock } from '../engine/clock.js';
import { getMetricData } from './cloudwatch.js';
import { hasEffect, throwFaultError } from './fault-answers.js';
import { FaultedView } from './faulted-view.js';
import type { Faults, MetFault } from './faults.js';
import type { Reply, Request } from './http.js';
import { answerQuery, isQuery } from './identity.js';
import { denial, isAllowed, type Statement } from './iam.js';
import type { Config } from '../engine/model.js';
import type { Uncertain } from '../engine/uncertain.js';
import { AwsFault } from '../engine/aws-fault.js';
import { operations } from './operations.js';
import { namesOf } from './request-names.js';
import type { Input, AccountRegion } from './account-region.js';
import type { SimulatedReplication } from '../engine/replication.js';
import { readRequest } from './shapes.js';
import { idOf } from '../engine/rules.js';
import { jsonTypeOf, METRICS, wireOf } from './wire.js';
import { callerOf, checkSigningTime, DEFAULT_ACCOUNT, SIGNATURE_SECONDS, type Caller } from './signature.js';
import type { Store } from '../engine/store.js';
import { TokenBucket } from './token-bucket.js';

/** State that the AWS protocols share with `DmsSimulator`, the handle of the tests. */
export interface SimulatorState {
  readonly clock: SimulatedClock;
  readonly store: Store;
  readonly faults: Faults;
  readonly uncertain: Uncertain;
  readonly policy: () => readonly Statement[] | null;
  readonly calls: SimulatorCall[];
  readonly random: () => number;
  readonly create: (config: Config) => SimulatedReplication;
}

/** Operations that change endpoints, connections or subnet groups. */
const changesResources = /^(Create|Modify|Delete)(Endpoint|ReplicationSubnetGroup)$|^TestConnection$/;

/** DMS and CloudWatch behind AWS's JSON protocols, CloudWatch also behind CBOR, and STS and IAM behind its query protocol. */
export class AwsFront {
  readonly #buckets = new Map<string, TokenBucket>();
  readonly #log: CallLog;

  constructor(private readonly world: SimulatorState) {
    this.#log = new CallLog(world.calls);
  }

  /** Answers a request. `null`: break the connection. */
  async answer(request: Request): Promise<Reply | null> {
    const { headers, body } = request;
    const { clock, policy } = this.world;
    if (isQuery(headers)) {
      const { reply, call } = answerQuery(headers, body, policy());
      this.#log.add({ at: Date.now(), time: clock.now(), ...call }, body.length);
      return reply;
    }
    const wire = wireOf(request);
    const { service, operation } = wire;
    const target = [service, operation].filter(Boolean).join('.');
    let caller: Caller = { accountId: DEFAULT_ACCOUNT, region: '' };
    let input: Input = {};
    const log = (outcome: string) => {
      const call = { operation: (operation || target).slice(0, 200), ...caller, input, outcome };
      return this.#log.add({ at: Date.now(), time: clock.now(), ...call }, body.length);
    };
    try {
      input = wire.read();
      caller = callerOf(headers.authorization ?? '');
      const isMetrics = service === METRICS && operation === 'GetMetricData';
      if (!isMetrics && (service !== 'AmazonDMSv20160101' || !Object.hasOwn(operations, operation))) {
        const what = `The operation ${target.slice(0, 200) || 'that was asked for'} is not known`;
        throw new AwsFault('UnknownOperationException', what, 404);
      }
      const met = this.#takeFault(operation, isMetrics ? 'cloudwatch' : 'dms', input, caller);
      const fault = met?.fault ?? null;
      const run = () => this.#run(operation, isMetrics, input, caller, met);
      if (fault?.type === 'late') {
        this.#deliverLate(fault.seconds, run, log('late'));
        return await new Promise<never>(() => {});
      }
      if (fault?.type === 'latency') await later(fault.milliseconds);
      const date = clock.now() + (fault?.type === 'clock-skew' ? fault.skewSeconds * 1000 : 0);
      if (fault?.type === 'clock-skew') checkSigningTime(headers, date);
      const result = hasEffect(fault) ? run() : {};
      if (fault !== null) throwFaultError(fault, operation, this.#resolveArns(input, caller)[0] ?? '', headers);
      if (fault?.type === 'hang') {
        log('hang');
        return await new Promise<never>(() => {});
      }
      const isBroken = fault?.type === 'connection-reset' || fault?.type === 'answer-lost';
      log(isBroken ? 'connection broken' : 'ok');
      // The answer shows the state at this time, even if the client receives it later.
      return isBroken ? null : wire.reply(200, result, date);
    } catch (err) {
      if (!(err instanceof AwsFault)) throw err;
      log(outcomeOf(err));
      return wire.reply(err.status, bodyOf(err), err.date);
    }
  }

  /** Runs a request that the network delays. A signature that is too old by then makes DMS refuse it. */
  #deliverLate(seconds: number, run: () => unknown, setOutcome: (outcome: string) => void): void {
    const { store } = this.world;
    store.deliverAt(store.now + seconds, () => {
      if (seconds > SIGNATURE_SECONDS) return setOutcome('InvalidSignatureException');
      try {
        run();
        setOutcome('ok');
      } catch (err) {
        if (!(err instanceof AwsFault)) throw err;
        setOutcome(outcomeOf(err));
      }
    });
  }

  /** Takes a token and the next fault, then checks IAM. A request that IAM denies has met its fault, too. */
  #takeFault(operation: string, service: 'dms' | 'cloudwatch', input: Input, caller: Caller): MetFault | null {
    const { faults, uncertain, clock } = this.world;
    const policy = this.world.policy();
    const arns = this.#resolveArns(input, caller);
    const [arn = null] = arns;
    if (service === 'dms') this.#takeToken(caller);
    const met = faults.take(operation, arns, clock.now() / 1000);
    const fault = met?.fault ?? null;
    const action = `${service}:${operation}`;
    const isDenied = (each: string | null) => policy !== null && !isAllowed(policy, action, each);
    const denied = fault?.type === 'access-denied' ? arn : [arn, ...arns].find(isDenied);
    if (denied !== undefined) {
      const message = denial(action, caller.accountId, denied);
      throw new AwsFault('AccessDeniedException', message, uncertain.accessDeniedStatus);
    }
    return met;
  }

  /** Returns the ARNs of the replications that a request names by ARN or identifier. Unknown names stay as they are. */
  #resolveArns(input: Input, { accountId, region }: Caller): readonly string[] {
    const names = namesOf(input);
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
    // A create ignores faults on looks: an ARN is taken even if a fault hides its replication.
    const accountRegion = this.#accountRegion(caller, operation === 'CreateReplicationConfig' ? null : met, operation);
    const { resources, now } = accountRegion;
    const before = changesResources.test(operation) ? resources.copy() : null;
    const answer = operations[operation]?.(accountRegion, readRequest(operation, input)) ?? {};
    if (before !== null) resources.remember(before, now);
    return answer;
  }

  #accountRegion({ accountId, region }: Caller, met: MetFault | null, operation: string): AccountRegion {
    const { store, uncertain, create, random } = this.world;
    const { list, resources: current } = store.site(accountId, region);
    const isOurs = (arn: string) => arn.split(':').slice(3, 5).join(':') === `${region}:${accountId}`;
    const spoils = new FaultedView(met, store.now);
    const isLook = operation.startsWith('Describe');
    const { resources, now } = isLook ? spoils.resources(current) : { resources: current, now: store.now };
    return {
      accountId,
      region,
      now,
      uncertain,
      random,
      resources,
      list: () => (met === null ? list : list.filter((each) => !spoils.isUnseen(each))),
      find(arn) {
        const found = isOurs(arn) ? store.find(arn) : undefined;
        return found !== undefined && spoils.isUnseen(found) ? undefined : found;
      },
      add: create,
      faultedView: spoils,
    };
  }

  #takeToken({ accountId, region }: Caller): void {
    const { uncertain, clock } = this.world;
    const { throttle } = uncertain;
    if (throttle === null) return;
    // Clients wait in real time, so the bucket refills in real time unless tests move the clock.
    const now = clock.isMoved ? clock.now() : performance.now();
    const key = `${accountId}:${region}`;
    const bucket = this.#buckets.get(key) ?? new TokenBucket(throttle.burst, throttle.refill, now);
    this.#buckets.set(key, bucket);
    if (!bucket.take(now)) throw new AwsFault('ThrottlingException', 'Rate exceeded');
  }

  /** Fills all token buckets, with the present size and rate. */
  refill(): void {
    this.#buckets.clear();
  }

  reset(): void {
    this.refill();
    this.#log.clear();
  }

  #metrics(caller: Caller, input: Input): Record<string, unknown> {
    const { store } = this.world;
    const { accountId, region } = caller;
    const find = (id: string) => {
      const [owner, configId = ''] = id.split(':');
      const listed = store.site(accountId, region).list.find(({ arn }) => arn.endsWith(`:${configId}`));
      return owner === accountId && listed !== undefined ? store.find(listed.arn) : undefined;
    };
    return getMetricData(input, find, store.now);
  }
}

/** Returns the refusal of a request whose body is too large. */
export function tooLarge(): Reply {
  return faultReply(new AwsFault('RequestEntityTooLargeException', 'The request is larger than 1 MiB', 413));
}

/**
 * Returns an error in its wire format. The answer has a `Date` only if the fault has one.
 *
 * The AWS SDK for JavaScript corrects its clock by a `Date` that is minutes off, then retries the refused call.
 */
function faultReply(fault: AwsFault): Reply {
  return { status: fault.status, type: jsonTypeOf(''), body: JSON.stringify(bodyOf(fault)), date: fault.date };
}

function bodyOf({ type, message }: AwsFault): object {
  return { ...(type === '' ? {} : { __type: type }), ...(message === '' ? {} : { message }) };
}

function outcomeOf({ type, status }: AwsFault): string {
  return type === '' ? `HTTP ${status}` : type;
}

function later(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds).unref());
}
