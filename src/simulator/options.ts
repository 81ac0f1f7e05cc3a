import type { Statement } from './iam.js';
import {
  startSteps,
  type Durations,
  type PlacedStatus,
  type ReplicationType,
  type TableSettings,
  type Uncertain,
} from './model.js';
import { engines, type SourceSettings } from './source.js';

export interface DmsSimulatorOptions {
  /** Default: any free one. */
  readonly port?: number;
  /** The address it listens on. Default 127.0.0.1: nobody else can reach it. */
  readonly host?: string;
  /** How many simulated seconds a second holds. Default 60; 0: time stands still and is moved by `clock.advance`. */
  readonly speed?: number;
  /** When simulated time begins, ISO 8601. Default: now, or 2026-01-01 where time stands still. */
  readonly startAt?: string;
  /** Makes everything that is left to chance, identifiers and the probability of faults, come out the same. Default: another one each time. */
  readonly seed?: number;
  /** Simulated seconds of each step, where other than usual. */
  readonly durations?: Partial<Durations>;
  /** What is uncertain about DMS, where other than assumed. */
  readonly uncertain?: Partial<Uncertain>;
  /** Short for `uncertain.rowBeforeFirstRun`. */
  readonly rowBeforeFirstRun?: boolean | 'fault';
  /** How many tables the source of every replication has, or also which, where not told for one. Default 3. */
  readonly tables?: number | Partial<TableSettings>;
  /** What IAM allows every caller. Default: everything. */
  readonly policy?: readonly Statement[];
}

export interface SimulatedReplicationOptions {
  /** Also the last part of its ARN. Default: made up. */
  readonly identifier?: string;
  /** Default `running`. */
  readonly status?: PlacedStatus;
  /** Default `full-load-and-cdc`. */
  readonly replicationType?: ReplicationType;
  /** Default `eu-west-1`. */
  readonly region?: string;
  /** Default `123456789012`. */
  readonly accountId?: string;
  /** How many, or also how they are. Default 3. `validation`: whether its settings ask for validation, by default they do. */
  readonly tables?: number | (Partial<TableSettings> & { readonly validation?: boolean });
  readonly isReadOnly?: boolean;
  /** Short for `source.bytesPerSecond`. */
  readonly changesPerSecond?: number;
  readonly source?: Partial<SourceSettings>;
  /** Simulated seconds of each of its steps, where other than the simulator's. */
  readonly durations?: Partial<Durations>;
}

const MAX_TABLES = 20_000;

const placed: readonly PlacedStatus[] = [
  'created',
  ...startSteps,
  ...([
    'running',
    'stopping',
    'stopped',
    'modifying',
    'failed',
    'deleting',
    'deprovisioning',
    'deprovisioned',
  ] as const),
];

/** Options may come over HTTP, from anybody. */
export function checkOptions(options: SimulatedReplicationOptions): void {
  const { status, replicationType, region, accountId, tables, source } = options;
  const types = ['full-load', 'cdc', 'full-load-and-cdc'];
  require(status === undefined || placed.includes(status), `status is one of ${placed.join(', ')}`);
  require(replicationType === undefined ||
    types.includes(replicationType), `replicationType is one of ${types.join(', ')}`);
  require(region === undefined || /^[a-z0-9-]{1,40}$/.test(region), 'region is like eu-west-1');
  require(accountId === undefined || /^\d{12}$/.test(accountId), 'accountId has 12 digits');
  checkTables(tables);
  require(source?.engine === undefined ||
    engines.includes(source.engine), `source.engine is one of ${engines.join(', ')}`);
}

export function checkTables(tables: number | Partial<TableSettings> | undefined): void {
  const { count = 0, names = [] } = typeof tables === 'object' ? tables : { count: tables ?? 0 };
  const isCount = (value: number) => Number.isInteger(value) && value >= 0 && value <= MAX_TABLES;
  require(isCount(count) && (!Array.isArray(names) || isCount(names.length)), `there are 0 to ${MAX_TABLES} tables`);
  const areNames = Array.isArray(names) && names.every((name) => /^[^.]+\..+$/s.test(String(name)));
  require(areNames, 'tables.names are like shop.orders: schema and table');
}

function require(isFine: boolean, what: string): void {
  if (!isFine) throw new RangeError(what);
}
