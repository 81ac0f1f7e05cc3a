/** Actions on one replication, over HTTP. */
import type { SimulatorCall } from '../api/call-log.js';
import type { Fault, SetFault } from '../api/faults.js';
import type { Statement } from '../api/iam.js';
import type { AssessmentEnd } from '../engine/assessment.js';
import type { SimulatedClock } from '../engine/clock.js';
import type { NextStop, TablesChange } from '../engine/model.js';
import type { SourceSettings } from '../engine/source-settings.js';
import type { Durations, Step } from '../engine/steps.js';
import type { Uncertain } from '../engine/uncertain.js';
import { checks, type SimulatedReplicationOptions } from './options.js';
import { schemas } from './openapi.js';

/** Input of a handler: a JSON object from an untrusted client. */
export type ControlInput = Readonly<Record<string, unknown>>;
/** Part of the simulator that can be controlled over HTTP. */
export interface Controlled {
  readonly clock: Pick<SimulatedClock, 'advance' | 'now' | 'speed'>;
  readonly seed: number;
  readonly calls: readonly SimulatorCall[];
  replications(): readonly unknown[];
  faults(): readonly SetFault[];
  createReplication(options: SimulatedReplicationOptions): string;
  fault(fault: Fault): number;
  removeFault(id: number): void;
  clearFaults(replicationConfigArn?: string): void;
  setUncertain(switches: Partial<Uncertain>): void;
  setSpeed(speed: number): void;
  setPolicy(policy: readonly Statement[] | null): void;
  reset(options: { readonly startAt?: string }): void;
  targetRows(arn: string): number;
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

/** Returns an action that takes one member. The simulator checks it. */
function taking(
  member: string,
  { schema }: { readonly schema: object },
  act: (simulator: Controlled, arn: string, taken: never) => void,
): Action {
  return {
    takes: { [`${member}!`]: schema },
    act: (simulator, arn, asked) => act(simulator, arn, asked[member] as never),
  };
}

export const actions: Readonly<Record<string, Action>> = {
  stop: { takes: { reason: schemas.text }, act: (simulator, arn, { reason }) => simulator.stop(arn, textOf(reason)) },
  start: {
    takes: { type: checks.startType.schema },
    act: (simulator, arn, { type }) => simulator.start(arn, textOf(type)),
  },
  restart: { takes: {}, act: (simulator, arn) => simulator.restart(arn) },
  modify: { takes: {}, act: (simulator, arn) => simulator.modify(arn) },
  fail: {
    takes: { messages: checks.messages.schema, stopReason: schemas.text },
    act: (simulator, arn, asked) => simulator.fail(arn, messagesOf(asked), textOf(asked['stopReason'])),
  },
  'repoint-target': { takes: {}, act: (simulator, arn) => simulator.repointTarget(arn) },
  'change-source': taking('source', checks.sourceChange, (simulator, arn, change) =>
    simulator.changeSource(arn, change),
  ),
  'change-tables': taking('tables', checks.tablesChange, (simulator, arn, change) =>
    simulator.changeTables(arn, change),
  ),
  'change-durations': taking('durations', checks.durations, (simulator, arn, change) =>
    simulator.changeDurations(arn, change),
  ),
  'on-next-stop': taking('next', checks.nextStop, (simulator, arn, next) => simulator.onNextStop(arn, next)),
  'on-step': {
    takes: { 'step!': checks.step.schema, messages: { oneOf: [checks.messages.schema, { type: 'null' }] } },
    act: (simulator, arn, { step, messages }) => simulator.onStep(arn, step as Step, messages as never),
  },
  'on-assessment': {
    takes: { 'status!': checks.assessment.schema },
    act: (simulator, arn, { status }) => simulator.onAssessment(arn, status as never),
  },
  'fail-after-running': {
    takes: { 'seconds!': checks.seconds.schema, messages: checks.messages.schema },
    act: (simulator, arn, asked) => simulator.failAfterRunning(arn, asked['seconds'] as number, messagesOf(asked)),
  },
};

export function act(simulator: Controlled, asked: ControlInput): void {
  const { action, replicationConfigArn: arn, ...more } = asked;
  const found = typeof action === 'string' && Object.hasOwn(actions, action) ? actions[action] : undefined;
  if (found === undefined)
    throw new TypeError(`There is no action "${String(action)}". There is ${Object.keys(actions).join(', ')}`);
  const taken = Object.keys(found.takes).map((name) => name.replace('!', ''));
  requireOnly(more, taken, `the action "${String(action)}"`);
  found.act(simulator, String(arn), more);
}

/** Throws if a request has other members than these. */
export function requireOnly(asked: object, members: readonly string[], what: string): void {
  const unknown = Object.keys(asked).find((name) => !members.includes(name));
  if (unknown === undefined) return;
  const takes = members.length === 0 ? 'It takes none' : `It takes ${members.join(', ')}`;
  throw new TypeError(`${what} has no member "${unknown}". ${takes}`);
}
