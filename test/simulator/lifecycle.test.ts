import { afterEach, describe, expect, test } from 'vitest';
import { startDmsSimulator, type DmsSimulator, type DmsSimulatorOptions } from '../../src/simulator/index.js';
import { stopReasons } from '../../src/dms/stop-reasons.js';
import { startSteps } from '../../src/simulator/engine/steps.js';
import { ask, call, config, look, refusal } from '../support/dms-http.js';

let simulator: DmsSimulator;
afterEach(() => simulator.close());

/** Starts a simulator whose time stands still. */
async function begin(options: DmsSimulatorOptions = {}): Promise<void> {
  simulator = await startDmsSimulator({ speed: 0, ...options });
}

/** Returns the statuses that looks show over some minutes, one look every 20 s, without repetitions. */
async function statusesOver(arn: string, minutes: number): Promise<string[]> {
  const seen: string[] = [(await look(simulator, arn)).Status];
  for (let seconds = 0; seconds < minutes * 60; seconds += 20) {
    simulator.clock.advance({ seconds: 20 });
    const { Status: status } = await look(simulator, arn);
    if (status !== seen.at(-1)) seen.push(status);
  }
  return seen;
}

const start = (arn: string, StartReplicationType = 'start-replication', more: object = {}) =>
  ask(simulator, 'StartReplication', { ReplicationConfigArn: arn, StartReplicationType, ...more });
const stop = (arn: string) => ask(simulator, 'StopReplication', { ReplicationConfigArn: arn });

describe('a start', () => {
  test.each([
    ['full-load', ['running', 'stopped'], null],
    ['cdc', ['running'], 'checkpoint:'],
    ['full-load-and-cdc', ['running'], 'checkpoint:'],
  ] as const)(
    'of type %s goes through every step and ends in the statuses %j',
    async (replicationType, end, checkpoint) => {
      await begin();
      const arn = simulator.createReplication({ status: 'created', replicationType });
      await start(arn);
      expect(await statusesOver(arn, 90)).toEqual([...startSteps, ...end]);
      const row = await look(simulator, arn);
      expect(row.RecoveryCheckpoint?.slice(0, 11) ?? null).toBe(checkpoint);
      // DMS deprovisions a finished full load soon, and loses its statistics.
      expect(row.ReplicationStats.FullLoadProgressPercent).toBe(replicationType === 'full-load' ? 0 : 100);
      expect(row.ProvisionData).toMatchObject({ DateProvisioned: expect.any(Number) });
    },
  );

  test.each(startSteps)('that fails in %s ends in failed, with the failure message', async (step) => {
    await begin();
    const arn = simulator.createReplication({ status: 'created' });
    simulator.onStep(arn, step, [`No luck in ${step}`]);
    await start(arn);
    const seen = await statusesOver(arn, 60);
    expect(seen).toEqual([...startSteps.slice(0, startSteps.indexOf(step) + 1), 'failed']);
    const row = await look(simulator, arn);
    const { SourceEndpointArn: endpoint, ReplicationConfigIdentifier: identifier } = row;
    const named = `endpoint '${endpoint.split(':').at(-1)}' and replication config '${identifier}'`;
    const told = `No luck in ${step}`;
    expect(row.FailureMessages).toEqual([
      step === 'testing_connection' ? `Test connection failed for ${named}. Failure Message: '${told}'` : told,
    ]);
    if (step === 'provisioning_capacity') expect(row.ProvisionData.ProvisionState).toBe('failed_provision');
  });

  test('that hangs stays in its step, and a replication created in a step goes on to running', async () => {
    await begin();
    const hanging = simulator.createReplication({ status: 'created' });
    simulator.onStep(hanging, 'testing_connection', null);
    await start(hanging);
    const placed = simulator.createReplication({ status: 'provisioning_capacity' });
    expect((await statusesOver(hanging, 120)).at(-1)).toBe('testing_connection');
    expect((await look(simulator, placed)).Status).toBe('running');
  });

  test.each([
    ['short', ['replication_starting', 'running']],
    ['full', [...startSteps, 'running']],
  ] as const)('within 48 hours takes the %s path if `resumePath` says so', async (resumePath, path) => {
    await begin({ uncertain: { resumePath } });
    const arn = simulator.createReplication({ status: 'stopped' });
    await start(arn, 'resume-processing');
    expect(await statusesOver(arn, 60)).toEqual(path);
  });

  test.each([
    ['created', 'resume-processing', {}, 'accepted'],
    ['created', 'resume-processing', { resumeAsFirstStart: false }, 'InvalidParameterCombinationException'],
    [
      'stopped',
      'start-replication',
      {},
      'InvalidParameterCombinationException: Start Type : START_REPLICATION, valid only for replications running for the first time',
    ],
    ['failed', 'start-replication', {}, 'InvalidParameterCombinationException'],
    ['stopped', 'reload-target', {}, 'accepted'],
    ['deprovisioned', 'resume-processing', {}, 'InvalidParameterCombinationException'],
    ['deprovisioned', 'resume-processing', { resumeAfterDeprovision: true }, 'accepted'],
    ['deprovisioned', 'reload-target', {}, 'accepted'],
    ['deprovisioning', 'reload-target', {}, 'InvalidResourceStateFault'],
    ['modifying', 'resume-processing', {}, 'is in MODIFYING state and cannot start'],
    ['running', 'resume-processing', {}, 'is in RUNNING state and cannot start'],
    ['stopped', 'restart', {}, 'InvalidParameterValueException'],
    ['created', 'reload-target', {}, 'valid only for replications that have run before'],
  ] as const)('of a %s replication with %s (%j) is answered with: %s', async (status, type, uncertain, expected) => {
    await begin({ uncertain });
    const arn = simulator.createReplication({ status });
    const said = await refusal(simulator, 'StartReplication', {
      ReplicationConfigArn: arn,
      StartReplicationType: type,
    });
    expect(said).toContain(expected);
  });

  test('takes a start position or time only if `customStartPoint` is set, and never both', async () => {
    await begin();
    const arn = simulator.createReplication({ status: 'created', replicationType: 'cdc' });
    const position = {
      ReplicationConfigArn: arn,
      StartReplicationType: 'start-replication',
      CdcStartPosition: 'checkpoint:V1#1',
    };
    expect(await refusal(simulator, 'StartReplication', position)).toContain(
      'Custom CDC start points are not supported',
    );
    expect(await refusal(simulator, 'StartReplication', { ...position, CdcStartTime: 1 })).toContain(
      'cannot both be given',
    );
    await simulator.close();
    await begin({ uncertain: { customStartPoint: true } });
    const other = simulator.createReplication({ status: 'created', replicationType: 'cdc' });
    const { Replication: row } = await ask(simulator, 'StartReplication', { ...position, ReplicationConfigArn: other });
    expect(row).toMatchObject({ CdcStartPosition: 'checkpoint:V1#1', Status: 'initializing' });
    const earlier = simulator.createReplication({ status: 'created', replicationType: 'cdc', tables: 1 });
    await start(earlier, 'start-replication', { CdcStartTime: simulator.clock.now() / 1000 - 3600 });
    simulator.clock.advance({ hours: 1 });
    const rowsOf = async (ReplicationConfigArn: string) => {
      const { ReplicationTableStatistics: rows } = await ask(simulator, 'DescribeReplicationTableStatistics', {
        ReplicationConfigArn,
      });
      return rows[0].AppliedInserts * (ReplicationConfigArn === other ? 3 : 1);
    };
    // The earlier start time adds an hour of 12 inserts a second.
    expect((await rowsOf(earlier)) - (await rowsOf(other))).toBeGreaterThan(3600 * 12);
  });

  test.each([
    ['passed', {}, 'running', undefined],
    ['warning', {}, 'running', undefined],
    ['failed', {}, 'failed', 'The premigration assessment failed'],
    ['failed', { FailOnAssessmentFailure: false }, 'running', undefined],
  ] as const)(
    'with a premigration assessment that ends as %s (%j) ends as %s',
    async (status, settings, end, message) => {
      await begin();
      const arn = simulator.createReplication({ status: 'created' });
      simulator.onAssessment(arn, status);
      await start(arn, 'start-replication', { PremigrationAssessmentSettings: JSON.stringify(settings) });
      const seen: string[] = [];
      for (let minutes = 0; minutes < 60; minutes++) {
        const [assessment] = (await look(simulator, arn)).PremigrationAssessmentStatuses;
        if (assessment.Status !== seen.at(-1)) seen.push(assessment.Status);
        simulator.clock.advance({ minutes: 1 });
      }
      expect(seen).toEqual(['starting', 'provisioning', 'running', status]);
      expect(await look(simulator, arn)).toMatchObject({
        Status: end,
        FailureMessages: message === undefined ? [] : [message],
      });
    },
  );
});

describe('a premigration assessment', () => {
  const assessed = async (arn: string) => {
    const [assessment] = (await look(simulator, arn)).PremigrationAssessmentStatuses;
    return assessment.Status as string;
  };

  test('is cancelled when a stop aborts its start, if `stopAbortsStart` is set', async () => {
    await begin({ uncertain: { stopAbortsStart: true } });
    const arn = simulator.createReplication({ status: 'created' });
    await start(arn, 'start-replication', { PremigrationAssessmentSettings: '{}' });
    await stop(arn);
    expect(await assessed(arn)).toBe('cancelling');
    expect(await statusesOver(arn, 60)).toEqual(['stopping', 'stopped']);
  });

  test('is shown as deleting while its config is being deleted', async () => {
    await begin();
    const arn = simulator.createReplication({ status: 'created' });
    simulator.onAssessment(arn, 'failed');
    await start(arn, 'start-replication', { PremigrationAssessmentSettings: '{}' });
    simulator.clock.advance({ minutes: 10 });
    expect(await assessed(arn)).toBe('failed');
    await ask(simulator, 'DeleteReplicationConfig', { ReplicationConfigArn: arn });
    expect(await assessed(arn)).toBe('deleting');
  });
});

describe('a replication that is created as', () => {
  test.each([
    ['running', 'full-load-and-cdc', { Status: 'running', RecoveryCheckpoint: expect.any(String) }],
    ['running', 'full-load', { Status: 'running', ReplicationStats: { FullLoadProgressPercent: 0 } }],
    ['stopped', 'cdc', { StopReason: 'Stop Reason NORMAL', RecoveryCheckpoint: expect.any(String) }],
    ['stopped', 'full-load', { StopReason: 'Stop Reason FULL_LOAD_ONLY_FINISHED' }],
    ['deprovisioned', 'full-load', { Status: 'stopped', ProvisionData: { ProvisionState: 'deprovisioned' } }],
    ['failed', 'full-load-and-cdc', { StopReason: 'Stop Reason FATAL_ERROR', FailureMessages: ['Simulated failure'] }],
  ] as const)('%s, of type %s, shows the past that leads to that status', async (status, replicationType, shown) => {
    await begin();
    const arn = simulator.createReplication({ status, replicationType });
    const row = await look(simulator, arn);
    expect(row).toMatchObject(shown);
    expect(row.ReplicationCreateTime).toBeLessThan(simulator.clock.now() / 1000);
    expect(row.ReplicationStats.StartDate).toBe(row.ReplicationCreateTime);
    const { ReplicationConfigs } = await ask(simulator, 'DescribeReplicationConfigs');
    expect(ReplicationConfigs[0].ReplicationConfigCreateTime).toBe(row.ReplicationCreateTime);
  });
});

describe('a start', () => {
  test('that is rejected changes neither the row nor the deprovisioning', async () => {
    await begin();
    const arn = simulator.createReplication({ status: 'stopped' });
    const before = await look(simulator, arn);
    const bad = { ReplicationConfigArn: arn, StartReplicationType: 'resume-processing' };
    const said = await refusal(simulator, 'StartReplication', { ...bad, PremigrationAssessmentSettings: '{' });
    expect(said).toContain('Invalid PremigrationAssessmentSettings');
    expect(
      await refusal(simulator, 'StartReplication', { ...bad, CdcStopPosition: 'server_time:2026-99-99T99:99:99' }),
    ).toContain('Invalid CdcStopPosition');
    expect(await look(simulator, arn)).toEqual(before);
    simulator.clock.advance({ hours: 49 });
    expect((await look(simulator, arn)).ProvisionData.ProvisionState).toBe('deprovisioned');
  });

  test('with a stop position that passes during the load stops once the load is done', async () => {
    await begin();
    const arn = simulator.createReplication({ status: 'created' });
    const at = new Date(simulator.clock.now() + 60_000).toISOString().slice(0, 19);
    await start(arn, 'start-replication', { CdcStopPosition: `server_time:${at}` });
    simulator.clock.advance({ hours: 3 });
    const row = await look(simulator, arn);
    expect(row).toMatchObject({ Status: 'stopped', StopReason: 'Stop Reason STOPPED_AT_SERVER_TIME' });
    expect(simulator.replications()).toMatchObject([{ lagSeconds: null }]);
    // A stop position applies to changes after the load, so the load is done.
    expect(row.ReplicationStats).toMatchObject({ FullLoadProgressPercent: 100, TablesLoaded: 3 });
  });

  test.each([
    [{ acceptedIsFirstRun: true }, 'valid only for replications running for the first time'],
    [{ acceptedIsFirstRun: false }, 'accepted'],
  ])('that fails before running is a first run if `acceptedIsFirstRun` is set: %j', async (uncertain, said) => {
    await begin({ uncertain });
    const arn = simulator.createReplication({ status: 'created' });
    simulator.onStep(arn, 'testing_connection', ['No route']);
    await start(arn);
    simulator.clock.advance({ hours: 1 });
    const failed = await look(simulator, arn);
    expect([failed.Status, failed.ProvisionData.ProvisionState, failed.ReplicationDeprovisionTime]).toEqual([
      'failed',
      undefined,
      undefined,
    ]);
    simulator.onStep(arn, 'testing_connection', undefined);
    expect(
      await refusal(simulator, 'StartReplication', {
        ReplicationConfigArn: arn,
        StartReplicationType: 'start-replication',
      }),
    ).toContain(said);
  });

  test.each([
    [{}, true],
    [{ startClearsStop: true }, false],
  ])('still shows the previous stop unless `startClearsStop` is set: %j', async (uncertain, isShown) => {
    await begin({ uncertain });
    const arn = simulator.createReplication({ status: 'stopped' });
    await start(arn, 'resume-processing');
    expect((await look(simulator, arn)).ReplicationLastStopTime !== undefined).toBe(isShown);
  });
});

describe('a stop', () => {
  test('shows the fields of the previous run until DMS describes it', async () => {
    await begin();
    const arn = simulator.createReplication({ status: 'stopped' });
    const before = await look(simulator, arn);
    await start(arn, 'resume-processing');
    simulator.clock.advance({ minutes: 10 });
    const { Replication: answer } = await stop(arn);
    expect(answer).toMatchObject({ Status: 'stopping', ReplicationLastStopTime: before.ReplicationLastStopTime });
    simulator.clock.advance({ seconds: 91 });
    expect(await look(simulator, arn)).toMatchObject({
      Status: 'stopped',
      ReplicationLastStopTime: before.ReplicationLastStopTime,
    });
    simulator.clock.advance({ seconds: 4 });
    const described = await look(simulator, arn);
    expect(described.ReplicationLastStopTime).toBeGreaterThan(before.ReplicationLastStopTime);
    expect(described.ReplicationDeprovisionTime).toBe(described.ReplicationLastStopTime + 48 * 3600);
  });

  test.each(Object.keys(stopReasons))('for the reason %s shows that reason', async (code) => {
    await begin();
    const arn = simulator.createReplication();
    simulator.stop(arn, `Stop Reason ${code}`);
    simulator.clock.advance({ minutes: 3 });
    expect(await look(simulator, arn)).toMatchObject({ Status: 'stopped', StopReason: `Stop Reason ${code}` });
  });

  test.each([
    ['server_time', 'Stop Reason STOPPED_AT_SERVER_TIME'],
    ['commit_time', 'Stop Reason STOPPED_AT_COMMIT_TIME'],
  ])('at a %s needs no request', async (kind, reason) => {
    await begin();
    const arn = simulator.createReplication({ status: 'stopped' });
    const at = new Date(simulator.clock.now() + 1_800_000).toISOString().slice(0, 19);
    await start(arn, 'resume-processing', { CdcStopPosition: `${kind}:${at}` });
    simulator.clock.advance({ minutes: 29 });
    expect((await look(simulator, arn)).Status).toBe('running');
    simulator.clock.advance({ minutes: 2 });
    expect(await look(simulator, arn)).toMatchObject({ Status: 'stopped', StopReason: reason });
    const odd = { ReplicationConfigArn: arn, StartReplicationType: 'resume-processing', CdcStopPosition: 'noon' };
    expect(await refusal(simulator, 'StartReplication', odd)).toContain('Invalid CdcStopPosition');
  });

  test.each(['FATAL_ERROR', 'RECOVERABLE_ERROR'])(
    'for %s is undone by DMS after the configured seconds',
    async (reason) => {
      await begin({ durations: { describingStop: 3 } });
      const arn = simulator.createReplication();
      const stopReason = `Stop Reason ${reason}`;
      simulator.onNextStop(arn, { type: 'self-restart', stopReason, afterSeconds: 8 });
      simulator.stop(arn);
      simulator.clock.advance({ seconds: 97 });
      expect(await look(simulator, arn)).toMatchObject({ Status: 'stopped', StopReason: stopReason });
      simulator.clock.advance({ seconds: 1 });
      expect((await look(simulator, arn)).Status).toBe('replication_starting');
      simulator.clock.advance({ seconds: 90 });
      expect((await look(simulator, arn)).Status).toBe('running');
    },
  );

  test('can be undone by DMS with twice the capacity, can fail, and can hang', async () => {
    await begin();
    const [undone, failing, hanging] = [1, 2, 3].map(() => simulator.createReplication()) as [string, string, string];
    simulator.onNextStop(undone, {
      type: 'self-restart',
      stopReason: 'Stop Reason STOPPED_DUE_TO_LOW_MEMORY',
      afterSeconds: 600,
    });
    simulator.onNextStop(failing, { type: 'fail', messages: ['Disk is gone'], stopReason: 'Stop Reason FATAL_ERROR' });
    simulator.onNextStop(hanging, { type: 'hang' });
    for (const arn of [undone, failing, hanging]) await stop(arn);
    simulator.clock.advance({ minutes: 5 });
    expect(await look(simulator, undone)).toMatchObject({
      Status: 'stopped',
      StopReason: 'Stop Reason STOPPED_DUE_TO_LOW_MEMORY',
    });
    expect(await look(simulator, failing)).toMatchObject({ Status: 'failed', FailureMessages: ['Disk is gone'] });
    simulator.clock.advance({ hours: 5 });
    const scaled = await look(simulator, undone);
    expect([scaled.Status, scaled.ProvisionData.ProvisionedCapacityUnits]).toEqual(['running', 8]);
    expect((await look(simulator, hanging)).Status).toBe('stopping');
  });

  test.each([
    ['provisioning_capacity', {}, "is in 'provisioning_capacity' state and cannot be stopped."],
    ['provisioning_capacity', { stopAbortsStart: true }, 'accepted'],
    ['stopping', {}, "is in 'stopping' state and cannot be stopped."],
    ['stopping', { stopWhileStopping: 'accepted' }, 'accepted'],
    ['stopped', {}, "is in 'stopped' state and cannot be stopped."],
    ['stopped', { stopAtRest: 'accepted' }, 'accepted'],
    ['created', { stopAtRest: 'accepted' }, 'accepted'],
    ['modifying', { stopAtRest: 'accepted' }, "is in 'modifying' state and cannot be stopped."],
  ] as const)('of a %s replication (%j) is answered with: %s', async (status, uncertain, expected) => {
    await begin({ uncertain });
    const arn = simulator.createReplication({ status });
    expect(await refusal(simulator, 'StopReplication', { ReplicationConfigArn: arn })).toContain(expected);
  });
});

describe('after a stop', () => {
  test('the replication is deprovisioned 48 hours later and loses its statistics', async () => {
    await begin();
    const arn = simulator.createReplication({ status: 'stopped' });
    const statistics = () => ask(simulator, 'DescribeReplicationTableStatistics', { ReplicationConfigArn: arn });
    simulator.clock.advance({ hours: 47, minutes: 59 });
    expect((await look(simulator, arn)).ProvisionData.ProvisionState).toBe('provisioned');
    expect((await statistics()).ReplicationTableStatistics).toHaveLength(3);
    simulator.clock.advance({ minutes: 2 });
    expect(await look(simulator, arn)).toMatchObject({
      Status: 'stopped',
      ProvisionData: { ProvisionState: 'deprovisioning' },
    });
    expect(await refusal(simulator, 'DeleteReplicationConfig', { ReplicationConfigArn: arn })).toContain(
      'cannot be deleted',
    );
    simulator.clock.advance({ minutes: 6 });
    const row = await look(simulator, arn);
    expect(row).toMatchObject({
      Status: 'stopped',
      ProvisionData: { ProvisionState: 'deprovisioned' },
      RecoveryCheckpoint: expect.any(String),
    });
    expect(row.ReplicationStats.TablesLoaded).toBe(0);
    expect((await statistics()).ReplicationTableStatistics).toEqual([]);
  });

  test('deprovisioning can clear the checkpoint, show as a status, and spell the provision state in upper case', async () => {
    await begin({
      uncertain: { checkpointAfterDeprovision: false, deprovisionShownIn: 'status', provisionStateCase: 'upper' },
    });
    const arn = simulator.createReplication({ status: 'stopped' });
    simulator.clock.advance({ hours: 49 });
    const row = await look(simulator, arn);
    expect(row).toMatchObject({ Status: 'deprovisioned', ProvisionData: { ProvisionState: 'DEPROVISIONED' } });
    expect(row.RecoveryCheckpoint).toBeUndefined();
  });

  test('a replication that is modified while DMS deprovisions it shows `deprovisioned` in the end', async () => {
    await begin({ uncertain: { deprovisionShownIn: 'status' }, durations: { deprovisioning: 60, modifying: 300 } });
    const arn = simulator.createReplication({ status: 'deprovisioning' });
    simulator.modify(arn);
    simulator.clock.advance({ minutes: 2 });
    expect((await look(simulator, arn)).Status).toBe('modifying');
    simulator.clock.advance({ minutes: 4 });
    expect((await look(simulator, arn)).Status).toBe('deprovisioned');
  });

  test('a replication that fails while DMS deprovisions it shows `failed`', async () => {
    await begin({ uncertain: { deprovisionShownIn: 'status' } });
    const arn = simulator.createReplication({ status: 'deprovisioning' });
    simulator.fail(arn, ['the source is gone']);
    expect(await look(simulator, arn)).toMatchObject({
      Status: 'failed',
      ProvisionData: { ProvisionState: 'deprovisioning' },
    });
    simulator.clock.advance({ hours: 1 });
    expect(await look(simulator, arn)).toMatchObject({
      Status: 'failed',
      ProvisionData: { ProvisionState: 'deprovisioned' },
    });
  });

  test.each([
    ['freshStartAfterDeprovision', (row: any) => row.ReplicationStats.FreshStartDate],
    ['deprovisionTimeAfterDeprovision', (row: any) => row.ReplicationDeprovisionTime],
  ] as const)('%s decides whether the row still shows a time after deprovisioning', async (name, timeOf) => {
    for (const isShown of [true, false]) {
      if (!isShown) await simulator.close();
      await begin({ uncertain: { [name]: isShown } });
      const arn = simulator.createReplication({ status: 'stopped' });
      expect(timeOf(await look(simulator, arn))).toEqual(expect.any(Number));
      simulator.clock.advance({ hours: 49 });
      const row = await look(simulator, arn);
      expect(row.ProvisionData.ProvisionState).toBe('deprovisioned');
      expect(timeOf(row)).toEqual(isShown ? expect.any(Number) : undefined);
    }
  });

  test('a failed replication and a finished full load are deprovisioned too', async () => {
    await begin();
    const failed = simulator.createReplication({ status: 'failed' });
    const loading = simulator.createReplication({ status: 'created', replicationType: 'full-load' });
    await start(loading);
    simulator.clock.advance({ hours: 1 });
    expect(await look(simulator, loading)).toMatchObject({
      Status: 'stopped',
      StopReason: 'Stop Reason FULL_LOAD_ONLY_FINISHED',
    });
    simulator.clock.advance({ minutes: 20 });
    expect((await look(simulator, loading)).ProvisionData.ProvisionState).toBe('deprovisioned');
    simulator.clock.advance({ hours: 49 });
    expect(await look(simulator, failed)).toMatchObject({
      Status: 'failed',
      ProvisionData: { ProvisionState: 'deprovisioned' },
    });
  });
});

describe('a config', () => {
  const create = (changes: object = {}) => refusal(simulator, 'CreateReplicationConfig', config('orders', changes));

  test.each([
    [{}, 'accepted'],
    [
      { ReplicationType: 'full' },
      "ValidationException: 1 validation error detected: Value 'full' at 'replicationType'",
    ],
    [{ ComputeConfig: {} }, 'InvalidParameterValueException'],
    [{ ComputeConfig: { MinCapacityUnits: 16, MaxCapacityUnits: 2 } }, 'cannot be greater'],
    [{ ComputeConfig: { MaxCapacityUnits: 3 } }, 'must be one of'],
    [{ SourceEndpointArn: 'arn:aws:dms:eu-west-1:123456789012:endpoint:TARGET1' }, 'must be of type SOURCE'],
    [{ TargetEndpointArn: 'arn:aws:dms:eu-west-1:123456789012:endpoint:SOURCE1' }, 'must be of type TARGET'],
    [{ SourceEndpointArn: 'arn:aws:dms:us-east-1:123456789012:endpoint:SOURCE1' }, 'ResourceNotFoundFault'],
    [{ TableMappings: '{' }, 'Invalid Table Mappings document. Invalid json'],
    [{ TableMappings: '{}' }, 'Valid Table mappings is required'],
    [{ ReplicationSettings: '{' }, 'Invalid task settings json'],
    [{ ReplicationConfigIdentifier: '1-orders' }, 'must begin with a letter'],
    [{ SourceEndpointArn: null }, "Value null at 'sourceEndpointArn' failed to satisfy constraint"],
    [{ ReplicationConfigIdentifier: 7 }, 'SerializationException: NUMBER_VALUE can not be converted to a String'],
    [{ ComputeConfig: [] }, 'SerializationException: START_ARRAY'],
    [{ Tags: 'x' }, 'SerializationException: STRING_VALUE'],
  ])('created with %j is answered with: %s', async (changes, expected) => {
    await begin();
    expect(await create(changes)).toContain(expected);
  });

  test('can be created once, and again under the same ARN after its deletion', async () => {
    await begin();
    await create();
    expect(await create()).toContain('ResourceAlreadyExistsFault');
    const arn = 'arn:aws:dms:eu-west-1:123456789012:replication-config:orders';
    const { ReplicationCreateTime: before } = await look(simulator, arn);
    await ask(simulator, 'DeleteReplicationConfig', { ReplicationConfigArn: arn });
    expect((await look(simulator, arn)).Status).toBe('deleting');
    simulator.clock.advance({ minutes: 3 });
    expect(await refusal(simulator, 'DeleteReplicationConfig', { ReplicationConfigArn: arn })).toContain(
      'ResourceNotFoundFault',
    );
    expect(await create()).toBe('accepted');
    expect((await look(simulator, arn)).ReplicationCreateTime).toBeGreaterThan(before);
  });

  test("can be modified where AWS allows it, and can't be started meanwhile", async () => {
    await begin();
    const arn = simulator.createReplication({ status: 'stopped' });
    const modify = (changes: object) =>
      refusal(simulator, 'ModifyReplicationConfig', { ReplicationConfigArn: arn, ...changes });
    expect(await modify({ ReplicationType: 'cdc' })).toContain(
      'replication-type cannot be modified as the replication is in provisioned',
    );
    expect(await modify({})).toContain(`No modifications requested for replication config with arn, '${arn}'`);
    expect(await modify({ ReplicationConfigIdentifier: 'renamed' })).toBe('accepted');
    expect((await look(simulator, arn)).Status).toBe('modifying');
    expect(
      await refusal(simulator, 'StartReplication', {
        ReplicationConfigArn: arn,
        StartReplicationType: 'resume-processing',
      }),
    ).toContain('MODIFYING');
    simulator.clock.advance({ minutes: 3 });
    expect(await look(simulator, arn)).toMatchObject({ Status: 'stopped', ReplicationConfigIdentifier: 'renamed' });
    const running = simulator.createReplication();
    const change = { ReplicationConfigArn: running, ReplicationConfigIdentifier: 'no' };
    expect(await refusal(simulator, 'ModifyReplicationConfig', change)).toContain(
      'is in RUNNING state and cannot be modified',
    );
    const created = simulator.createReplication({ status: 'created' });
    expect(
      await refusal(simulator, 'ModifyReplicationConfig', { ReplicationConfigArn: created, ReplicationType: 'cdc' }),
    ).toBe('accepted');
  });

  test('shows supplemental settings only if they were given, and has a random ARN unless one is asked for', async () => {
    await begin({ seed: 7 });
    const create = (name: string, more: object = {}) =>
      ask(simulator, 'CreateReplicationConfig', config(name, { ResourceIdentifier: null, ...more }));
    const { ReplicationConfig: plain } = await create('plain');
    expect(plain).not.toHaveProperty('SupplementalSettings');
    const { ReplicationConfig: full } = await create('full', { SupplementalSettings: '{"a":1}' });
    expect(full.SupplementalSettings).toBe('{"a":1}');
    expect(plain.ReplicationConfigUpdateTime).toBe(plain.ReplicationConfigCreateTime);
    const { ReplicationConfigs: shown } = await ask(simulator, 'DescribeReplicationConfigs', {});
    expect(shown.filter((each: object) => 'SupplementalSettings' in each)).toHaveLength(1);
    const names = [plain, full].map(({ ReplicationConfigArn }) => ReplicationConfigArn.split(':').at(-1));
    for (const name of names) expect(name).toMatch(/^[A-Z](?=.*[2-7])[A-Z2-7]{25}$/);
  });

  test('keeps only the known members of requests, and merges changes of its compute config', async () => {
    await begin();
    await ask(
      simulator,
      'CreateReplicationConfig',
      config('clean', { Foo: 1, Tags: null, ComputeConfig: { MaxCapacityUnits: 16, Bar: 2 } }),
    );
    const arn = 'arn:aws:dms:eu-west-1:123456789012:replication-config:clean';
    const change = { ReplicationConfigArn: arn, IsReadOnly: true, ComputeConfig: { MultiAZ: true } };
    const { ReplicationConfig: changed } = await ask(simulator, 'ModifyReplicationConfig', change);
    expect(changed.ComputeConfig).toEqual({ MaxCapacityUnits: 16, MultiAZ: true });
    expect(Object.keys(changed)).not.toEqual(expect.arrayContaining(['Foo']));
    expect(changed.IsReadOnly).toBeUndefined();
    simulator.clock.advance({ minutes: 3 });
    const modify = (ComputeConfig: object | null) =>
      refusal(simulator, 'ModifyReplicationConfig', { ReplicationConfigArn: arn, ComputeConfig });
    expect(await modify({ MinCapacityUnits: 64 })).toContain('cannot be greater');
    expect(await modify({ MultiAZ: true })).toContain('No modifications requested');
    expect(await modify(null)).toContain('No modifications requested');
    const stopped = simulator.createReplication({ status: 'stopped' });
    const key = { ReplicationConfigArn: stopped, ComputeConfig: { KmsKeyId: 'other' } };
    expect(await refusal(simulator, 'ModifyReplicationConfig', key)).toContain('kms-key-id cannot be modified');
  });

  test('is rejected over the quota and deleted only once deprovisioned, if configured', async () => {
    await begin({ uncertain: { quota: 1, deleteNeedsDeprovisioned: true } });
    const arn = simulator.createReplication({ status: 'stopped' });
    expect(await create()).toContain('ResourceQuotaExceededFault');
    expect(await refusal(simulator, 'DeleteReplicationConfig', { ReplicationConfigArn: arn })).toContain(
      'cannot be deleted',
    );
    simulator.clock.advance({ hours: 49 });
    expect(await refusal(simulator, 'DeleteReplicationConfig', { ReplicationConfigArn: arn })).toBe('accepted');
  });

  test.each(['modifying', 'deleting'] as const)('can fail or hang while %s', async (step) => {
    await begin();
    const arn = simulator.createReplication({ status: 'stopped' });
    const act = () =>
      step === 'modifying'
        ? refusal(simulator, 'ModifyReplicationConfig', {
            ReplicationConfigArn: arn,
            ReplicationConfigIdentifier: 'other',
          })
        : refusal(simulator, 'DeleteReplicationConfig', { ReplicationConfigArn: arn });
    simulator.onStep(arn, step, ['No luck']);
    expect(await act()).toBe('accepted');
    simulator.clock.advance({ minutes: 5 });
    expect(await look(simulator, arn)).toMatchObject({ Status: 'failed', FailureMessages: ['No luck'] });
    simulator.onStep(arn, step, null);
    if (step === 'deleting') expect(await act()).toBe('accepted');
    else simulator.modify(arn);
    simulator.clock.advance({ hours: 5 });
    expect((await look(simulator, arn)).Status).toBe(step);
  });

  test.each(['modifying', 'deleting'] as const)(
    'whose %s failed is still deprovisioned after 48 hours',
    async (step) => {
      await begin();
      const arn = simulator.createReplication({ status: 'stopped' });
      simulator.onStep(arn, step, ['No luck']);
      const operation = step === 'modifying' ? 'ModifyReplicationConfig' : 'DeleteReplicationConfig';
      const more = step === 'modifying' ? { ReplicationConfigIdentifier: 'other' } : {};
      expect(await refusal(simulator, operation, { ReplicationConfigArn: arn, ...more })).toBe('accepted');
      simulator.clock.advance({ hours: 49 });
      expect((await look(simulator, arn)).ProvisionData).toMatchObject({ ProvisionState: 'deprovisioned' });
    },
  );

  test('that is being deleted is not restarted by DMS', async () => {
    await begin();
    const arn = simulator.createReplication();
    simulator.onNextStop(arn, { type: 'self-restart', stopReason: 'Stop Reason RECYCLE_TASK', afterSeconds: 600 });
    simulator.onStep(arn, 'deleting', null);
    await call(simulator, 'StopReplication', { ReplicationConfigArn: arn });
    simulator.clock.advance({ minutes: 5 });
    expect(await refusal(simulator, 'DeleteReplicationConfig', { ReplicationConfigArn: arn })).toBe('accepted');
    simulator.clock.advance({ minutes: 20 });
    expect((await look(simulator, arn)).Status).toBe('deleting');
  });

  test('of a zero-ETL integration rejects every change', async () => {
    await begin();
    const arn = simulator.createReplication({ isReadOnly: true });
    const table = { SchemaName: 'shop', TableName: 'table_00001' };
    for (const [operation, more] of [
      ['StopReplication', {}],
      ['StartReplication', { StartReplicationType: 'resume-processing' }],
      ['ModifyReplicationConfig', { ReplicationConfigIdentifier: 'other' }],
      ['DeleteReplicationConfig', {}],
      ['ReloadReplicationTables', { TablesToReload: [table] }],
    ] as const) {
      expect(await refusal(simulator, operation, { ReplicationConfigArn: arn, ...more })).toContain('read-only');
    }
    expect((await look(simulator, arn)).IsReadOnly).toBe(true);
  });
});

describe('lists', () => {
  test("show only the replications of the caller's account-region", async () => {
    await begin();
    const arn = simulator.createReplication();
    simulator.createReplication({ region: 'us-east-1' });
    simulator.createReplication({ accountId: '999999999999' });
    const arns = async (options: object) =>
      (await ask(simulator, 'DescribeReplications', {}, options)).Replications.map(
        (row: { ReplicationConfigArn: string }) => row.ReplicationConfigArn,
      );
    expect(await arns({})).toEqual([arn]);
    expect(await arns({ region: 'us-east-1' })).toEqual([expect.stringContaining(':us-east-1:')]);
    expect(await arns({ accountId: '999999999999' })).toEqual([expect.stringContaining(':999999999999:')]);
    const stranger = { accountId: '999999999999' };
    expect(await refusal(simulator, 'StopReplication', { ReplicationConfigArn: arn }, stranger)).toContain(
      'ResourceNotFoundFault',
    );
  });

  test('come in pages, can be filtered, and reject unknown names, filters and markers', async () => {
    await begin();
    const arns = Array.from({ length: 45 }, () => simulator.createReplication());
    const page = (input: object) => ask(simulator, 'DescribeReplications', { MaxRecords: 20, ...input });
    const seen: string[] = [];
    for (let Marker: string | undefined; ;) {
      const { Replications, Marker: next } = await page({ Marker });
      seen.push(...Replications.map((row: { ReplicationConfigArn: string }) => row.ReplicationConfigArn));
      if (next === undefined) break;
      Marker = next;
    }
    expect(seen).toEqual(arns);
    const by = (Name: string, ...Values: string[]) => ({ Filters: [{ Name, Values }] });
    const id = arns[3]?.split(':').at(-1) ?? '';
    expect((await page(by('replication-config-id', id))).Replications).toHaveLength(1);
    expect((await page(by('replication-config-arn', arns[1] ?? '', arns[2] ?? ''))).Replications).toHaveLength(2);
    const missing = `${arns[1]}X`;
    expect(await refusal(simulator, 'DescribeReplications', by('replication-config-arn', missing))).toContain(
      'ResourceNotFoundFault',
    );
    expect(
      await refusal(simulator, 'DescribeReplications', by('replication-config-arn', arns[1] ?? '', missing)),
    ).toContain('ResourceNotFoundFault');
    expect(await refusal(simulator, 'DescribeReplications', by('migration-type', 'cdc'))).toContain(
      'migration-type is not supported',
    );
    const first = await page({ MaxRecords: 0, Marker: '' });
    expect(first).toEqual(await ask(simulator, 'DescribeReplications', {}));
    for (const bad of [{ MaxRecords: 19 }, { MaxRecords: 101 }, { Marker: '!' }]) {
      expect(await refusal(simulator, 'DescribeReplications', bad)).toContain('InvalidParameterValueException');
    }
  });

  test('skip no replication when another is deleted between two pages', async () => {
    await begin({ durations: { deleting: 1 } });
    const arns = Array.from({ length: 40 }, () => simulator.createReplication({ status: 'created' }));
    const { Marker } = await ask(simulator, 'DescribeReplications', { MaxRecords: 20 });
    await ask(simulator, 'DeleteReplicationConfig', { ReplicationConfigArn: arns[0] });
    simulator.clock.advance({ seconds: 2 });
    const Filters = [{ Name: 'replication-config-arn', Values: [arns[0]] }];
    expect(await refusal(simulator, 'DescribeReplications', { Filters })).toContain('ResourceNotFoundFault');
    const { Replications } = await ask(simulator, 'DescribeReplications', { MaxRecords: 20, Marker });
    expect(Replications.map((row: { ReplicationConfigArn: string }) => row.ReplicationConfigArn)).toEqual(
      arns.slice(20),
    );
  });

  test('answer a request for a config that never ran with a fault if `rowBeforeFirstRun` is fault', async () => {
    await begin({ rowBeforeFirstRun: 'fault' });
    const arn = simulator.createReplication({ status: 'created' });
    const Filters = [{ Name: 'replication-config-arn', Values: [arn] }];
    expect(await refusal(simulator, 'DescribeReplications', { Filters })).toContain('ResourceNotFoundFault');
    expect((await ask(simulator, 'DescribeReplicationConfigs', { Filters })).ReplicationConfigs).toHaveLength(1);
  });

  test('come page by page, each once, although the filter names them in another order', async () => {
    await begin();
    const arns = Array.from({ length: 30 }, () => simulator.createReplication());
    const Filters = [{ Name: 'replication-config-arn', Values: arns.toReversed() }];
    const first = await ask(simulator, 'DescribeReplications', { Filters, MaxRecords: 20 });
    const second = await ask(simulator, 'DescribeReplications', { Filters, MaxRecords: 20, Marker: first.Marker });
    const shown = [...first.Replications, ...second.Replications].map((row: any) => row.ReplicationConfigArn);
    expect([shown, second.Marker]).toEqual([arns, undefined]);
  });

  test('show the rows beside an unknown ARN, and no row before the first run, if configured', async () => {
    await begin({ uncertain: { missingInFilter: 'others', rowBeforeFirstRun: false } });
    const arn = simulator.createReplication();
    const created = simulator.createReplication({ status: 'created' });
    const Filters = [{ Name: 'replication-config-arn', Values: [arn, `${arn}X`] }];
    expect((await ask(simulator, 'DescribeReplications', { Filters })).Replications).toHaveLength(1);
    expect(await look(simulator, created)).toBeUndefined();
    expect((await ask(simulator, 'DescribeReplicationConfigs')).ReplicationConfigs).toHaveLength(2);
  });
});

describe('IAM', () => {
  test('allows DescribeReplications for `*` only, lets Deny override Allow, and names the denied action', async () => {
    await begin();
    const arn = simulator.createReplication();
    const other = simulator.createReplication();
    simulator.setPolicy([
      { Effect: 'Allow', Action: ['dms:StopReplication', 'dms:Describe*'], Resource: arn },
      { Effect: 'Deny', Action: 'dms:Delete*', Resource: '*' },
    ]);
    expect(await refusal(simulator, 'StopReplication', { ReplicationConfigArn: arn })).toBe('accepted');
    expect(await refusal(simulator, 'StopReplication', { ReplicationConfigArn: other })).toBe(
      `AccessDeniedException: User: arn:aws:iam::123456789012:user/simulated is not authorized to perform: dms:StopReplication on resource: ${other} because no identity-based policy allows the dms:StopReplication action`,
    );
    expect(await refusal(simulator, 'DescribeReplications')).toContain('dms:DescribeReplications on resource: *');
    expect(await refusal(simulator, 'DescribeReplicationTableStatistics', { ReplicationConfigArn: arn })).toBe(
      'accepted',
    );
    const everything = { Effect: 'Allow', Action: '*', Resource: '*' } as const;
    simulator.setPolicy([everything]);
    expect(await refusal(simulator, 'DescribeReplications')).toBe('accepted');
    simulator.setPolicy([everything, { Effect: 'Deny', Action: 'dms:Delete*', Resource: '*' }]);
    expect(await refusal(simulator, 'DeleteReplicationConfig', { ReplicationConfigArn: other })).toContain(
      'AccessDeniedException',
    );
    simulator.setPolicy(null);
  });

  test('answers in time for a policy that is full of wildcards', async () => {
    await begin();
    const arn = simulator.createReplication({ resourceIdentifier: 'a'.repeat(200) });
    const Resource = `${'*a'.repeat(60)}b`;
    simulator.setPolicy([{ Effect: 'Allow', Action: '*', Resource }]);
    expect(await refusal(simulator, 'StopReplication', { ReplicationConfigArn: arn })).toContain('AccessDenied');
    simulator.setPolicy([{ Effect: 'Allow', Action: 'DMS:stop?eplication', Resource: `arn:*${'*a'.repeat(60)}*` }]);
    expect(await refusal(simulator, 'StopReplication', { ReplicationConfigArn: arn })).toBe('accepted');
    simulator.setPolicy(null);
  });

  test('denies with the HTTP status of `accessDeniedStatus`', async () => {
    await begin({ uncertain: { accessDeniedStatus: 403 }, policy: [] });
    expect((await call(simulator, 'DescribeReplications')).status).toBe(403);
  });
});

test('the same seed and the same calls give the same answers, to the letter', async () => {
  const life = async () => {
    await begin({ seed: 7 });
    simulator.fault({ operation: 'DescribeReplications', type: 'throttle', times: 10, probability: 0.3 });
    const made = await ask(simulator, 'CreateReplicationConfig', config('seeded', { ResourceIdentifier: undefined }));
    const arn: string = made.ReplicationConfig.ReplicationConfigArn;
    const told: unknown[] = [arn];
    await start(arn);
    for (let n = 0; n < 80; n++) {
      simulator.clock.advance({ minutes: 1 });
      told.push(await call(simulator, 'DescribeReplications'));
    }
    await simulator.close();
    return JSON.stringify(told);
  };
  const first = await life();
  expect(await life()).toBe(first);
  expect(first).toContain('ThrottlingException');
  await begin();
});
