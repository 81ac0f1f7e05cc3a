import { readMappings } from './mappings.js';
import type { Config, TablesChange, TableSettings } from './model.js';
import type { RowRates, Written } from './source-settings.js';

interface TableName {
  readonly schema: string;
  readonly table: string;
}

interface Sum {
  readonly sharing: number;
  readonly own: RowRates;
}
const noSum: Sum = { sharing: 0, own: { inserts: 0, updates: 0, deletes: 0 } };

/**
 * Tables of a source, and those that a replication's mappings select.
 *
 * A table's **position** is its index among the selected tables. Its **place** is its index among all tables.
 */
export class Tables {
  /** Places of the selected tables. `null`: all tables are selected. */
  #selected: readonly number[] | null = null;
  /** Rates of the tables that have their own, by place. */
  readonly #rated = new Map<number, RowRates>();
  #sums = { captured: noSum, applied: noSum };
  /** True if applied rows are validated. */
  isValidated = false;
  /** True if a start without selected tables fails. */
  needsTables = true;
  /** Point after the full load at which the settings stop the replication. `null`: CDC goes on. */
  stopsAfterLoad: 'before-cached-changes' | 'after-cached-changes' | null = null;
  /** Start of the newest repeated validation, by position. */
  readonly validatedAgain = new Map<number, number>();
  /** End of the newest reload, by position. */
  readonly reloadedUntil = new Map<number, number>();
  /** Time at which a table came into error while it was replicated, by position. */
  readonly failedAt = new Map<number, number>();

  #settings: TableSettings;

  constructor(settings: TableSettings, config: Config) {
    this.#settings = settings;
    for (const [name, rates] of Object.entries(settings.rates)) {
      const place = this.#places().find((each) => `${this.#nameAt(each).schema}.${this.#nameAt(each).table}` === name);
      if (place === undefined) throw new RangeError(`tables.rates names ${name}, which the source does not have`);
      this.#rated.set(place, rates);
    }
    this.configure(config);
  }

  get settings(): TableSettings {
    return this.#settings;
  }

  /** Changes what is wrong with the tables. The statistics of a table in error show no further applied rows. */
  change(change: TablesChange, time: number): void {
    const { inError } = this.#settings;
    this.#settings = { ...this.#settings, ...change };
    for (let position = inError; position < this.#settings.inError; position++) this.failedAt.set(position, time);
    for (let position = this.#settings.inError; position < inError; position++) this.failedAt.delete(position);
  }

  /** Loads the tables at these positions again, until a time. Then their validation begins again. */
  reload(positions: readonly number[], until: number): void {
    for (const position of positions) this.reloadedUntil.set(position, until);
    this.validate(positions, until);
  }

  /** Begins the validation of the tables at these positions again, at a time. */
  validate(positions: readonly number[], time: number): void {
    for (const position of positions) this.validatedAgain.set(position, time);
  }

  /** Applies the mappings and the settings of a config. */
  configure({ TableMappings: mappings, ReplicationSettings: settings }: Config): void {
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

  /** Number of selected tables. */
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

  /** State of a table that captures no rows: missing or cancelled. `null`: the table captures rows. */
  absentState(position: number): 'Table does not exist' | 'Table cancelled' | null {
    const fromEnd = this.count - 1 - position;
    const { missing, cancelled } = this.settings;
    if (fromEnd < missing) return 'Table does not exist';
    return fromEnd < missing + cancelled ? 'Table cancelled' : null;
  }

  /** Returns how many of the written rows one table captures. */
  captured(position: number, written: Written): RowRates {
    if (this.absentState(position) !== null) return scaleRates(written, 0);
    const own = this.#rated.get(this.#placeOf(position));
    return own === undefined
      ? scaleRates(written, 1 / (this.#size - this.#rated.size))
      : scaleRates(own, written.thousands);
  }

  /** Returns how many of the written rows one table applies. */
  applied(position: number, written: Written): RowRates {
    const { inError, skippedPercent } = this.settings;
    const isApplied = position >= inError || this.failedAt.has(position);
    return scaleRates(this.captured(position, written), isApplied ? 1 - skippedPercent / 100 : 0);
  }

  /** Returns how many of the written rows all selected tables capture or apply. */
  sum(which: 'captured' | 'applied', written: Written): RowRates {
    const { sharing, own } = this.#sums[which];
    const others = this.#size - this.#rated.size;
    return addRates(scaleRates(written, others === 0 ? 0 : sharing / others), scaleRates(own, written.thousands));
  }

  /**
   * Sums up the selected tables. `own` is the sum of the rates of tables with rates of their own.
   *
   * `sharing` is the number of tables that share the source's rates. A table that skips rows counts as a fraction.
   */
  #sumOf(which: 'captured' | 'applied'): Sum {
    const one = { thousands: 1, inserts: 1, updates: 0, deletes: 0 };
    let [sharing, own] = [0, scaleRates(one, 0)];
    for (let position = 0; position < this.count; position++) {
      if (this.#rated.has(this.#placeOf(position))) own = addRates(own, this[which](position, one));
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

/** Parts of a config's ReplicationSettings that the simulator reads. */
interface ReplicationSettings {
  readonly ValidationSettings?: { readonly EnableValidation?: boolean };
  readonly FullLoadSettings?: {
    readonly StopTaskCachedChangesApplied?: boolean;
    readonly StopTaskCachedChangesNotApplied?: boolean;
  };
  readonly ErrorBehavior?: { readonly FailOnNoTablesCaptured?: boolean };
}

function scaleRates({ inserts, updates, deletes }: RowRates, factor: number): RowRates {
  return { inserts: inserts * factor, updates: updates * factor, deletes: deletes * factor };
}

function addRates(a: RowRates, b: RowRates): RowRates {
  return { inserts: a.inserts + b.inserts, updates: a.updates + b.updates, deletes: a.deletes + b.deletes };
}

export function totalOf({ inserts, updates, deletes }: RowRates): number {
  return inserts + updates + deletes;
}
