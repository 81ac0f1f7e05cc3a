/** Checks of values that come from code or over HTTP. Each also describes itself in JSON Schema. */

/** Check of a value. Throws a `RangeError` with `name` if the value is invalid. */
export interface Check {
  (value: unknown, name: string): void;
  /** JSON Schema of the accepted values. */
  readonly schema: object;
}

function checkOf(schema: object, verify: (value: unknown, name: string) => void): Check {
  return Object.assign(verify, { schema });
}

function require(isFine: boolean, name: string, what: string): void {
  if (!isFine) throw new RangeError(`${name} must be ${what}`);
}

export const number = (least = 0, most = 1e9): Check =>
  checkOf({ type: 'number', minimum: least, maximum: most }, (value, name) => {
    const isFine = typeof value === 'number' && value >= least && value <= most;
    require(isFine, name, `a number from ${least} to ${most}`);
  });

export const whole = (least: number, most: number): Check =>
  checkOf({ type: 'integer', minimum: least, maximum: most }, (value, name) => {
    const isFine = Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
    require(isFine, name, `a whole number from ${least} to ${most}`);
  });

export const flag = checkOf({ type: 'boolean' }, (value, name) =>
  require(typeof value === 'boolean', name, 'true or false'),
);

export const text = (pattern = /^[^]{1,2000}$/, what = 'a text of 1 to 2000 characters'): Check =>
  checkOf({ type: 'string', pattern: pattern.source.replaceAll('[^]', '[\\s\\S]'), description: what }, (value, name) =>
    require(typeof value === 'string' && pattern.test(value), name, what),
  );

/** Accepts any text up to a length, including the empty text. */
export const textUpTo = (most: number): Check =>
  checkOf({ type: 'string', maxLength: most }, (value, name) =>
    require(typeof value === 'string' && value.length <= most, name, `a text of at most ${most} characters`),
  );

/** Accepts a time in UTC, ISO 8601. */
export const time = checkOf({ type: 'string', format: 'date-time', pattern: 'Z$' }, (value, name) => {
  const isTime = typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?Z$/.test(value);
  require(isTime && Number.isFinite(Date.parse(value)), name, 'a time like 2026-01-01T00:00:00Z');
});

export const oneOf = (...values: readonly unknown[]): Check =>
  checkOf({ enum: [...new Set(values)] }, (value, name) =>
    require(values.includes(value), name, `one of ${values.join(', ')}`),
  );

export const orNull = (check: Check): Check =>
  checkOf({ oneOf: [check.schema, { type: 'null' }] }, (value, name) => {
    if (value !== null) check(value, name);
  });

/** Applies `first` if `isFirst` accepts the value, and `second` otherwise. */
export const either = (isFirst: (value: unknown) => boolean, first: Check, second: Check): Check =>
  checkOf({ oneOf: [first.schema, second.schema] }, (value, name) => (isFirst(value) ? first : second)(value, name));

export const listOf = (check: Check, most = 10_000): Check =>
  checkOf({ type: 'array', items: check.schema, maxItems: most }, (value, name) => {
    require(Array.isArray(value) && value.length <= most, name, `a list of at most ${most}`);
    (value as unknown[]).forEach((each, n) => check(each, `${name}[${n}]`));
  });

export const recordOf = (check: Check): Check =>
  checkOf({ type: 'object', additionalProperties: check.schema }, (value, name) => {
    require(isObject(value), name, 'an object');
    for (const [key, each] of Object.entries(value as object)) check(each, `${name}.${key}`);
  });

/**
 * Accepts an object with these members and no others. `!` marks a required member.
 *
 * A member that is `undefined` counts as absent.
 */
export const shape = (members: Readonly<Record<string, Check>>): Check =>
  checkOf(objectSchema(schemasOf(members)), (value, name) => {
    require(isObject(value), name, 'an object');
    const given = Object.entries(value as object).filter(([, each]) => each !== undefined);
    for (const [key, each] of given) {
      const check = [key, `${key}!`].map((known) => (Object.hasOwn(members, known) ? members[known] : undefined));
      const known = check[0] ?? check[1];
      if (known === undefined) {
        const all = Object.keys(members).map((each) => each.replace('!', ''));
        throw new RangeError(`${name} has no member "${key}". It has ${all.join(', ')}`);
      }
      known(each, `${name}.${key}`);
    }
    for (const required of Object.keys(members).filter((key) => key.endsWith('!'))) {
      const key = required.slice(0, -1);
      if (!given.some(([each]) => each === key)) throw new RangeError(`${name} needs "${key}"`);
    }
  });

/** Accepts an object with a `type`. `needs` lists the members that each type requires. */
export const byType = (
  needs: Readonly<Record<string, readonly string[]>>,
  members: Readonly<Record<string, Check>>,
): Check => {
  const checkMembers = shape({ ...members, 'type!': oneOf(...Object.keys(needs)) });
  const schemas = Object.entries(needs).map(([type, required]) => {
    const named = Object.entries(schemasOf(members)).map(([key, schema]) => [
      required.includes(key) ? `${key}!` : key,
      schema,
    ]);
    return objectSchema({ 'type!': { const: type }, ...Object.fromEntries(named) });
  });
  return checkOf({ oneOf: schemas }, (value, name) => {
    checkMembers(value, name);
    const given = value as Readonly<Record<string, unknown>>;
    const missing = needs[given['type'] as string]?.find((each) => given[each] === undefined);
    if (missing !== undefined) throw new RangeError(`${name} needs "${missing}"`);
  });
};

/** Returns the schema of an object with exactly these members. Those whose name ends in `!` are required. */
export function objectSchema(properties: Readonly<Record<string, object>>): object {
  const entries = Object.entries(properties);
  const required = entries.flatMap(([name]) => (name.endsWith('!') ? [name.replace('!', '')] : []));
  return {
    type: 'object',
    properties: Object.fromEntries(entries.map(([name, schema]) => [name.replace('!', ''), schema])),
    additionalProperties: false,
    ...(required.length === 0 ? {} : { required }),
  };
}

function schemasOf(members: Readonly<Record<string, Check>>): Record<string, object> {
  return Object.fromEntries(Object.entries(members).map(([key, { schema }]) => [key, schema]));
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
