import { readMappings } from './mappings.js';
import type { Config, TableSettings } from './model.js';
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

/** The tables of a source, and those of them that a replication's mappings select. A table is told by its position among the selected ones. */
export class Tables {
  /** Places in the source of those that are selected; `null`: all of them. */
  #selected: readonly number[] | null = null;
  /** By their places, those that have rates of their own. */
  readonly #rated = new Map<number, RowRates>();
  #sums = { captured: noSum, applied: noSum };
  /** True if rows are compared after they were applied. */
  isValidated = false;
  /** True if a start fails that finds no tables. */
  needsTables = true;
  /** Point at which a full load ends, by its settings; `null`: CDC goes on. */
  stopsAfterLoad: 'before-cached-changes' | 'after-cached-changes' | null = null;
  /** Time of the last new validation, and end of the reload. */
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

  /** Reason why the target has nothing of a table: missing, or given up. */
  absence(position: number): 'Table does not exist' | 'Table cancelled' | null {
    const fromEnd = this.count - 1 - position;
    const { missing, cancelled } = this.settings;
    if (fromEnd < missing) return 'Table does not exist';
    return fromEnd < missing + cancelled ? 'Table cancelled' : null;
  }

  /** Number of written rows of one table that were captured. */
  captured(position: number, written: Written): RowRates {
    if (this.absence(position) !== null) return scaleRates(written, 0);
    const own = this.#rated.get(this.#placeOf(position));
    return own === undefined
      ? scaleRates(written, 1 / (this.#size - this.#rated.size))
      : scaleRates(own, written.thousands);
  }

  /** Number of written rows of one table that are applied. */
  applied(position: number, written: Written): RowRates {
    const { inError, skippedPercent } = this.settings;
    return scaleRates(this.captured(position, written), position < inError ? 0 : 1 - skippedPercent / 100);
  }

  /** The same of all that are selected. */
  sum(which: 'captured' | 'applied', written: Written): RowRates {
    const { sharing, own } = this.#sums[which];
    const others = this.#size - this.#rated.size;
    return addRates(scaleRates(written, others === 0 ? 0 : sharing / others), scaleRates(own, written.thousands));
  }

  /** Number of tables that share the source's rates, without skipped rows, and the sum of the rates that tables have of their own. */
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

/** Parts of a config's ReplicationSettings that the simulator plays. */
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
