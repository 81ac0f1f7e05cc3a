import type { SimulatorCall } from '../api/call-log.js';
import type { Fault } from '../api/faults.js';
import type { Statement } from '../api/iam.js';
import type { AssessmentEnd } from '../engine/assessment.js';
import type { SimulatedClock } from '../engine/clock.js';
import type { NextStop, TablesChange } from '../engine/model.js';
import type { SourceSettings } from '../engine/source-settings.js';
import type { Uncertain } from '../engine/uncertain.js';
import type { SimulatedReplicationOptions } from './options.js';
import type { Reply, Request } from '../api/http.js';
import type { Durations, Step } from '../engine/steps.js';
import { AwsFault } from '../engine/aws-fault.js';
import { actionSchema, listOf, members, openApi, optional, schemas } from './openapi.js';

/** Input of a handler: a JSON object from an untrusted client. */
type ControlInput = Readonly<Record<string, unknown>>;
type Handler = (simulator: Controlled, asked: ControlInput) => unknown;

/** Part of the simulator that can be controlled over HTTP. */
interface Controlled {
  readonly clock: Pick<SimulatedClock, 'advance' | 'now' | 'speed'>;
  readonly calls: readonly SimulatorCall[];
  replications(): readonly unknown[];
  faults(): readonly Fault[];
  createReplication(options: SimulatedReplicationOptions): string;
  fault(fault: Fault): void;
  clearFaults(replicationConfigArn?: string): void;
  setUncertain(switches: Partial<Uncertain>): void;
  setSpeed(speed: number): void;
  setPolicy(policy: readonly Statement[] | null): void;
  reset(): void;
  stop(arn: string, reason?: string): void;
  start(arn: string, type?: string): void;
  restart(arn: string): void;
  modify(arn: string): void;
  fail(arn: string, messages: readonly string[], stopReason?: string): void;
  repointTarget(arn: string): void;
  changeSource(arn: string, change: Partial<SourceSettings>): void;
  changeTables(arn: string, change: TablesChange): void;
  changeDurations(arn: string, change: Partial<Durations>): void;
  onNextStop(arn: string, next: NextStop): void;
  onStep(arn: string, step: Step, trouble: readonly string[] | null | undefined): void;
  onAssessment(arn: string, status: AssessmentEnd): void;
  failAfterRunning(arn: string, seconds: number, messages: readonly string[]): void;
}

/** Request of the control. */
interface Route {
  /** What it does, as an imperative sentence. */
  readonly does: string;
  /** Schema of the body, in JSON Schema. Default: an empty object. */
  readonly takes?: object;
  /** Schemas of the parameters in the URL, by name. */
  readonly query?: Readonly<Record<string, object>>;
  /** Schema of the answer. Default: an empty object. */
  readonly answers?: object;
  readonly handle: Handler;
}

/**
 * Control of the simulator over HTTP, below `/_simulator/`. Bodies and answers are JSON.
 *
 * A request that changes something has the content type `application/json` or none, and no `Origin` of another site. So
 * no page of another site can control the simulator.
 */
export const routes: Readonly<Record<string, Route>> = {
  'GET health': {
    does: 'Tell that it runs',
    answers: members({ status: { const: 'ok' } }),
    handle(_, asked) {
      requireOnly(asked, [], 'the request');
      return { status: 'ok' };
    },
  },
  'GET openapi': {
    does: 'Describe this control in OpenAPI',
    answers: { type: 'object' },
    handle(_, asked) {
      requireOnly(asked, [], 'the request');
      return openApi(routes);
    },
  },
  'GET state': {
    does: 'Show the time, the replications and the faults',
    answers: members({
      now: schemas.time,
      speed: schemas.amount,
      replications: listOf({ type: 'object' }),
      faults: listOf(schemas.fault),
    }),
    handle: (simulator) => ({
      now: new Date(simulator.clock.now()).toISOString(),
      speed: simulator.clock.speed,
      replications: simulator.replications(),
      faults: simulator.faults(),
    }),
  },
  'GET calls': {
    does: 'Show the newest requests that AWS clients have sent',
    query: { limit: { type: 'integer', minimum: 0, maximum: 999_999, default: 1000 } },
    answers: members({ calls: listOf({ type: 'object' }) }),
    handle({ calls }, { limit = '1000', ...more }) {
      requireOnly(more, [], 'the request, apart from its limit,');
      if (typeof limit !== 'string' || !/^\d{1,6}$/.test(limit)) throw new TypeError('limit must be a number of calls');
      return { calls: calls.slice(Math.max(0, calls.length - Number(limit))) };
    },
  },
  'POST replications': {
    does: 'Create a replication in any state',
    takes: schemas.replication,
    answers: members({ replicationConfigArn: schemas.text }),
    handle: (simulator, asked) => ({ replicationConfigArn: simulator.createReplication(asked) }),
  },
  'POST clock': {
    does: 'Move the time forward',
    takes: optional({
      days: schemas.amount,
      hours: schemas.amount,
      minutes: schemas.amount,
      seconds: schemas.amount,
    }),
    answers: members({ now: schemas.time }),
    handle(simulator, asked) {
      simulator.clock.advance(asked);
      return { now: new Date(simulator.clock.now()).toISOString() };
    },
  },
  'POST speed': {
    does: 'Set how many simulated seconds pass in a real one',
    takes: members({ speed: { ...schemas.amount, maximum: 1e6 } }),
    handle(simulator, { speed, ...more }) {
      requireOnly(more, ['speed'], 'the speed');
      simulator.setSpeed(speed as number);
      return {};
    },
  },
  'POST faults': {
    does: 'Set a fault',
    takes: schemas.fault,
    handle(simulator, asked) {
      simulator.fault(asked as never);
      return {};
    },
  },
  'DELETE faults': {
    does: 'Clear the faults of one replication, or all',
    query: { replicationConfigArn: schemas.text },
    handle(simulator, { replicationConfigArn: arn, ...more }) {
      requireOnly(more, [], 'the request');
      if (arn !== undefined && typeof arn !== 'string') throw new TypeError('replicationConfigArn must be a string');
      simulator.clearFaults(arn);
      return {};
    },
  },
  'POST uncertain': {
    does: 'Set switches for uncertain behaviour of DMS',
    takes: schemas.uncertain,
    handle(simulator, asked) {
      simulator.setUncertain(asked);
      return {};
    },
  },
  'POST policy': {
    does: 'Set the IAM policy of every caller',
    takes: members({ statements: { oneOf: [listOf({ type: 'object' }), { type: 'null' }] } }),
    handle(simulator, { statements, ...more }) {
      requireOnly(more, [], 'the policy');
      simulator.setPolicy(statements as never);
      return {};
    },
  },
  'POST act': {
    does: 'Act on one replication, as another client or an event in DMS would',
    get takes() {
      return { oneOf: Object.entries(actions).map(([name, { takes }]) => actionSchema(name, takes)) };
    },
    handle(simulator, asked) {
      act(simulator, asked);
      return {};
    },
  },
  'POST reset': {
    does: 'Remove all replications, resources, faults and calls, and rewind clock and chance',
    handle(simulator, asked) {
      requireOnly(asked, [], 'the reset');
      simulator.reset();
      return {};
    },
  },
};

/** Action on one replication, as another client or an event in DMS would perform it. */
interface Action {
  /** Schemas of the members of the request, apart from the action and the ARN. A `!` marks a required one. */
  readonly takes: Readonly<Record<string, object>>;
  readonly act: (simulator: Controlled, arn: string, asked: ControlInput) => void;
}

/** Returns an optional text. */
function textOf(value: unknown): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  throw new TypeError(`${JSON.stringify(value)} must be a text`);
}
const messagesOf = ({ messages = ['Simulated failure'] }: ControlInput) => messages as string[];

const actions: Readonly<Record<string, Action>> = {
  stop: { takes: { reason: schemas.text }, act: (simulator, arn, { reason }) => simulator.stop(arn, textOf(reason)) },
  start: { takes: { type: schemas.startType }, act: (simulator, arn, { type }) => simulator.start(arn, textOf(type)) },
  restart: { takes: {}, act: (simulator, arn) => simulator.restart(arn) },
  modify: { takes: {}, act: (simulator, arn) => simulator.modify(arn) },
  fail: {
    takes: { messages: listOf(schemas.text), stopReason: schemas.text },
    act: (simulator, arn, asked) => simulator.fail(arn, messagesOf(asked), textOf(asked['stopReason'])),
  },
  'repoint-target': { takes: {}, act: (simulator, arn) => simulator.repointTarget(arn) },
  'change-source': {
    takes: { 'source!': { type: 'object' } },
    act: (simulator, arn, { source }) => simulator.changeSource(arn, source as never),
  },
  'change-tables': {
    takes: { 'tables!': { type: 'object' } },
    act: (simulator, arn, { tables }) => simulator.changeTables(arn, tables as never),
  },
  'change-durations': {
    takes: { 'durations!': schemas.durations },
    act: (simulator, arn, { durations }) => simulator.changeDurations(arn, durations as never),
  },
  'on-next-stop': {
    takes: { 'next!': { type: 'object' } },
    act: (simulator, arn, { next }) => simulator.onNextStop(arn, next as never),
  },
  'on-step': {
    takes: { 'step!': schemas.step, messages: { oneOf: [listOf(schemas.text), { type: 'null' }] } },
    act: (simulator, arn, { step, messages }) => simulator.onStep(arn, step as Step, messages as never),
  },
  'on-assessment': {
    takes: { 'status!': schemas.assessmentEnd },
    act: (simulator, arn, { status }) => simulator.onAssessment(arn, status as never),
  },
  'fail-after-running': {
    takes: { 'seconds!': schemas.amount, messages: listOf(schemas.text) },
    act: (simulator, arn, asked) => simulator.failAfterRunning(arn, asked['seconds'] as number, messagesOf(asked)),
  },
};

function act(simulator: Controlled, asked: ControlInput): void {
  const { action, replicationConfigArn: arn, ...more } = asked;
  const found = typeof action === 'string' && Object.hasOwn(actions, action) ? actions[action] : undefined;
  if (found === undefined)
    throw new TypeError(`There is no action "${String(action)}". There is ${Object.keys(actions).join(', ')}`);
  const taken = Object.keys(found.takes).map((name) => name.replace('!', ''));
  requireOnly(more, taken, `the action "${String(action)}"`);
  found.act(simulator, String(arn), more);
}

/** Throws if a request has other members than these. */
function requireOnly(asked: object, members: readonly string[], what: string): void {
  const unknown = Object.keys(asked).find((name) => !members.includes(name));
  if (unknown === undefined) return;
  const takes = members.length === 0 ? 'It takes none' : `It takes ${members.join(', ')}`;
  throw new TypeError(`${what} has no member "${unknown}". ${takes}`);
}

export function control(simulator: Controlled, { method, url, headers, body }: Request): Reply {
  const name = `${method} ${url.pathname.slice('/_simulator/'.length)}`;
  const route = Object.hasOwn(routes, name) ? routes[name] : undefined;
  if (route === undefined) {
    const all = Object.keys(routes).join(', ');
    return json(404, { error: `There is no ${method} ${url.pathname}. Below /_simulator/ there is ${all}` });
  }
  const { origin, host, 'content-type': type = 'application/json' } = headers;
  if (origin !== undefined && origin !== `http://${host}`)
    return json(403, { error: `A page of ${origin} may not control the simulator` });
  if (method !== 'GET' && !type.startsWith('application/json'))
    return json(415, { error: 'The content type must be application/json, or absent' });
  try {
    const read: unknown = JSON.parse(method === 'GET' || body === '' ? '{}' : body);
    if (typeof read !== 'object' || read === null || Array.isArray(read))
      throw new TypeError('The body must be a JSON object');
    const input = { ...Object.fromEntries(url.searchParams), ...read };
    return json(200, route.handle(simulator, input));
  } catch (err) {
    const known =
      err instanceof AwsFault || err instanceof SyntaxError || err instanceof TypeError || err instanceof RangeError;
    if (known || (err instanceof Error && err.message.startsWith('The simulator')))
      return json(400, { error: err.message });
    throw err;
  }
}

function json(status: number, value: unknown): Reply {
  return { status, type: 'application/json', body: JSON.stringify(value) };
}
