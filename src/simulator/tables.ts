import { readMappings } from './mappings.js';
import type { Config, Row, TableSettings } from './model.js';
import type { SimulatedReplication } from './replication.js';
import type { RowRates, Written } from './source.js';

/** Rows of each table that come with the full load. */
export const FULL_LOAD_ROWS = 50_000;

interface TableName {
  readonly schema: string;
  readonly table: string;
}

/** The tables of a source, and those of them that a replication's mappings select. A table is told by its position among the selected ones. */
export class Tables {
  /** Places in the source of those that are selected; `null`: all of them. */
  #selected: readonly number[] | null = null;
  /** By their places, those that have rates of their own. */
  readonly #rated = new Map<number, RowRates>();
  /** Whether rows are compared after they were applied. */
  isValidated = false;
  /** Whether a start fails that finds no tables. */
  needsTables = true;
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
    const { ValidationSettings: validation, ErrorBehavior: errors } = JSON.parse(settings) as ReplicationSettings;
    this.isValidated = validation?.EnableValidation === true;
    this.needsTables = errors?.FailOnNoTablesCaptured !== false;
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

  /** How many of the rows that were written are of one table. */
  rowsOf(position: number, written: Written): RowRates {
    const own = this.#rated.get(this.#placeOf(position));
    return own === undefined ? scaled(written, 1 / (this.#size - this.#rated.size)) : scaled(own, written.thousands);
  }

  /** How many are of those that are selected. */
  rows(written: Written): RowRates {
    const own = [...this.#rated].filter(([place]) => this.#selected?.includes(place) ?? true);
    const sharing = this.#size - this.#rated.size;
    const share = sharing === 0 ? 0 : (this.count - own.length) / sharing;
    return own.reduce((sum, [, rates]) => added(sum, scaled(rates, written.thousands)), scaled(written, share));
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
}

/** How many rows DescribeReplicationTableStatistics has. None before the first run; lost when it is deprovisioned. */
export function tableCount({ hasRow, tables }: SimulatedReplication, { row }: View): number {
  return !hasRow || row.ProvisionData.ProvisionState?.toLowerCase() === 'deprovisioned' ? 0 : tables.count;
}

/** One row of the statistics, as it goes over the wire. */
export function tableRow(replication: SimulatedReplication, position: number, view: View): Record<string, unknown> {
  const { tables, source, durations, config } = replication;
  const { row, time } = view;
  const { FullLoadStartDate: began, FullLoadFinishDate: finished } = row.ReplicationStats;
  const isLoaded = finished !== undefined;
  const isInError = position < tables.settings.inError;
  const loadedShare = isLoaded
    ? 1
    : share(time - (began ?? time), durations.fullLoad * ((position + 1) / tables.count));
  const rows = source.rows(time);
  const captured = tables.rowsOf(position, rows.captured);
  const appliedShare = isInError ? 0 : 1 - tables.settings.skippedPercent / 100;
  const applied = scaled(tables.rowsOf(position, rows.applied), appliedShare);
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
    FullLoadRows: config.ReplicationType === 'cdc' ? 0 : Math.floor(FULL_LOAD_ROWS * loadedShare),
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

function stateOf({ settings, count }: Tables, position: number, loadedShare: number, isBeingReloaded: boolean): string {
  if (position < settings.inError) return 'Table error';
  const fromEnd = count - 1 - position;
  if (fromEnd < settings.missing) return 'Table does not exist';
  if (fromEnd < settings.missing + settings.cancelled) return 'Table cancelled';
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
function validationOf({ tables, durations }: SimulatedReplication, position: number, { row, time }: View) {
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
  const { FullLoadFinishDate: loaded, StartDate: started = time } = row.ReplicationStats;
  const again = tables.validatedAgain.get(position);
  const began = loaded === undefined ? time : Math.max(started, loaded, again ?? 0);
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
