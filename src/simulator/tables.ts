import { readMappings } from './mappings.js';
import type { Config, Row, TableSettings } from './model.js';
import type { SimulatedReplication } from './replication.js';
import type { RowRates, Written } from './source.js';

/** Rows of each table that come with the full load. */
const FULL_LOAD_ROWS = 50_000;

interface TableName {
  readonly schema: string;
  readonly table: string;
}

interface Sum {
  readonly sharing: number;
  readonly own: RowRates;
}
const noSum: Sum = { sharing: 0, own: { inserts: 0, updates: 0, deletes: 0 } };

/** The tables of a source, and those of them that a replication's mappings select. A table is told by its position among the selected ones. */
export class Tables {
  /** Places in the source of those that are selected; `null`: all of them. */
  #selected: readonly number[] | null = null;
  /** By their places, those that have rates of their own. */
  readonly #rated = new Map<number, RowRates>();
  #sums = { captured: noSum, applied: noSum };
  /** Whether rows are compared after they were applied. */
  isValidated = false;
  /** Whether a start fails that finds no tables. */
  needsTables = true;
  /** Where a full load ends, by its settings; `null`: CDC goes on. */
  stopsAfterLoad: 'before-cached-changes' | 'after-cached-changes' | null = null;
  /** When tables were last validated anew, and until when they are loaded anew. */
  readonly validatedAgain = new Map<number, number>();
  readonly reloadedUntil = new Map<number, number>();

  constructor(
    readonly settings: TableSettings,
    config: Config,
  ) {
    for (const [name, rates] of Object.entries(settings.rates)) {
      const place = this.#places().find((each) => `${this.#nameAt(each).schema}.${this.#nameAt(each).table}` === name);
      if (place === undefined) throw new RangeError(`tables.rates names ${name}, which the source does not have`);
      this.#rated.set(place, rates);
    }
    this.configure(config);
  }

  /** Takes over the mappings and the settings of a config. */
  configure({ TableMappings: mappings, ReplicationSettings: settings = '{}' }: Config): void {
    const isSelected = readMappings(mappings);
    const selected = this.#places().filter((place) => {
      const { schema, table } = this.#nameAt(place);
      return isSelected(schema, table);
    });
    this.#selected = selected.length === this.#size ? null : selected;
    const read = JSON.parse(settings) as ReplicationSettings;
    const { ValidationSettings: validation, ErrorBehavior: errors, FullLoadSettings: load } = read;
    this.isValidated = validation?.EnableValidation === true;
    this.needsTables = errors?.FailOnNoTablesCaptured !== false;
    const stops = load?.StopTaskCachedChangesApplied === true ? 'after-cached-changes' : null;
    this.stopsAfterLoad = load?.StopTaskCachedChangesNotApplied === true ? 'before-cached-changes' : stops;
    this.#sums = { captured: this.#sumOf('captured'), applied: this.#sumOf('applied') };
    this.validatedAgain.clear();
    this.reloadedUntil.clear();
  }

  get #size(): number {
    return this.settings.names?.length ?? this.settings.count;
  }

  /** How many are selected. */
  get count(): number {
    return this.#selected?.length ?? this.#size;
  }

  name(position: number): TableName {
    return this.#nameAt(this.#placeOf(position));
  }

  find(schema: string, table: string): number | undefined {
    for (let position = 0; position < this.count; position++) {
      const name = this.name(position);
      if (name.schema === schema && name.table === table) return position;
    }
    return undefined;
  }

  /** Whether there is nothing of a table in the target, and why: it is missing there, or was given up. */
  absence(position: number): 'Table does not exist' | 'Table cancelled' | null {
    const fromEnd = this.count - 1 - position;
    const { missing, cancelled } = this.settings;
    if (fromEnd < missing) return 'Table does not exist';
    return fromEnd < missing + cancelled ? 'Table cancelled' : null;
  }

  /** How many of the rows that were written were captured of one table. */
  captured(position: number, written: Written): RowRates {
    if (this.absence(position) !== null) return scaled(written, 0);
    const own = this.#rated.get(this.#placeOf(position));
    return own === undefined ? scaled(written, 1 / (this.#size - this.#rated.size)) : scaled(own, written.thousands);
  }

  /** How many of the rows that were written are applied of one table. */
  applied(position: number, written: Written): RowRates {
    const { inError, skippedPercent } = this.settings;
    return scaled(this.captured(position, written), position < inError ? 0 : 1 - skippedPercent / 100);
  }

  /** The same of all that are selected. */
  sum(which: 'captured' | 'applied', written: Written): RowRates {
    const { sharing, own } = this.#sums[which];
    const others = this.#size - this.#rated.size;
    return added(scaled(written, others === 0 ? 0 : sharing / others), scaled(own, written.thousands));
  }

  /** How many tables share the source's rates, skipped rows left out, and what those with rates of their own have together. */
  #sumOf(which: 'captured' | 'applied'): Sum {
    const one = { thousands: 1, inserts: 1, updates: 0, deletes: 0 };
    let [sharing, own] = [0, scaled(one, 0)];
    for (let position = 0; position < this.count; position++) {
      if (this.#rated.has(this.#placeOf(position))) own = added(own, this[which](position, one));
      else sharing += this[which](position, one).inserts * (this.#size - this.#rated.size);
    }
    return { sharing, own };
  }

  #places(): readonly number[] {
    return Array.from({ length: this.#size }, (_, place) => place);
  }

  #placeOf(position: number): number {
    return this.#selected?.[position] ?? position;
  }

  #nameAt(place: number): TableName {
    const name = this.settings.names?.[place];
    if (name === undefined) return { schema: 'shop', table: `table_${String(place + 1).padStart(5, '0')}` };
    const dot = name.indexOf('.');
    return { schema: name.slice(0, dot), table: name.slice(dot + 1) };
  }
}

/** What is played of a config's ReplicationSettings, as far as it is given. */
interface ReplicationSettings {
  readonly ValidationSettings?: { readonly EnableValidation?: boolean };
  readonly FullLoadSettings?: {
    readonly StopTaskCachedChangesApplied?: boolean;
    readonly StopTaskCachedChangesNotApplied?: boolean;
  };
  readonly ErrorBehavior?: { readonly FailOnNoTablesCaptured?: boolean };
}

function scaled({ inserts, updates, deletes }: RowRates, factor: number): RowRates {
  return { inserts: inserts * factor, updates: updates * factor, deletes: deletes * factor };
}

function added(a: RowRates, b: RowRates): RowRates {
  return { inserts: a.inserts + b.inserts, updates: a.updates + b.updates, deletes: a.deletes + b.deletes };
}

export function totalOf({ inserts, updates, deletes }: RowRates): number {
  return inserts + updates + deletes;
}

/** What a look shows: as it is now, or as it was. */
export interface View {
  readonly row: Row;
  /** Until when its tables have moved. */
  readonly time: number;
  /** Whether it had been started. */
  readonly hasRow: boolean;
}

/** How many rows DescribeReplicationTableStatistics has. None before the first run; lost when it is deprovisioned. */
export function tableCount({ tables }: SimulatedReplication, { row, hasRow }: View): number {
  return !hasRow || row.ProvisionData.ProvisionState?.toLowerCase() === 'deprovisioned' ? 0 : tables.count;
}

/** One row of the statistics, as it goes over the wire. */
export function tableRow(replication: SimulatedReplication, position: number, view: View): Record<string, unknown> {
  const { tables, source } = replication;
  const { row, time } = view;
  const { FullLoadStartDate: began, FullLoadFinishDate: finished } = row.ReplicationStats;
  const isLoaded = finished !== undefined;
  const isInError = position < tables.settings.inError;
  const loadedShare = loadedShareOf(replication, position, view);
  const rows = source.rows(time);
  const captured = tables.captured(position, rows.captured);
  const applied = tables.applied(position, rows.applied);
  const reloadedUntil = tables.reloadedUntil.get(position);
  const { schema, table } = tables.name(position);
  return {
    SchemaName: schema,
    TableName: table,
    Inserts: Math.floor(captured.inserts),
    Updates: Math.floor(captured.updates),
    Deletes: Math.floor(captured.deletes),
    Ddls: 0,
    AppliedInserts: Math.floor(applied.inserts),
    AppliedUpdates: Math.floor(applied.updates),
    AppliedDeletes: Math.floor(applied.deletes),
    AppliedDdls: 0,
    FullLoadRows: fullLoadRows(replication, position, view),
    FullLoadErrorRows: isInError ? 1 : 0,
    FullLoadCondtnlChkFailedRows: 0,
    ...(began === undefined ? {} : { FullLoadStartTime: began }),
    ...(isLoaded && !isInError ? { FullLoadEndTime: finished } : {}),
    ...(reloadedUntil === undefined ? {} : { FullLoadReloaded: true }),
    LastUpdateTime: time,
    TableState: stateOf(tables, position, loadedShare, reloadedUntil !== undefined && time < reloadedUntil),
    ...validationOf(replication, position, view),
  };
}

/** What of a table's full load is done, from 0 to 1. */
function loadedShareOf({ tables, durations }: SimulatedReplication, position: number, { row, time }: View): number {
  const { FullLoadStartDate: began, FullLoadFinishDate: finished } = row.ReplicationStats;
  if (finished !== undefined) return 1;
  return share(time - (began ?? time), durations.fullLoad * ((position + 1) / tables.count));
}

/** Rows of a table that came with the full load. */
export function fullLoadRows(replication: SimulatedReplication, position: number, view: View): number {
  const isLoading = replication.config.ReplicationType !== 'cdc' && replication.tables.absence(position) === null;
  return isLoading ? Math.floor(FULL_LOAD_ROWS * loadedShareOf(replication, position, view)) : 0;
}

function stateOf(tables: Tables, position: number, loadedShare: number, isBeingReloaded: boolean): string {
  if (position < tables.settings.inError) return 'Table error';
  const absence = tables.absence(position);
  if (absence !== null) return absence;
  if (isBeingReloaded) return 'Table is being reloaded';
  return loadedShare === 0 ? 'Before load' : loadedShare < 1 ? 'Full load' : 'Table completed';
}

/** Which kind of table one is: so many of each, counted from the first. */
function kindOf(position: number, kinds: readonly (readonly [kind: string, count: number])[]): string | undefined {
  let end = 0;
  return kinds.find(([, count]) => {
    end += count;
    return position < end;
  })?.[0];
}

/** Validation begins when the table is loaded, and again when that is asked for. */
function validationOf(
  { tables, durations, runningSince }: SimulatedReplication,
  position: number,
  { row, time }: View,
) {
  const is = (ValidationState: string, pending = 0, failed = 0, suspended = 0) => ({
    ValidationPendingRecords: pending,
    ValidationFailedRecords: failed,
    ValidationSuspendedRecords: suspended,
    ValidationState,
  });
  const { inError, mismatched, withoutKey, suspended, notValidated } = tables.settings;
  const kind = kindOf(position, [
    ['Table error', inError],
    ['Mismatched records', mismatched],
    ['No primary key', withoutKey],
    ['Suspended records', suspended],
    ['Error', notValidated],
  ]);
  if (!tables.isValidated) return is('Not enabled');
  if (kind === 'Table error' || kind === 'No primary key') return is(kind);
  // [INF]: there is nothing to compare with.
  if (tables.absence(position) !== null) return is('Table error');
  const { FullLoadFinishDate: loaded } = row.ReplicationStats;
  const again = tables.validatedAgain.get(position);
  const began = loaded === undefined ? time : Math.max(runningSince, loaded, again ?? 0);
  const done = share(time - began, durations.validating);
  if (done < 0.1 && again === began) return is('Pending revalidation');
  if (done === 0) return is('Pending validation');
  if (done < 0.1) return is('Preparing table');
  if (kind === 'Error') return { ...is(kind), ValidationStateDetails: 'The table could not be validated' };
  if (done < 1) return is('Pending records', Math.ceil(1000 * (1 - done)));
  const ValidationStateDetails = 'Some records differ between source and target';
  if (kind === 'Mismatched records') return { ...is(kind, 0, 7), ValidationStateDetails };
  return kind === 'Suspended records' ? is(kind, 0, 0, 5) : is('Validated');
}

function share(part: number, whole: number): number {
  return Math.max(0, Math.min(1, whole <= 0 ? 1 : part / whole));
}
