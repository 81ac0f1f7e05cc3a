import type { Statement } from '../api/iam.js';
import { assessmentEnds } from '../engine/assessment.js';
import { faultTypes } from '../api/faults.js';
import { requestShapes } from '../api/shapes.js';
import { REMEMBERED_SECONDS } from '../engine/history.js';
import type { PlacedStatus, ReplicationType, TableSettings } from '../engine/model.js';
import { uncertainDefaults, uncertainInverted, type Uncertain } from '../engine/uncertain.js';
import { startSteps, steps, defaultDurations, type Durations } from '../engine/steps.js';
import type { SourceSettings } from '../engine/source-settings.js';
import { engines } from '../engine/checkpoint-format.js';
import {
  byType,
  either,
  flag,
  listOf,
  number,
  oneOf,
  orNull,
  recordOf,
  shape,
  text,
  textUpTo,
  time,
  whole,
  type Check,
} from '../engine/validate.js';

/** Options of {@link startDmsSimulator}. */
export interface DmsSimulatorOptions {
  /** Port to listen on. Default: a free one. */
  readonly port?: number;
  /** Address to listen on. Default `127.0.0.1`: only this machine can reach it. */
  readonly host?: string;
  /**
   * Simulated seconds in a real second. Default 60, at most 1,000,000.
   *
   * 0: time stands still until `clock.advance` moves it.
   */
  readonly speed?: number;
  /** Beginning of simulated time, ISO 8601 in UTC. Default: now, or 2026-01-01 if time stands still. */
  readonly startAt?: string;
  /**
   * Seed of all chance: identifiers, probabilities of faults, and ages of stale looks. Default: a new one each time.
   *
   * The same seed and the same calls give the same run. At most 2^32.
   */
  readonly seed?: number;
  /** Durations of steps, in simulated seconds. Default for each step: see {@link Durations}. */
  readonly durations?: Partial<Durations>;
  /** Switches for uncertain behaviour of DMS. Default for each: {@link uncertainDefaults}. */
  readonly uncertain?: Partial<Uncertain>;
  /** Short for `uncertain.rowBeforeFirstRun`. */
  readonly rowBeforeFirstRun?: boolean | 'fault';
  /**
   * Tables of every replication's source: their number, or their settings. Default 3.
   *
   * Options of one replication override them.
   */
  readonly tables?: number | Partial<TableSettings>;
  /** IAM policy of every caller, at most 100 statements. Default: everything is allowed. */
  readonly policy?: readonly Statement[];
}

/** Options of {@link DmsSimulator.createReplication}. */
export interface SimulatedReplicationOptions {
  /** `ReplicationConfigIdentifier`, 1 to 255 characters. Default: random. */
  readonly identifier?: string;
  /** `ResourceIdentifier`: last part of the ARN, 1 to 255 characters. Default: a random one, as on AWS. */
  readonly resourceIdentifier?: string;
  /** Initial status or provision state. Default `running`. */
  readonly status?: PlacedStatus;
  /** `ReplicationType`. Default `full-load-and-cdc`. */
  readonly replicationType?: ReplicationType;
  /** Region. Default `eu-west-1`. */
  readonly region?: string;
  /** Account id, 12 digits. Default `123456789012`. */
  readonly accountId?: string;
  /**
   * Tables of the source: their number, or their settings. Default: the simulator's.
   *
   * `validation`: true if the config turns validation on. Default true.
   */
  readonly tables?: number | (Partial<TableSettings> & { readonly validation?: boolean });
  /** `IsReadOnly`: true if a zero-ETL integration manages the replication. Default false. */
  readonly isReadOnly?: boolean;
  /** Tags of the config: values by key. Default: none. */
  readonly tags?: Readonly<Record<string, string>>;
  /** Short for `source.bytesPerSecond`. */
  readonly changesPerSecond?: number;
  /** Settings of the source. Default for each: see {@link SourceSettings}. */
  readonly source?: Partial<SourceSettings>;
  /** Durations of this replication's steps, in simulated seconds. Default for each step: the simulator's. */
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

const isText = (value: unknown) => typeof value === 'string';
const tableCount = whole(0, MAX_TABLES);
const rates = shape({ 'inserts!': number(), 'updates!': number(), 'deletes!': number() });
const source = {
  engine: oneOf(...engines),
  bytesPerSecond: number(0, 1e12),
  rates,
  catchUp: number(),
  logRetentionSeconds: orNull(number()),
  filteredWrites: flag,
};
const tablesChange = {
  inError: tableCount,
  mismatched: tableCount,
  withoutKey: tableCount,
  suspended: tableCount,
  notValidated: tableCount,
};
const tableSettings = {
  ...tablesChange,
  count: tableCount,
  names: listOf(text(/^[^.]+\.[^]+$/, 'like shop.orders: schema and table'), MAX_TABLES),
  rates: recordOf(rates),
  missing: tableCount,
  cancelled: tableCount,
  skippedPercent: number(0, 100),
};
const isCount = (value: unknown) => typeof value !== 'object';
const durations = shape(Object.fromEntries(Object.keys(defaultDurations).map((name) => [name, number()])));
const speed = number(0, 1e6);
/** Maximum length of a message. Longer than any client of DMS keeps, so that tests can see it cut. */
const MAX_TEXT = 1_000_000;
const anyText = textUpTo(MAX_TEXT);
const messages = listOf(anyText, 100);
const actions = either(isText, text(), listOf(text(), 100));
const policy = orNull(
  listOf(shape({ Sid: text(), 'Effect!': oneOf('Allow', 'Deny'), 'Action!': actions, 'Resource!': actions }), 100),
);

const switches = Object.entries(uncertainDefaults).map(([name, value]) => {
  const inverted = Object.entries(uncertainInverted).find(([other]) => other === name)?.[1] ?? value;
  return [name, oneOf(value, inverted)] as const;
});
/** Checks of the switches. Most of them take the default or the inverted value, and the others follow. */
const uncertain = {
  ...Object.fromEntries(switches),
  rowBeforeFirstRun: oneOf(true, false, 'fault'),
  statusWhileAssessing: text(),
  quota: orNull(whole(0, 1e6)),
  throttle: orNull(shape({ 'burst!': number(0, 1e6), 'refill!': number(0, 1e6) })),
};

/** Checks of the options and arguments of the simulator, which may come from untrusted clients over HTTP. */
export const checks = {
  simulator: shape({
    port: whole(0, 65_535),
    host: text(),
    speed,
    startAt: time,
    seed: number(0, 2 ** 32),
    durations,
    uncertain: shape(uncertain),
    rowBeforeFirstRun: oneOf(true, false, 'fault'),
    tables: either(isCount, tableCount, shape(tableSettings)),
    policy,
  }),
  replication: shape({
    identifier: text(/^[^]{1,255}$/, 'a text of 1 to 255 characters'),
    resourceIdentifier: text(/^[^:\s]{1,255}$/, 'a text of 1 to 255 characters without colons and white space'),
    status: oneOf(...placed),
    replicationType: oneOf('full-load', 'cdc', 'full-load-and-cdc'),
    region: text(/^[a-z0-9-]{1,40}$/, 'like eu-west-1'),
    accountId: text(/^\d{12}$/, 'a number of 12 digits'),
    tables: either(isCount, tableCount, shape({ ...tableSettings, validation: flag })),
    isReadOnly: flag,
    tags: recordOf(textUpTo(256)),
    changesPerSecond: number(0, 1e12),
    source: shape(source),
    durations,
  }),
  sourceChange: shape({ ...source, openTransaction: flag }),
  tablesChange: shape(tablesChange),
  nextStop: byType(
    {
      fail: ['messages', 'stopReason'],
      'self-restart': ['stopReason', 'afterSeconds'],
      reason: ['stopReason'],
      hang: [],
    },
    { messages, stopReason: anyText, afterSeconds: number() },
  ),
  fault: byType(
    {
      ...Object.fromEntries(faultTypes.map((type) => [type, []])),
      'invalid-state': ['status'],
      late: ['seconds'],
      'clock-skew': ['skewSeconds'],
      latency: ['milliseconds'],
    },
    {
      'operation!': oneOf('*', ...Object.keys(requestShapes), 'GetMetricData'),
      replicationConfigArn: text(),
      times: whole(1, 1e9),
      after: whole(0, 1e9),
      probability: number(0, 1),
      forSeconds: number(),
      name: text(),
      message: anyText,
      status: either((value) => typeof value === 'number', whole(400, 599), text()),
      afterEffect: flag,
      seconds: number(),
      skewSeconds: number(-1e9, 1e9),
      milliseconds: number(0, 3_600_000),
      staleSeconds: number(0, REMEMBERED_SECONDS),
      upToSeconds: number(0, REMEMBERED_SECONDS),
      hides: oneOf('from-lists', 'row', 'row-and-config'),
      tableName: text(),
      resource: orNull(text()),
    },
  ),
  uncertain: shape(uncertain),
  reset: shape({ startAt: time }),
  faultId: whole(1, 1e15),
  speed,
  durations,
  policy,
  messages,
  seconds: number(),
  step: oneOf(...steps),
  assessment: oneOf(...assessmentEnds),
  startType: oneOf('start-replication', 'resume-processing', 'reload-target'),
} satisfies Readonly<Record<string, Check>>;

/** Returns the table settings that an option gives. A number is the count of tables. */
export function settingsOfTables(tables: SimulatedReplicationOptions['tables']): Partial<TableSettings> {
  if (typeof tables !== 'object') return tables === undefined ? {} : { count: tables };
  const { validation: _, ...settings } = tables;
  return settings;
}
