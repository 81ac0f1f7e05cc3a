/** Description of the control over HTTP, in OpenAPI 3.1. */
import { objectSchema } from '../engine/validate.js';

/** Part of a request of the control that the description needs. */
interface Described {
  readonly does: string;
  readonly takes?: object;
  readonly query?: Readonly<Record<string, object>>;
  readonly answers?: object;
}

/** Returns the schema of an object that has all of these members. */
export function members(properties: Readonly<Record<string, object>>): object {
  return objectSchema(Object.fromEntries(Object.entries(properties).map(([name, schema]) => [`${name}!`, schema])));
}

/** Schemas of requests and answers that have no check. */
export const schemas = {
  text: { type: 'string' },
  amount: { type: 'number', minimum: 0 },
  time: { type: 'string', format: 'date-time' },
  id: { type: 'integer', minimum: 1 },
  objects: { type: 'array', items: { type: 'object' } },
  faults: { type: 'array', items: { type: 'object', properties: { id: { type: 'integer' } }, required: ['id'] } },
};

/** True if an empty body is refused. */
function needsBody(takes: object): boolean {
  return 'required' in takes || 'oneOf' in takes;
}

/** Returns the document. `routes`: requests by method and path. */
export function openApi(routes: Readonly<Record<string, Described>>): object {
  const json = (schema: object) => ({ 'application/json': { schema } });
  const refused = (why: string) => ({
    description: `Refused, and nothing is changed: ${why}`,
    content: json(members({ error: schemas.text })),
  });
  const paths: Record<string, Record<string, object>> = {};
  for (const [name, { does, takes = objectSchema({}), query = {}, answers = objectSchema({}) }] of Object.entries(
    routes,
  )) {
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
        ...(method === 'POST' ? { requestBody: { content: json(takes), required: needsBody(takes) } } : {}),
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
