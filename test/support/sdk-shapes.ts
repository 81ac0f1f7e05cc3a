/** Compares answers with the service model of AWS's SDK. */
const STRUCTURE = 3;
const LIST = 1;
const LIST_OF = 64;

/** Returns the misfits of a value: members that its schema does not have, and values of a wrong type. */
export function misfits(schema: unknown, value: unknown, path: string): string[] {
  const resolved = typeof schema === 'function' ? (schema as () => unknown)() : schema;
  if (typeof resolved === 'number') return scalarMisfits(resolved, value, path);
  if (!Array.isArray(resolved)) return [`${path}: a schema that the test does not know`];
  const [kind] = resolved as [unknown];
  // A member with traits of its own.
  if (typeof kind === 'function') return misfits(kind, value, path);
  if (kind === LIST) {
    if (!Array.isArray(value)) return [`${path}: not a list`];
    return value.flatMap((each, n) => misfits(resolved[4], each, `${path}[${n}]`));
  }
  if (kind === STRUCTURE) {
    if (typeof value !== 'object' || value === null) return [`${path}: not a structure`];
    const [, , , , names, types] = resolved as [number, string, string, unknown, string[], unknown[]];
    return Object.entries(value).flatMap(([name, member]) => {
      const at = names.indexOf(name);
      return at === -1 ? [`${path}.${name}: invented`] : misfits(types[at], member, `${path}.${name}`);
    });
  }
  // A named simple shape, such as an enumeration.
  return scalarMisfits(Number(resolved[4]), value, path);
}

function scalarMisfits(type: number, value: unknown, path: string): string[] {
  if (type >= LIST_OF) {
    return Array.isArray(value)
      ? value.flatMap((each, n) => scalarMisfits(type - LIST_OF, each, `${path}[${n}]`))
      : [`${path}: not a list`];
  }
  const wanted = ({ 0: 'string', 1: 'number', 2: 'boolean', 4: 'number' } as Record<number, string>)[type];
  return typeof value === wanted ? [] : [`${path}: ${typeof value} instead of ${wanted ?? `type ${type}`}`];
}
