/** Description of the control over HTTP, in OpenAPI 3.1. */
import { faultTypes } from '../api/faults.js';
import { requestShapes } from '../api/shapes.js';
import { assessmentEnds } from '../engine/assessment.js';
import { defaultDurations, steps } from '../engine/steps.js';
import { uncertainDefaults } from '../engine/uncertain.js';

/** Part of a request of the control that the description needs. */
interface Described {
  readonly does: string;
  readonly takes?: object;
  readonly query?: Readonly<Record<string, object>>;
  readonly answers?: object;
}

const text = { type: 'string' };
const amount = { type: 'number', minimum: 0 };
const id = { type: 'integer', minimum: 1 };
const fault = {
  type: { enum: faultTypes },
  operation: { enum: ['*', ...Object.keys(requestShapes), 'GetMetricData'] },
  replicationConfigArn: text,
  times: { type: 'integer', minimum: 1 },
  after: { type: 'integer', minimum: 0 },
  probability: { type: 'number', minimum: 0, maximum: 1 },
  forSeconds: amount,
};

/** Returns the schema of an object with exactly these members. Those whose name ends in `!` are required. */
function object(properties: Readonly<Record<string, object>>): object {
  const entries = Object.entries(properties);
  const required = entries.flatMap(([name]) => (name.endsWith('!') ? [name.replace('!', '')] : []));
  return {
    type: 'object',
    properties: Object.fromEntries(entries.map(([name, schema]) => [name.replace('!', ''), schema])),
    additionalProperties: false,
    ...(required.length === 0 ? {} : { required }),
  };
}

/** Returns the schema of an object that has all of these members. */
export function members(properties: Readonly<Record<string, object>>): object {
  return object(Object.fromEntries(Object.entries(properties).map(([name, schema]) => [`${name}!`, schema])));
}

/** Returns the schema of an object that may have these members. */
export function optional(properties: Readonly<Record<string, object>>): object {
  return object(properties);
}

export function listOf(items: object): object {
  return { type: 'array', items };
}

/** Returns the schema of a request for an action. */
export function actionSchema(name: string, takes: Readonly<Record<string, object>>): object {
  return object({ 'action!': { const: name }, 'replicationConfigArn!': text, ...takes });
}

const keysOf = (values: object, schema: object) =>
  optional(Object.fromEntries(Object.keys(values).map((key) => [key, schema])));

/** Schemas of what requests take. What depends on other members is checked by the simulator alone. */
export const schemas = {
  text,
  amount,
  time: { type: 'string', format: 'date-time' },
  step: { enum: steps },
  startType: { enum: ['start-replication', 'resume-processing', 'reload-target'] },
  assessmentEnd: { enum: assessmentEnds },
  durations: keysOf(defaultDurations, amount),
  uncertain: keysOf(uncertainDefaults, {}),
  /** Options of `createReplication`. */
  replication: {
    type: 'object',
    properties: {
      identifier: text,
      resourceIdentifier: text,
      status: text,
      replicationType: { enum: ['full-load', 'cdc', 'full-load-and-cdc'] },
      region: text,
      accountId: text,
      tables: { oneOf: [{ type: 'integer', minimum: 0 }, { type: 'object' }] },
      isReadOnly: { type: 'boolean' },
      tags: { type: 'object', additionalProperties: text },
      changesPerSecond: amount,
      source: { type: 'object' },
      durations: keysOf(defaultDurations, amount),
    },
    additionalProperties: false,
  },
  id,
  fault: { type: 'object', properties: fault, required: ['type', 'operation'] },
  setFault: { type: 'object', properties: { id, ...fault }, required: ['id', 'type', 'operation'] },
};

/** Returns the document. `routes`: requests by method and path. */
export function openApi(routes: Readonly<Record<string, Described>>): object {
  const json = (schema: object) => ({ 'application/json': { schema } });
  const refused = (why: string) => ({
    description: `Refused, and nothing is changed: ${why}`,
    content: json(members({ error: text })),
  });
  const paths: Record<string, Record<string, object>> = {};
  for (const [name, { does, takes = object({}), query = {}, answers = object({}) }] of Object.entries(routes)) {
    const [method = '', path = ''] = name.split(' ');
    const parameters = Object.entries(query).map(([each, schema]) => ({
      name: each.replace('!', ''),
      in: 'query',
      schema,
      ...(each.endsWith('!') ? { required: true } : {}),
    }));
    paths[`/_simulator/${path}`] = {
      ...paths[`/_simulator/${path}`],
      [method.toLowerCase()]: {
        operationId: `${method.toLowerCase()}-${path}`.replaceAll(/-(\w)/g, (_, first: string) => first.toUpperCase()),
        summary: does,
        ...(parameters.length === 0 ? {} : { parameters }),
        ...(method === 'POST' ? { requestBody: { content: json(takes) } } : {}),
        responses: {
          200: { description: 'Done', content: json(answers) },
          400: refused('the request is wrong'),
          403: refused('it comes from a page of another site'),
          ...(method === 'GET' ? {} : { 415: refused('its content type is not JSON') }),
        },
      },
    };
  }
  const title = 'Control of the local DMS Serverless of temporal-dms';
  return { openapi: '3.1.0', info: { title, version: '1' }, paths };
}
