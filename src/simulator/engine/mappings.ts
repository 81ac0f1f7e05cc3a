/** Table mappings: the selection of a source's tables for a replication. */
import { AwsFault } from './aws-fault.js';
import { matchesParts } from './wildcards.js';

/** Returns true if a table is selected. */
type Selection = (schema: string, table: string) => boolean;

/** Selection rule: it includes or excludes the tables that match. */
interface SelectionRule {
  readonly action: 'include' | 'exclude';
  readonly matches: Selection;
}

/**
 * Parses table mappings. Throws an `InvalidParameterValueException` if they are invalid.
 *
 * The messages for invalid JSON and for missing selection rules were seen on AWS.
 */
export function readMappings(text: string): Selection {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    // DMS names the place of the error.
    const malformed = 'com.google.gson.stream.MalformedJsonException: Expected value at line 1 column 1 path $';
    throw invalidMapping(`Invalid Table Mappings document. Invalid json ${malformed}`);
  }
  const { rules } = recordOf(read);
  if (!Array.isArray(rules)) throw invalidMapping('Valid Table mappings is required');
  const selection = rules
    .map(recordOf)
    .filter((rule) => rule['rule-type'] === 'selection')
    .map(readRule);
  if (selection.length === 0) throw invalidMapping('Valid Table mappings is required');
  // An exclusion wins over every inclusion.
  return (schema, table) =>
    selection.some(({ action, matches }) => action === 'include' && matches(schema, table)) &&
    !selection.some(({ action, matches }) => action === 'exclude' && matches(schema, table));
}

function readRule(rule: Readonly<Record<string, unknown>>): SelectionRule {
  const { 'rule-action': action, 'object-locator': locator } = rule;
  const { 'schema-name': schemaName, 'table-name': tableName } = recordOf(locator);
  if (typeof schemaName !== 'string' || typeof tableName !== 'string')
    throw invalidMapping(
      'Invalid Table Mappings document. A selection rule needs an object-locator with schema-name and table-name',
    );
  if (action === 'explicit') {
    return { action: 'include', matches: (schema, table) => schema === schemaName && table === tableName };
  }
  if (action !== 'include' && action !== 'exclude')
    throw invalidMapping('Invalid Table Mappings document. A rule-action is include, exclude or explicit');
  const [schemas, tables] = [patternOf(schemaName), patternOf(tableName)];
  return { action, matches: (schema, table) => schemas(schema) && tables(table) };
}

/** Returns true if one character matches a part of a pattern: `_`, `[ab]`, `[a-d]`, or the character itself. */
function fits(part: string, character: string): boolean {
  const [, set] = /^\[(.+)\]$/s.exec(part) ?? [];
  if (set === undefined) return part === '_' || part === character;
  return [...set.matchAll(/(.)-(.)|(.)/gs)].some(([, from, to, one]) =>
    from !== undefined && to !== undefined ? from <= character && character <= to : one === character,
  );
}

/** Returns a matcher for a pattern of a table mapping. `%` is any text, `_` any character, `[a-z]` one of a set. */
function patternOf(pattern: string): (name: string) => boolean {
  const parts = pattern.match(/\[[^\]]+\]|[^]/g) ?? [];
  return (name) => matchesParts(parts, name, '%', fits);
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

function invalidMapping(message: string): AwsFault {
  return new AwsFault('InvalidParameterValueException', message);
}
