/** The package's own idea of the lifecycle against the simulator's, which was written from the facts without it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { factsOf, statuses } from '../../src/dms/lifecycle.js';
import {
  uncertainDefaults,
  uncertainInverted,
  startDmsSimulator,
  type DmsSimulator,
  type PlacedStatus,
} from '../../src/simulator/index.js';
import { ask, mappings, refusal } from '../support/dms-http.js';

/**
 * Where the package does not ask although DMS would accept, or asks although DMS would refuse, and why. Keyed by what is assumed, status and
 * operation.
 */
const explained: Readonly<Record<string, string>> = {
  'assumed deprovisioning start':
    'DMS refuses while it deprovisions; the package sees that in the provision state and refuses a resume before any call',
  'inverted deprovisioning start': 'as above',
  'inverted deprovisioned start':
    'DMS might refuse a reload as well; the package passes a confirmed one on and tells what DMS said',
  'inverted created stop':
    'where a stop of what is at rest is accepted it has no effect, so nothing is lost by not asking',
  'inverted stopped stop': 'as above',
  'inverted failed stop': 'as above',
  'inverted deprovisioning stop': 'as above',
  'inverted deprovisioned stop': 'as above',
  'inverted stopping stop': 'a second stop has no effect either; the one under way is followed',
  'inverted initializing stop':
    'a stop might abort a start; a refusal was seen for provisioning_capacity, so the package waits until it runs',
  'inverted preparing_metadata_resources stop': 'as above',
  'inverted testing_connection stop': 'as above',
  'inverted fetching_metadata stop': 'as above',
  'inverted calculating_capacity stop': 'as above',
  'inverted provisioning_capacity stop': 'as above',
  'inverted replication_starting stop': 'as above',
};

/**
 * The package neither modifies nor deletes; what is at rest to it is what DMS lets others modify and delete, and a resume waits for. Where that is
 * not so, and why.
 */
const explainedAtRest: Readonly<Record<string, string>> = {
  'assumed deprovisioning ModifyReplicationConfig': 'DMS is at work, in the provision state; nothing waits for it',
  'assumed deprovisioning DeleteReplicationConfig': 'as above',
  'inverted deprovisioning ModifyReplicationConfig': 'as above',
  'inverted deprovisioning DeleteReplicationConfig': 'as above',
  'inverted stopped DeleteReplicationConfig': 'reports differ on whether what is still provisioned can be deleted',
  'inverted failed DeleteReplicationConfig': 'as above',
};

describe.each([
  ['assumed', uncertainDefaults],
  ['inverted', { ...uncertainInverted, throttle: null }],
] as const)('with uncertain behaviour as %s', (assumption, uncertain) => {
  let simulator: DmsSimulator;
  beforeAll(async () => {
    simulator = await startDmsSimulator({ speed: 0, uncertain });
  });
  afterAll(() => simulator.close());

  for (const status of Object.keys(statuses) as PlacedStatus[]) {
    for (const operation of ['stop', 'start'] as const) {
      test(`the package and DMS agree on a ${operation} of a ${status} replication, or differ as documented`, async () => {
        const arn = simulator.createReplication({ status });
        // What is deprovisioned is not resumed: that is refused before any call.
        const again = status.startsWith('deprov') ? 'reload-target' : 'resume-processing';
        const type = status === 'created' ? 'start-replication' : again;
        const said =
          operation === 'stop'
            ? await refusal(simulator, 'StopReplication', { ReplicationConfigArn: arn })
            : await refusal(simulator, 'StartReplication', { ReplicationConfigArn: arn, StartReplicationType: type });
        const asks = ['call', 'first-start'].includes(factsOf(status)[operation]);
        const isAccepted = said === 'accepted';
        if (!isAccepted) expect(said).toMatch(/InvalidResourceStateFault|has been deprovisioned/);
        const key = `${assumption} ${status} ${operation}`;
        expect([key, asks === isAccepted]).toEqual([key, !(key in explained)]);
      });
    }

    test.each([
      ['ModifyReplicationConfig', { TableMappings: mappings(['include', 'shop', '%']) }],
      ['DeleteReplicationConfig', {}],
    ])(
      `%s is accepted for a ${status} replication only if the package calls it at rest, or as documented`,
      async (operation, more) => {
        const arn = simulator.createReplication({ status });
        const said = await refusal(simulator, operation, { ReplicationConfigArn: arn, ...more });
        if (said !== 'accepted') expect(said).toContain('InvalidResourceStateFault');
        const key = `${assumption} ${status} ${operation}`;
        const isAsExpected = (said === 'accepted') === (factsOf(status).phase === 'rest');
        expect([key, isAsExpected]).toEqual([key, !(key in explainedAtRest)]);
      },
    );

    test(`tables of a ${status} replication are reloaded only while it runs`, async () => {
      const arn = simulator.createReplication({ status });
      const TablesToReload = [{ SchemaName: 'shop', TableName: 'table_00001' }];
      const said = await refusal(simulator, 'ReloadReplicationTables', { ReplicationConfigArn: arn, TablesToReload });
      if (status === 'running') expect(said).toBe('accepted');
      else expect(said).toContain('InvalidResourceStateFault');
    });

    test(`a ${status} replication shows its row, its config and the tables that it keeps`, async () => {
      const arn = simulator.createReplication({ status });
      const Filters = [{ Name: 'replication-config-arn', Values: [arn] }];
      const { ReplicationConfigs } = await ask(simulator, 'DescribeReplicationConfigs', { Filters });
      const { Replications } = await ask(simulator, 'DescribeReplications', { Filters });
      const { ReplicationTableStatistics: rows } = await ask(simulator, 'DescribeReplicationTableStatistics', {
        ReplicationConfigArn: arn,
      });
      expect(ReplicationConfigs).toHaveLength(1);
      const hasRow = status !== 'created' || uncertain.rowBeforeFirstRun === true;
      const shown = status.startsWith('deprov') && uncertain.deprovisionShownIn !== 'status' ? 'stopped' : status;
      expect(Replications.map(({ Status }: { Status: string }) => Status)).toEqual(hasRow ? [shown] : []);
      const isGone =
        status === 'created' ||
        status === 'deprovisioned' ||
        (status === 'deleting' && uncertain.deleteNeedsDeprovisioned);
      expect(rows).toHaveLength(isGone ? 0 : 3);
    });
  }
});
