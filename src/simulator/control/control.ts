import type { Reply, Request } from '../api/http.js';
import { AwsFault } from '../engine/aws-fault.js';
import { act, actions, requireOnly, type Controlled, type ControlInput } from './actions.js';
import { objectSchema } from '../engine/validate.js';
import { spanSchema } from '../engine/clock.js';
import { members, openApi, schemas } from './openapi.js';
import { checks } from './options.js';

type Handler = (simulator: Controlled, asked: ControlInput) => unknown;

/** Request of the control. */
interface Route {
  /** Summary of the request, as an imperative sentence. */
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
      seed: schemas.amount,
      replications: schemas.objects,
      faults: schemas.faults,
    }),
    handle: (simulator) => ({
      now: new Date(simulator.clock.now()).toISOString(),
      speed: simulator.clock.speed,
      seed: simulator.seed,
      replications: simulator.replications(),
      faults: simulator.faults(),
    }),
  },
  'GET calls': {
    does: 'Show the newest requests that AWS clients have sent',
    query: { limit: { type: 'integer', minimum: 0, maximum: 999_999, default: 1000 } },
    answers: members({ calls: schemas.objects }),
    handle({ calls }, { limit = '1000', ...more }) {
      requireOnly(more, [], 'the request, apart from its limit,');
      if (typeof limit !== 'string' || !/^\d{1,6}$/.test(limit)) throw new TypeError('limit must be a number of calls');
      return { calls: calls.slice(Math.max(0, calls.length - Number(limit))) };
    },
  },
  'GET target-rows': {
    does: 'Count the rows in the database behind the target endpoint of a replication',
    query: { 'replicationConfigArn!': schemas.text },
    answers: members({ rows: schemas.amount }),
    handle(simulator, { replicationConfigArn, ...more }) {
      requireOnly(more, ['replicationConfigArn'], 'the request');
      if (typeof replicationConfigArn !== 'string') throw new TypeError('the request needs replicationConfigArn');
      return { rows: simulator.targetRows(replicationConfigArn) };
    },
  },
  'POST replications': {
    does: 'Create a replication in any state',
    takes: checks.replication.schema,
    answers: members({ replicationConfigArn: schemas.text }),
    handle: (simulator, asked) => ({ replicationConfigArn: simulator.createReplication(asked) }),
  },
  'POST clock': {
    does: 'Move the time forward',
    takes: spanSchema,
    answers: members({ now: schemas.time }),
    handle(simulator, asked) {
      simulator.clock.advance(asked);
      return { now: new Date(simulator.clock.now()).toISOString() };
    },
  },
  'POST speed': {
    does: 'Set how many simulated seconds pass in a real one',
    takes: members({ speed: checks.speed.schema }),
    handle(simulator, { speed, ...more }) {
      requireOnly(more, ['speed'], 'the speed');
      simulator.setSpeed(speed as number);
      return {};
    },
  },
  'POST faults': {
    does: 'Set a fault',
    takes: checks.fault.schema,
    answers: members({ id: schemas.id }),
    handle: (simulator, asked) => ({ id: simulator.fault(asked as never) }),
  },
  'DELETE faults': {
    does: 'Remove one fault, the faults of one replication, or all',
    query: { id: schemas.id, replicationConfigArn: schemas.text },
    handle(simulator, { id, replicationConfigArn: arn, ...more }) {
      requireOnly(more, ['id', 'replicationConfigArn'], 'the request');
      if (id !== undefined) {
        if (arn !== undefined) throw new TypeError('Give id or replicationConfigArn, not both');
        const number = typeof id === 'string' ? Number(id) : id;
        checks.faultId(number, 'id');
        simulator.removeFault(number as number);
        return {};
      }
      if (arn !== undefined && typeof arn !== 'string') throw new TypeError('replicationConfigArn must be a string');
      simulator.clearFaults(arn);
      return {};
    },
  },
  'POST uncertain': {
    does: 'Set switches for uncertain behaviour of DMS',
    takes: checks.uncertain.schema,
    handle(simulator, asked) {
      simulator.setUncertain(asked);
      return {};
    },
  },
  'POST policy': {
    does: 'Set the IAM policy of every caller',
    takes: members({ statements: checks.policy.schema }),
    handle(simulator, { statements, ...more }) {
      requireOnly(more, [], 'the policy');
      simulator.setPolicy(statements as never);
      return {};
    },
  },
  'POST act': {
    does: 'Act on one replication, as another client or an event in DMS would',
    takes: {
      oneOf: Object.entries(actions).map(([name, { takes }]) =>
        objectSchema({ 'action!': { const: name }, 'replicationConfigArn!': schemas.text, ...takes }),
      ),
    },
    handle(simulator, asked) {
      act(simulator, asked);
      return {};
    },
  },
  'POST reset': {
    does: 'Remove all replications, resources, faults and calls, and rewind clock and chance',
    takes: checks.reset.schema,
    handle(simulator, asked) {
      simulator.reset(asked);
      return {};
    },
  },
};

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
