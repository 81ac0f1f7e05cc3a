/** Compares the package's lifecycle table with the simulator's lifecycle. Both were written independently. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { statusFacts, lifecycleTable } from '../../src/dms/lifecycle.js';
import {
  uncertainDefaults,
  uncertainInverted,
  startDmsSimulator,
  type DmsSimulator,
  type PlacedStatus,
} from '../../src/simulator/index.js';
import { ask, mappings, refusal } from '../support/dms-http.js';

/**
 * Reasons why the package does not call although DMS would accept, or calls although DMS would refuse.
 *
 * Keys: uncertain behaviour, status, operation.
 */
const explained: Readonly<Record<string, string>> = {
  'assumed deprovisioning start':
    'DMS refuses while it deprovisions; the package sees that in the provision state and refuses a resume before any call',
  'inverted deprovisioning start': 'as above',
  'inverted deprovisioned start':
    'DMS might refuse a reload as well; the package sends a confirmed one, and reports the answer of DMS',
  'inverted created stop':
    'an accepted stop of a replication at rest has no effect, so the package loses nothing without it',
  'inverted stopped stop': 'as above',
  'inverted failed stop': 'as above',
  'inverted deprovisioning stop': 'as above',
  'inverted deprovisioned stop': 'as above',
  'inverted stopping stop': 'a second stop has no effect; the package follows the one under way',
  'inverted initializing stop':
    'a stop might abort a start; DMS was seen to refuse one, so the package waits for running',
  'inverted preparing_metadata_resources stop': 'as above',
  'inverted testing_connection stop': 'as above',
  'inverted fetching_metadata stop': 'as above',
  'inverted calculating_capacity stop': 'as above',
  'inverted provisioning_capacity stop': 'as above',
  'inverted replication_starting stop': 'as above',
};

/**
 * Reasons why DMS and the package disagree on whether a status is at rest.
 *
 * The package neither modifies nor deletes. It takes a status for at rest if DMS lets others modify and delete.
 */
const explainedAtRest: Readonly<Record<string, string>> = {
  'assumed deprovisioning ModifyReplicationConfig': 'DMS is at work, in the provision state; nothing waits for it',
  'assumed deprovisioning DeleteReplicationConfig': 'as above',
  'inverted deprovisioning ModifyReplicationConfig': 'as above',
  'inverted deprovisioning DeleteReplicationConfig': 'as above',
  'inverted stopped DeleteReplicationConfig': 'reports differ on a deletion of a provisioned replication',
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

  for (const status of Object.keys(lifecycleTable) as PlacedStatus[]) {
    for (const operation of ['stop', 'start'] as const) {
      test(`the package and DMS agree on a ${operation} of a ${status} replication, or differ as documented`, async () => {
        const arn = simulator.createReplication({ status });
        // The package refuses to resume a deprovisioned replication before any call.
        const again = status.startsWith('deprov') ? 'reload-target' : 'resume-processing';
        const type = status === 'created' ? 'start-replication' : again;
        const said =
          operation === 'stop'
            ? await refusal(simulator, 'StopReplication', { ReplicationConfigArn: arn })
            : await refusal(simulator, 'StartReplication', { ReplicationConfigArn: arn, StartReplicationType: type });
        const asks = ['call', 'first-start'].includes(statusFacts(status)[operation]);
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
        const isAsExpected = (said === 'accepted') === (statusFacts(status).phase === 'rest');
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
