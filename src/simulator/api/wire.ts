/** Wire protocols of AWS: JSON, and Smithy RPC v2 CBOR, which newer SDKs choose for CloudWatch. */
import { decode, encode, Tagged } from 'cborg';
import { AwsFault } from '../engine/aws-fault.js';
import type { Input } from './account-region.js';
import type { Reply, Request } from './http.js';

/** Name of CloudWatch, in both protocols. */
export const METRICS = 'GraniteServiceVersion20100801';
/** Content type without its last digit. DMS speaks version 1.1 of AWS's JSON protocol, CloudWatch 1.0. */
const JSON_TYPE = 'application/x-amz-json-1.';
const CBOR_PATH = new RegExp(`^/service/(${METRICS})/operation/(\\w+)$`);
/** CBOR's tag of a time in epoch seconds. */
const TIME = 1;

/** Request in one of the protocols, and the way to answer it. */
export interface Wire {
  readonly service: string;
  readonly operation: string;
  /** Reads the input. Throws a `SerializationException`. */
  read(): Input;
  reply(status: number, value: object, date: number | null): Reply;
}

/** True if a request goes to AWS, not to the simulator's own paths. */
export function isForAws({ method, url }: Request): boolean {
  return method === 'POST' && (url.pathname === '/' || CBOR_PATH.test(url.pathname));
}

/** Returns the protocol of a request. */
export function wireOf(request: Request): Wire {
  const [, service, operation] = CBOR_PATH.exec(request.url.pathname) ?? [];
  return service === undefined || operation === undefined ? jsonWire(request) : cborWire(request, service, operation);
}

function jsonWire({ headers, body }: Request): Wire {
  const [service = '', operation = ''] = String(headers['x-amz-target'] ?? '').split('.');
  return {
    service,
    operation,
    read: () => inputOf(() => JSON.parse(body === '' ? '{}' : body), 'JSON'),
    reply: (status, value, date) => ({ status, type: jsonTypeOf(service), body: JSON.stringify(value), date }),
  };
}

function cborWire({ bytes }: Request, service: string, operation: string): Wire {
  return {
    service,
    operation,
    read: () =>
      inputOf(
        () => (bytes.length === 0 ? {} : decode(bytes, { allowBigInt: false, tags: { [TIME]: (time) => time() } })),
        'CBOR',
      ),
    reply: (status, value, date) => ({
      status,
      type: 'application/cbor',
      headers: { 'smithy-protocol': 'rpc-v2-cbor' },
      body: encode(withTimes(value), { ignoreUndefinedProperties: true }),
      date,
    }),
  };
}

/** Returns the content type of JSON answers of a service. */
export function jsonTypeOf(service: string): string {
  return `${JSON_TYPE}${service === METRICS ? 0 : 1}`;
}

function inputOf(read: () => unknown, format: string): Input {
  let input: unknown;
  try {
    input = read();
  } catch {
    throw new AwsFault('SerializationException', `The request is not valid ${format}`);
  }
  if (typeof input === 'object' && input !== null && !Array.isArray(input)) return input as Input;
  throw new AwsFault('SerializationException', `The request is not a ${format} object`);
}

/** Marks times, which CBOR tells from other numbers. */
function withTimes(value: unknown, isTime = false): unknown {
  if (Array.isArray(value)) return value.map((each) => withTimes(each, isTime));
  if (isTime) return new Tagged(TIME, value);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, withTimes(each, name === 'Timestamps')]),
  );
}
