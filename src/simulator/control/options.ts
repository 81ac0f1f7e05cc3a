import type { Statement } from '../api/iam.js';
import { assessmentEnds } from '../engine/assessment.js';
import { faultTypes } from '../api/faults.js';
import { REMEMBERED_SECONDS } from '../engine/history.js';
import type { PlacedStatus, ReplicationType, TableSettings } from '../engine/model.js';
import { assumed, type Uncertain } from '../engine/uncertain.js';
import { startSteps, steps, usualDurations, type Durations } from '../engine/steps.js';
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
  whole,
  type Check,
} from '../engine/validate.js';

export interface DmsSimulatorOptions {
  /** Default: a free one. */
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

const isText = (value: unknown) => typeof value === 'string';
const some = whole(0, MAX_TABLES);
const rates = shape({ 'inserts!': number(), 'updates!': number(), 'deletes!': number() });
const source = {
  engine: oneOf(...engines),
  bytesPerSecond: number(0, 1e12),
  rates,
  catchUp: number(),
  logRetentionSeconds: orNull(number()),
  filteredWrites: flag,
};
const tableSettings = {
  count: some,
  names: listOf(text(/^[^.]+\.[^]+$/, 'like shop.orders: schema and table'), MAX_TABLES),
  rates: recordOf(rates),
  inError: some,
  mismatched: some,
  withoutKey: some,
  suspended: some,
  notValidated: some,
  missing: some,
  cancelled: some,
  skippedPercent: number(0, 100),
};
const isCount = (value: unknown) => typeof value !== 'object';
const durations = shape(Object.fromEntries(Object.keys(usualDurations).map((name) => [name, number()])));
/** Maximum length of a message: longer than what a client of DMS may keep whole. */
const MAX_TEXT = 1_000_000;
const anyText = textUpTo(MAX_TEXT);
const messages = listOf(anyText, 100);
const actions = either(isText, text(), listOf(text(), 100));
const policy = orNull(
  listOf(shape({ Sid: text(), 'Effect!': oneOf('Allow', 'Deny'), 'Action!': actions, 'Resource!': actions }), 100),
);

/** What the simulator and its handle take; it may come over HTTP, from anybody. */
export const checks = {
  simulator: shape({
    port: whole(0, 65_535),
    host: text(),
    speed: number(0, 1e6),
    startAt: text(/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?Z$/, 'a time like 2026-01-01T00:00:00Z'),
    seed: number(0, 2 ** 32),
    durations,
    uncertain: shape(Object.fromEntries(Object.keys(assumed).map((name) => [name, () => {}]))),
    rowBeforeFirstRun: oneOf(true, false, 'fault'),
    tables: either(isCount, some, shape(tableSettings)),
    policy,
  }),
  replication: shape({
    identifier: text(/^[^]{1,255}$/, 'a text of 1 to 255 characters'),
    status: oneOf(...placed),
    replicationType: oneOf('full-load', 'cdc', 'full-load-and-cdc'),
    region: text(/^[a-z0-9-]{1,40}$/, 'like eu-west-1'),
    accountId: text(/^\d{12}$/, 'a number of 12 digits'),
    tables: either(isCount, some, shape({ ...tableSettings, validation: flag })),
    isReadOnly: flag,
    changesPerSecond: number(0, 1e12),
    source: shape(source),
    durations,
  }),
  sourceChange: shape({ ...source, openTransaction: flag }),
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
      'operation!': text(),
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
    },
  ),
  policy,
  messages,
  seconds: number(),
  step: oneOf(...steps),
  assessment: oneOf(...assessmentEnds),
  startType: oneOf('start-replication', 'resume-processing', 'reload-target'),
} satisfies Readonly<Record<string, Check>>;

/** The settings of tables in options, where a number alone says how many there are. */
export function settingsOfTables(tables: SimulatedReplicationOptions['tables']): Partial<TableSettings> {
  if (typeof tables !== 'object') return tables === undefined ? {} : { count: tables };
  const { validation: _, ...settings } = tables;
  return settings;
}
