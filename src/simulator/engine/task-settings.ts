/**
 * `ReplicationSettings` of a config: DMS's defaults, merged with what a client has given.
 *
 * The defaults are those that Terraform's acceptance tests expect of serverless replications. Those of
 * `ValidationSettings` are from the user guide, because DMS shows that section only if it was given.
 */
import { AwsFault } from './aws-fault.js';
import type { ReplicationType } from './model.js';

type Settings = Readonly<Record<string, unknown>>;

const LOG_COMPONENTS = [
  'DATA_STRUCTURE',
  'COMMUNICATION',
  'IO',
  'COMMON',
  'FILE_FACTORY',
  'FILE_TRANSFER',
  'REST_SERVER',
  'ADDONS',
  'TARGET_LOAD',
  'TARGET_APPLY',
  'SOURCE_UNLOAD',
  'SOURCE_CAPTURE',
  'TRANSFORMATION',
  'SORTER',
  'TASK_MANAGER',
  'TABLES_MANAGER',
  'METADATA_MANAGER',
  'PERFORMANCE',
  'VALIDATOR_EXT',
];

/** Sections of the settings. `null`: DMS shows null unless the section was given. */
const defaults: Readonly<Record<string, Settings | boolean | null>> = {
  Logging: {
    EnableLogging: false,
    EnableLogContext: false,
    LogComponents: LOG_COMPONENTS.map((Id) => ({ Severity: 'LOGGER_SEVERITY_DEFAULT', Id })),
    CloudWatchLogGroup: null,
    CloudWatchLogStream: null,
  },
  StreamBufferSettings: { StreamBufferCount: 3, CtrlStreamBufferSizeInMB: 5, StreamBufferSizeInMB: 8 },
  ErrorBehavior: {
    FailOnNoTablesCaptured: true,
    FailOnTransactionConsistencyBreached: false,
    FullLoadIgnoreConflicts: true,
    DataErrorPolicy: 'LOG_ERROR',
    DataErrorEscalationCount: 0,
    DataErrorEscalationPolicy: 'SUSPEND_TABLE',
    DataTruncationErrorPolicy: 'LOG_ERROR',
    DataMaskingErrorPolicy: 'STOP_TASK',
    EventErrorPolicy: 'IGNORE',
    TableErrorPolicy: 'SUSPEND_TABLE',
    TableErrorEscalationCount: 0,
    TableErrorEscalationPolicy: 'STOP_TASK',
    ApplyErrorInsertPolicy: 'LOG_ERROR',
    ApplyErrorUpdatePolicy: 'LOG_ERROR',
    ApplyErrorDeletePolicy: 'IGNORE_RECORD',
    ApplyErrorEscalationCount: 0,
    ApplyErrorEscalationPolicy: 'LOG_ERROR',
    ApplyErrorFailOnTruncationDdl: false,
    RecoverableErrorCount: -1,
    RecoverableErrorInterval: 5,
    RecoverableErrorThrottling: true,
    RecoverableErrorThrottlingMax: 1800,
    RecoverableErrorStopRetryAfterThrottlingMax: true,
  },
  TTSettings: { EnableTT: false, FailTaskOnTTFailure: false, TTS3Settings: null, TTRecordSettings: null },
  FullLoadSettings: {
    TargetTablePrepMode: 'DROP_AND_CREATE',
    CommitRate: 10_000,
    CreatePkAfterFullLoad: false,
    MaxFullLoadSubTasks: 8,
    StopTaskCachedChangesApplied: false,
    StopTaskCachedChangesNotApplied: false,
    TransactionConsistencyTimeout: 600,
  },
  TargetMetadata: {
    TargetSchema: '',
    SupportLobs: true,
    FullLobMode: false,
    LimitedSizeLobMode: true,
    LobChunkSize: 64,
    LobMaxSize: 32,
    InlineLobMaxSize: 0,
    LoadMaxFileSize: 0,
    ParallelLoadThreads: 0,
    ParallelLoadBufferSize: 0,
    ParallelLoadQueuesPerThread: 0,
    ParallelApplyThreads: 0,
    ParallelApplyBufferSize: 0,
    ParallelApplyQueuesPerThread: 0,
    BatchApplyEnabled: false,
    TaskRecoveryTableEnabled: false,
  },
  BeforeImageSettings: null,
  ControlTablesSettings: {
    ControlSchema: '',
    historyTimeslotInMinutes: 5,
    HistoryTimeslotInMinutes: 5,
    HistoryTableEnabled: false,
    StatusTableEnabled: false,
    SuspendedTablesTableEnabled: false,
    CommitPositionTableEnabled: false,
    FullLoadExceptionTableEnabled: false,
  },
  LoopbackPreventionSettings: null,
  CharacterSetSettings: null,
  FailTaskWhenCleanTaskResourceFailed: false,
  ChangeProcessingTuning: {
    BatchApplyPreserveTransaction: true,
    BatchApplyTimeoutMin: 1,
    BatchApplyTimeoutMax: 30,
    BatchApplyMemoryLimit: 500,
    BatchSplitSize: 0,
    MinTransactionSize: 1000,
    CommitTimeout: 1,
    MemoryLimitTotal: 1024,
    MemoryKeepTime: 60,
    StatementCacheSize: 50,
  },
  ChangeProcessingDdlHandlingPolicy: {
    HandleSourceTableDropped: true,
    HandleSourceTableTruncated: true,
    HandleSourceTableAltered: true,
  },
  PostProcessingRules: null,
};

const validationDefaults: Settings = {
  EnableValidation: false,
  ValidationMode: 'ROW_LEVEL',
  ValidationOnly: false,
  ThreadCount: 5,
  PartitionSize: 10_000,
  FailureMaxCount: 10_000,
  TableFailureMaxCount: 1000,
  RecordFailureDelayInMinutes: 5,
  RecordFailureDelayLimitInMinutes: 0,
  RecordSuspendDelayInMinutes: 30,
  ValidationQueryCdcDelaySeconds: 0,
  MaxKeyColumnSize: 8096,
  SkipLobColumns: false,
  ValidationPartialLobSize: 0,
  HandleCollationDiff: false,
};

/** Returns the settings of a new config, as JSON. `given`: settings of the client, as JSON. */
export function settingsOf(given: string, type: ReplicationType): string {
  const read = readSettings(given);
  const { CloudWatchLogGroup: group = null, CloudWatchLogStream: stream = null } = recordOf(read['Logging']);
  if (group !== null || stream !== null)
    throw invalid('Task Settings CloudWatchLogGroup or CloudWatchLogStream cannot be set on create.');
  const prepares = type === 'cdc' ? 'DO_NOTHING' : 'DROP_AND_CREATE';
  const own = {
    ...defaults,
    FullLoadSettings: { ...recordOf(defaults['FullLoadSettings']), TargetTablePrepMode: prepares },
  };
  return JSON.stringify(merged(own, read));
}

/** Returns the present settings with those that a client has given, as JSON. Nobody but DMS names the log. */
export function changedSettings(present: string, given: string): string {
  const [before, read] = [JSON.parse(present) as Settings, readSettings(given)];
  const [logging, asked] = [recordOf(before['Logging']), recordOf(read['Logging'])];
  for (const name of ['CloudWatchLogGroup', 'CloudWatchLogStream'])
    if ((asked[name] ?? logging[name]) !== logging[name])
      throw invalid('Task Settings CloudWatchLogGroup or CloudWatchLogStream cannot be modified.');
  return JSON.stringify(merged(before, read));
}

/** Returns the settings with the log that DMS writes. A replication that does not log has none. */
export function withLog(present: string, id: string): string {
  const settings = JSON.parse(present) as Settings;
  const logging = recordOf(settings['Logging']);
  if (logging['EnableLogging'] !== true || logging['CloudWatchLogGroup'] !== null) return present;
  const name = id.toLowerCase();
  const CloudWatchLogGroup = `dms-serverless-replication-${name}`;
  const CloudWatchLogStream = `dms-serverless-serv-res-id-${name}`;
  return JSON.stringify({ ...settings, Logging: { ...logging, CloudWatchLogGroup, CloudWatchLogStream } });
}

/** Reads the settings of a client. Throws if a section is unknown, or if a value has another type than its default. */
function readSettings(given: string): Settings {
  const settings = parseSettings(given);
  if (settings === null) throw invalid('Invalid task settings json');
  for (const [name, section] of Object.entries(settings)) {
    const own = name === 'ValidationSettings' ? validationDefaults : Object.hasOwn(defaults, name) && defaults[name];
    if (own === false && name !== 'FailTaskWhenCleanTaskResourceFailed') throw invalid('Invalid task settings json');
    const kind = typeof own === 'boolean' ? 'boolean' : 'section';
    const members = Object.entries(recordOf(section));
    const isFine = section === null || kindOf(section) === kind;
    const hasKind = ([key, value]: [string, unknown]) => {
      const usual = Object.hasOwn(recordOf(own), key) ? recordOf(own)[key] : null;
      return usual === null || value === null || kindOf(value) === kindOf(usual);
    };
    if (!isFine || !members.every(hasKind)) throw invalid('Invalid task settings json');
  }
  return settings;
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'list';
  return typeof value === 'object' ? 'section' : typeof value;
}

/** Merges sections. A section or member that is null changes nothing. */
function merged(present: Settings, given: Settings): Settings {
  const wanted = Object.entries(given).filter(([, section]) => section !== null);
  const sections = wanted.map(([name, section]) => {
    const before = present[name] ?? (name === 'ValidationSettings' ? validationDefaults : null);
    return [
      name,
      typeof section === 'object' && section !== null && before !== null
        ? mergedSection(recordOf(before), section)
        : section,
    ];
  });
  return { ...present, ...(Object.fromEntries(sections) as Settings) };
}

function mergedSection(before: Settings, section: object): Settings {
  const given = Object.fromEntries(Object.entries(section).filter(([, value]) => value !== null)) as Settings;
  const { LogComponents: components } = given;
  if (!Array.isArray(components)) return { ...before, ...given };
  const named = components.map(recordOf);
  const usual = Array.isArray(before['LogComponents']) ? before['LogComponents'].map(recordOf) : [];
  const all = usual.map((each) => named.find(({ Id }) => Id === each['Id']) ?? each);
  return { ...before, ...given, LogComponents: all };
}

/** Parses settings. `null`: they are not a JSON object. */
export function parseSettings(text: string): Settings | null {
  try {
    const read: unknown = JSON.parse(text);
    return typeof read === 'object' && read !== null && !Array.isArray(read) ? (read as Settings) : null;
  } catch {
    return null; // not JSON
  }
}

function recordOf(value: unknown): Settings {
  return typeof value === 'object' && value !== null ? (value as Settings) : {};
}

function invalid(message: string): AwsFault {
  return new AwsFault('InvalidParameterValueException', message);
}
