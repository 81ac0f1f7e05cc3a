/** `ReplicationSettings` of configs, and what depends on them. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startDmsSimulator, type DmsSimulator, type Uncertain } from '../../src/simulator/index.js';
import { ask, config, look, refusal } from '../support/dms-http.js';

let simulator: DmsSimulator;
const begin = async (uncertain: Partial<Uncertain> = {}) =>
  void (simulator = await startDmsSimulator({ speed: 0, uncertain }));
afterEach(() => simulator.close());

/** Creates a config with settings, and returns its ARN with the settings that DMS shows. */
async function created(settings: object | null, changes: object = {}) {
  const given = settings === null ? {} : { ReplicationSettings: JSON.stringify(settings) };
  const { ReplicationConfig } = await ask(
    simulator,
    'CreateReplicationConfig',
    config('orders', { ...given, ...changes }),
  );
  const arn: string = ReplicationConfig.ReplicationConfigArn;
  return { arn, shown: await shownOf(arn), answered: JSON.parse(ReplicationConfig.ReplicationSettings) };
}

async function shownOf(arn: string) {
  const Filters = [{ Name: 'replication-config-arn', Values: [arn] }];
  const { ReplicationConfigs } = await ask(simulator, 'DescribeReplicationConfigs', { Filters });
  return JSON.parse(ReplicationConfigs[0].ReplicationSettings);
}

const modify = (arn: string, settings: object) =>
  refusal(simulator, 'ModifyReplicationConfig', {
    ReplicationConfigArn: arn,
    ReplicationSettings: JSON.stringify(settings),
  });

describe('the settings of a config', () => {
  beforeEach(() => begin());

  test.each([
    ['full-load', 'DROP_AND_CREATE'],
    ['full-load-and-cdc', 'DROP_AND_CREATE'],
    ['cdc', 'DO_NOTHING'],
  ])("of the type %s are all of DMS's defaults", async (ReplicationType, mode) => {
    const { shown, answered } = await created(null, { ReplicationType });
    expect(answered).toEqual(shown);
    expect(shown.FullLoadSettings).toMatchObject({ TargetTablePrepMode: mode, MaxFullLoadSubTasks: 8 });
    expect(shown.ErrorBehavior).toMatchObject({ RecoverableErrorCount: -1, FailOnNoTablesCaptured: true });
    expect(shown.Logging).toMatchObject({
      EnableLogging: false,
      CloudWatchLogGroup: null,
      CloudWatchLogStream: null,
    });
    expect(shown.Logging.LogComponents).toHaveLength(19);
    expect(shown).toMatchObject({ BeforeImageSettings: null, PostProcessingRules: null });
    expect(shown).not.toHaveProperty('ValidationSettings');
  });

  test('are those that were given, merged with the defaults', async () => {
    const sorter = { Id: 'SORTER', Severity: 'LOGGER_SEVERITY_DETAILED_DEBUG' };
    const { shown } = await created({
      TargetMetadata: { BatchApplyEnabled: true, LobMaxSize: 64 },
      ValidationSettings: { EnableValidation: true },
      Logging: { LogComponents: [sorter] },
      ErrorBehavior: null,
      FullLoadSettings: { CommitRate: null },
    });
    expect(shown.FullLoadSettings.CommitRate).toBe(10_000);
    expect(shown.TargetMetadata).toMatchObject({ BatchApplyEnabled: true, LobMaxSize: 64, LobChunkSize: 64 });
    expect(shown.ValidationSettings).toMatchObject({ EnableValidation: true, ThreadCount: 5 });
    expect(shown.Logging.LogComponents).toHaveLength(19);
    expect(shown.Logging.LogComponents).toContainEqual(sorter);
    expect(shown.ErrorBehavior.TableErrorPolicy).toBe('SUSPEND_TABLE');
  });

  test.each([
    ['an array', []],
    ['an inherited name', { toString: {} }],
    ['a list as a section', { Logging: ['x'] }],
    ['a section as a list', { Logging: { LogComponents: {} } }],
    ['an unknown section', { Colours: { Favourite: 'blue' } }],
    ['a section that is a text', { Logging: 'yes' }],
    ['a value of another type', { ErrorBehavior: { RecoverableErrorCount: 'many' } }],
    ['a switch that is a section', { FailTaskWhenCleanTaskResourceFailed: {} }],
  ])('with %s are refused, for a new config and for a change', async (_, settings) => {
    const { arn, shown } = await created(null);
    expect(await modify(arn, settings)).toContain('InvalidParameterValueException: Invalid task settings json');
    expect(await shownOf(arn)).toEqual(shown);
    const other = config('other', { ReplicationSettings: JSON.stringify(settings) });
    expect(await refusal(simulator, 'CreateReplicationConfig', other)).toContain('Invalid task settings json');
  });

  test('change where a modification names them, and stay elsewhere', async () => {
    const { arn } = await created({ TargetMetadata: { LobMaxSize: 64 } });
    expect(await modify(arn, { TargetMetadata: { LobMaxSize: 64 } })).toContain('No modifications requested');
    expect(await modify(arn, { TargetMetadata: { BatchApplyEnabled: true } })).toBe('accepted');
    expect((await shownOf(arn)).TargetMetadata).toMatchObject({ BatchApplyEnabled: true, LobMaxSize: 64 });
  });

  test('have the log group and stream after a start with logging, and clients can not set them', async () => {
    const named = { ReplicationSettings: JSON.stringify({ Logging: { CloudWatchLogGroup: 'mine' } }) };
    expect(await refusal(simulator, 'CreateReplicationConfig', config('orders', named))).toBe(
      'InvalidParameterValueException: Task Settings CloudWatchLogGroup or CloudWatchLogStream cannot be set on create.',
    );
    const { arn, shown } = await created({ Logging: { EnableLogging: true } });
    expect(shown.Logging.CloudWatchLogGroup).toBeNull();
    await ask(simulator, 'StartReplication', { ReplicationConfigArn: arn, StartReplicationType: 'start-replication' });
    expect((await shownOf(arn)).Logging).toMatchObject({
      CloudWatchLogGroup: 'dms-serverless-replication-orders',
      CloudWatchLogStream: 'dms-serverless-serv-res-id-orders',
    });
    const stopped = simulator.createReplication({ status: 'stopped' });
    expect(await modify(stopped, { Logging: { CloudWatchLogGroup: 'mine' } })).toContain('cannot be modified.');
    expect(await modify(stopped, { ValidationSettings: null })).toContain('No modifications requested');
  });
});

test.each([
  ['short', 'Stop Reason FATAL_ERROR'],
  ['full', 'Last Error The disk is full Stop Reason FATAL_ERROR Error Level FATAL'],
] as const)('the stop reason of a failure is %s if `failureStopReason` says so', async (failureStopReason, reason) => {
  await begin({ failureStopReason });
  const arn = simulator.createReplication();
  simulator.fail(arn, ['The disk is full']);
  expect((await look(simulator, arn)).StopReason).toBe(reason);
});

test.each([
  ['minimum', 4],
  ['maximum', 16],
] as const)('a start begins with the %s capacity if `initialCapacity` says so', async (initialCapacity, units) => {
  await begin({ initialCapacity });
  const arn = simulator.createReplication({ status: 'created' });
  simulator.start(arn);
  for (let minute = 0; simulator.row(arn).Status !== 'running' && minute < 120; minute++)
    simulator.clock.advance({ minutes: 1 });
  expect((await look(simulator, arn)).ProvisionData.ProvisionedCapacityUnits).toBe(units);
});
