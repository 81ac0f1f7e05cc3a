/** Filters, pages and markers. */
import { invalid, notFound, textOf } from './checks.js';
import { idOf } from '../engine/rules.js';
import type { Uncertain } from '../engine/uncertain.js';
import type { Input, AccountRegion } from './account-region.js';
import type { SimulatedReplication } from '../engine/replication.js';

interface Wanted {
  readonly by: 'arn' | 'id';
  readonly values: readonly string[];
}

export function readFilters(input: Input): readonly Wanted[] | null {
  const filters = (input['Filters'] ?? []) as readonly { Name: string; Values: readonly string[] }[];
  if (filters.length === 0) return null;
  return filters.map(({ Name: name, Values: values }) => {
    if (name === 'replication-config-arn') return { by: 'arn', values };
    if (name === 'replication-config-id') return { by: 'id', values };
    throw invalid(`Filter name ${name} is not supported`);
  });
}

/**
 * Returns the replications that a request selects, in order of creation.
 *
 * Throws if the request names an unknown replication, unless `missingInFilter` tolerates that.
 */
export function select(accountRegion: AccountRegion, input: Input, what: string): readonly SimulatedReplication[] {
  const wanted = readFilters(input);
  if (wanted === null) return accountRegion.list();
  const sets = wanted.map(({ by, values }) => {
    const named = by === 'arn' ? (value: string) => accountRegion.find(value) : finderByIdentifier(accountRegion);
    const found = values.map((value) => [value, named(value)] as const);
    const missing = found.find(([, replication]) => replication === undefined);
    const isTolerated =
      accountRegion.uncertain.missingInFilter === 'others' &&
      found.some(([, replication]) => replication !== undefined);
    if (missing !== undefined && !isTolerated) throw notFound(what, missing[0]);
    return new Set(found.flatMap(([, replication]) => replication ?? []));
  });
  const selected = [...(sets[0] ?? [])].filter((each) => sets.every((set) => set.has(each)));
  return selected.toSorted((one, other) => one.sequence - other.sequence);
}

/** Runs the due events of replications, and returns those that still exist. */
export function runDueEvents(
  accountRegion: AccountRegion,
  items: readonly SimulatedReplication[],
): readonly SimulatedReplication[] {
  return items.flatMap(({ arn }) => accountRegion.find(arn) ?? []);
}

/** Returns a replication that uses a resource. The list also has replications whose deletion has ended. */
export function findUser(
  accountRegion: AccountRegion,
  uses: (replication: SimulatedReplication) => boolean,
): SimulatedReplication | undefined {
  return [...accountRegion.list()].find((each) => uses(each) && accountRegion.find(each.arn) !== undefined);
}

/** Returns the replication that a request names by its ARN. Throws if the ARN is invalid or unknown. */
export function find(accountRegion: AccountRegion, input: Input): SimulatedReplication {
  const name = 'ReplicationConfigArn';
  return findByArn(accountRegion, textOf(input, name), name);
}

/** Returns the replication with this ARN. `name`: parameter of the request. Throws if the ARN is invalid or unknown. */
export function findByArn(accountRegion: AccountRegion, arn: string, name: string): SimulatedReplication {
  if (!/^arn:[^:]+:dms:[^:]*:\d{12}:replication-config:[A-Za-z0-9-]+$/.test(arn)) {
    throw invalid(`The parameter ${name} must provide a valid ARN: ${arn}`);
  }
  const found = accountRegion.find(arn);
  if (found === undefined) throw notFound('Replication Config', arn);
  return found;
}

export function findByIdentifier(accountRegion: AccountRegion, identifier: string): SimulatedReplication | undefined {
  const isMeant = ({ arn, config }: SimulatedReplication) =>
    config.ReplicationConfigIdentifier === identifier || idOf(arn) === identifier;
  const found = accountRegion.list().find(isMeant);
  return found && accountRegion.find(found.arn);
}

/** Returns a function like {@link findByIdentifier}. It is faster for many identifiers. */
function finderByIdentifier(accountRegion: AccountRegion): (identifier: string) => SimulatedReplication | undefined {
  const arns = new Map(
    accountRegion.list().flatMap(({ arn, config }) => [
      [idOf(arn), arn],
      [config.ReplicationConfigIdentifier, arn],
    ]),
  );
  return (identifier) => {
    const arn = arns.get(identifier);
    return arn === undefined ? undefined : accountRegion.find(arn);
  };
}

const tableFilters: Readonly<Record<string, string>> = {
  'schema-name': 'SchemaName',
  'table-name': 'TableName',
  'table-state': 'TableState',
};

/**
 * Returns a filter for rows of table statistics. `null`: the request has none.
 *
 * A row must meet all conditions. An empty result is no error.
 */
export function tableFilter(input: Input): ((row: Readonly<Record<string, unknown>>) => boolean) | null {
  const filters = (input['Filters'] ?? []) as readonly { Name: string; Values: readonly string[] }[];
  if (filters.length === 0) return null;
  const conditions = filters.map(({ Name: name, Values: values }) => {
    const member = Object.hasOwn(tableFilters, name) ? tableFilters[name] : undefined;
    if (member === undefined) throw invalid(`Filter name ${name} is not supported`);
    return { member, values };
  });
  return (row) => conditions.every(({ member, values }) => values.includes(String(row[member])));
}

/**
 * Returns a page of replications, which must be in order of creation.
 *
 * The marker names the last row of the page, so the next page is complete even after a deletion.
 */
export function pageBySequence(
  rows: readonly SimulatedReplication[],
  input: Input,
  uncertain: Uncertain,
): Page<SimulatedReplication> {
  const size = pageSize(input, 100, uncertain);
  const after = readMarker(input);
  const from = after === null ? 0 : rows.findIndex(({ sequence }) => sequence > after);
  const items = from === -1 ? [] : rows.slice(from, from + size);
  const last = items.at(-1);
  const hasMore = from !== -1 && from + size < rows.length;
  return { items, marker: hasMore && last !== undefined ? toMarker(last.sequence) : {} };
}

interface Page<T> {
  readonly items: readonly T[];
  readonly marker: { readonly Marker?: string };
}

export function pageByIndex<T>(rows: readonly T[], input: Input, most: number, uncertain: Uncertain): Page<T> {
  const size = pageSize(input, most, uncertain);
  const next = (readMarker(input) ?? 0) + size;
  return { items: rows.slice(next - size, next), marker: next < rows.length ? toMarker(next) : {} };
}

function pageSize(input: Input, most: number, { maxRecordsOutOfBounds }: Uncertain): number {
  // AWS's own samples send 0 and an empty marker for "none".
  const size = (input['MaxRecords'] as number | undefined) || 100;
  if (maxRecordsOutOfBounds === 'clamped') return Math.max(20, Math.min(most, size));
  if (size < 20 || size > most) throw invalid(`MaxRecords must be between 20 and ${most}`);
  return size;
}

function toMarker(position: number): { readonly Marker: string } {
  return { Marker: Buffer.from(String(position)).toString('base64url') };
}

function readMarker(input: Input): number | null {
  const marker = textOf(input, 'Marker');
  if (marker === '') return null;
  const text = Buffer.from(marker, 'base64url').toString();
  if (!/^\d{1,9}$/.test(text)) throw invalid('Invalid Marker');
  return Number(text);
}
