/** Creates the replications of the simulator. */
import { randomIdentifier } from '../api/random-identifier.js';
import { DEFAULT_ACCOUNT } from '../api/signature.js';
import { replicationIn } from '../engine/initial-state.js';
import { defaultTables, type Config } from '../engine/model.js';
import { SimulatedReplication } from '../engine/replication.js';
import { defaultSource } from '../engine/source-settings.js';
import { defaultDurations } from '../engine/steps.js';
import { settingsOf } from '../engine/task-settings.js';
import type { Uncertain } from '../engine/uncertain.js';
import { settingsOfTables, type DmsSimulatorOptions, type SimulatedReplicationOptions } from './options.js';

const EVERY_TABLE = JSON.stringify({
  rules: [
    {
      'rule-type': 'selection',
      'rule-id': '1',
      'rule-name': '1',
      'object-locator': { 'schema-name': '%', 'table-name': '%' },
      'rule-action': 'include',
    },
  ],
});

/** Returns the config of a replication that tests create, without a request of a client. */
export function defaultConfig(options: SimulatedReplicationOptions, random: () => number, now: number): Config {
  const { region = 'eu-west-1', accountId = DEFAULT_ACCOUNT } = options;
  const { replicationType = 'full-load-and-cdc' } = options;
  const identifier = options.identifier ?? randomIdentifier(random);
  const resource = options.resourceIdentifier ?? randomIdentifier(random);
  const endpoint = (role: string) =>
    `arn:aws:dms:${region}:${accountId}:endpoint:${role}${randomIdentifier(random).slice(role.length)}`;
  const { validation = true } = typeof options.tables === 'object' ? options.tables : {};
  return {
    ReplicationConfigIdentifier: identifier,
    ReplicationConfigArn: `arn:aws:dms:${region}:${accountId}:replication-config:${resource}`,
    SourceEndpointArn: endpoint('SOURCE'),
    TargetEndpointArn: endpoint('TARGET'),
    ReplicationType: replicationType,
    ComputeConfig: { MinCapacityUnits: 4, MaxCapacityUnits: 16, MultiAZ: false },
    ReplicationSettings: settingsOf(
      JSON.stringify({ ValidationSettings: { EnableValidation: validation } }),
      replicationType,
    ),
    TableMappings: EVERY_TABLE,
    ReplicationConfigCreateTime: now,
    ...(options.isReadOnly === true ? { IsReadOnly: true } : {}),
  };
}

/** Creates a replication with a config, in the state that the options name. */
export function newReplication(
  config: Config,
  options: SimulatedReplicationOptions,
  { tables: everyTables, durations: everyDurations }: DmsSimulatorOptions,
  uncertain: Uncertain,
  now: number,
): SimulatedReplication {
  const { tables, source, changesPerSecond, durations: own, status = 'created' } = options;
  const usual = { ...defaultTables, ...settingsOfTables(everyTables) };
  const durations = { ...defaultDurations, ...everyDurations, ...own };
  const pace = changesPerSecond === undefined ? {} : { bytesPerSecond: changesPerSecond };
  return replicationIn(status, now, config, durations, uncertain, (born) => {
    return new SimulatedReplication(
      { ...config, ReplicationConfigCreateTime: born },
      { ...usual, ...settingsOfTables(tables) },
      { ...defaultSource, ...pace, ...source },
      durations,
      uncertain,
      born,
    );
  });
}
