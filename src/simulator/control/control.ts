import type { SimulatorCall } from '../api/call-log.js';
import type { Fault } from '../api/faults.js';
import type { Statement } from '../api/iam.js';
import type { AssessmentEnd } from '../engine/assessment.js';
import type { SimulatedClock } from '../engine/clock.js';
import type { NextStop, TablesChange } from '../engine/model.js';
import type { SourceSettings } from '../engine/source-settings.js';
import type { SimulatedReplicationOptions } from './options.js';
import type { Reply, Request } from '../api/http.js';
import type { Step } from '../engine/steps.js';
import { AwsFault } from '../engine/aws-fault.js';

/** Input of a handler: a JSON object from an untrusted client. */
type ControlInput = Readonly<Record<string, unknown>>;
type Handler = (simulator: Controlled, asked: ControlInput) => unknown;

/** Part of the simulator that can be controlled over HTTP. */
interface Controlled {
  readonly clock: Pick<SimulatedClock, 'advance' | 'now'>;
  readonly calls: readonly SimulatorCall[];
  replications(): readonly unknown[];
  createReplication(options: SimulatedReplicationOptions): string;
  fault(fault: Fault): void;
  clearFaults(replicationConfigArn?: string): void;
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
  onNextStop(arn: string, next: NextStop): void;
  onStep(arn: string, step: Step, trouble: readonly string[] | null | undefined): void;
  onAssessment(arn: string, status: AssessmentEnd): void;
  failAfterRunning(arn: string, seconds: number, messages: readonly string[]): void;
}

/**
 * Control of the simulator over HTTP, below `/_simulator/`. Bodies and answers are JSON.
 *
 * A request that changes something must have the content type `application/json`. Browsers keep pages of other sites
 * from sending that type.
 */
const handlers: Readonly<Record<string, Handler>> = {
  'GET state': (simulator) => ({
    now: new Date(simulator.clock.now()).toISOString(),
    replications: simulator.replications(),
  }),
  'GET calls'({ calls }, { limit = '1000' }) {
    if (typeof limit !== 'string' || !/^\d{1,6}$/.test(limit)) throw new TypeError('limit must be a number of calls');
    return { calls: calls.slice(Math.max(0, calls.length - Number(limit))) };
  },
  'POST replications': (simulator, asked) => ({ replicationConfigArn: simulator.createReplication(asked) }),
  'POST clock': (simulator, asked) => {
    simulator.clock.advance(asked);
    return { now: new Date(simulator.clock.now()).toISOString() };
  },
  'POST faults': (simulator, asked) => {
    simulator.fault(asked as never);
    return {};
  },
  'DELETE faults': (simulator, { replicationConfigArn: arn }) => {
    if (arn !== undefined && typeof arn !== 'string') throw new TypeError('replicationConfigArn must be a string');
    simulator.clearFaults(arn);
    return {};
  },
  'POST policy': (simulator, { statements }) => {
    simulator.setPolicy(statements as never);
    return {};
  },
  'POST act': (simulator, asked) => {
    act(simulator, asked);
    return {};
  },
  'POST reset': (simulator) => {
    simulator.reset();
    return {};
  },
};

/** Performs an action on one replication, as another client or an event in DMS would. */
function act(simulator: Controlled, { action, replicationConfigArn, ...more }: ControlInput): void {
  const arn = String(replicationConfigArn);
  const text = (name: string) => (typeof more[name] === 'string' ? more[name] : undefined);
  const messages = (more['messages'] ?? ['Simulated failure']) as string[];
  switch (action) {
    case 'stop':
      return simulator.stop(arn, text('reason'));
    case 'start':
      return simulator.start(arn, text('type'));
    case 'restart':
      return simulator.restart(arn);
    case 'modify':
      return simulator.modify(arn);
    case 'fail':
      return simulator.fail(arn, messages, text('stopReason'));
    case 'repoint-target':
      return simulator.repointTarget(arn);
    case 'change-source':
      return simulator.changeSource(arn, more['source'] ?? {});
    case 'change-tables':
      return simulator.changeTables(arn, more['tables'] ?? {});
    case 'on-next-stop':
      return simulator.onNextStop(arn, more['next'] as never);
    case 'on-step': {
      const trouble = more['messages'] === undefined ? undefined : more['messages'] === null ? null : messages;
      return simulator.onStep(arn, text('step') as Step, trouble);
    }
    case 'on-assessment':
      return simulator.onAssessment(arn, text('status') as never);
    case 'fail-after-running':
      return simulator.failAfterRunning(arn, (more['seconds'] ?? 0) as number, messages);
    default:
      throw new TypeError(`There is no action "${String(action)}"`);
  }
}

export function control(simulator: Controlled, { method, url, headers, body }: Request): Reply {
  const handler = handlers[`${method} ${url.pathname.slice('/_simulator/'.length)}`];
  if (handler === undefined) return json(404, { error: `There is no ${method} ${url.pathname}` });
  const isJson = (headers['content-type'] ?? '').startsWith('application/json');
  if (method !== 'GET' && !isJson) return json(415, { error: 'The content type must be application/json' });
  try {
    const read: unknown =
      method === 'GET' ? Object.fromEntries(url.searchParams) : JSON.parse(body === '' ? '{}' : body);
    if (typeof read !== 'object' || read === null || Array.isArray(read))
      throw new TypeError('The body must be a JSON object');
    return json(200, handler(simulator, read as ControlInput));
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
