import { DEFAULT_ACCOUNT } from './signature.js';
import type { Config } from './model.js';
import { randomIdentifier } from './operations.js';
import type { SimulatedReplicationOptions } from './options.js';

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

/** The config of a replication that is put there without one. */
export function usualConfig(options: SimulatedReplicationOptions, random: () => number, now: number): Config {
  const { region = 'eu-west-1', accountId = DEFAULT_ACCOUNT } = options;
  const identifier = options.identifier ?? randomIdentifier(random);
  const endpoint = (role: string) =>
    `arn:aws:dms:${region}:${accountId}:endpoint:${role}${randomIdentifier(random).slice(role.length)}`;
  const { validation = true } = typeof options.tables === 'object' ? options.tables : {};
  return {
    ReplicationConfigIdentifier: identifier,
    ReplicationConfigArn: `arn:aws:dms:${region}:${accountId}:replication-config:${identifier}`,
    SourceEndpointArn: endpoint('SOURCE'),
    TargetEndpointArn: endpoint('TARGET'),
    ReplicationType: options.replicationType ?? 'full-load-and-cdc',
    ComputeConfig: { MinCapacityUnits: 4, MaxCapacityUnits: 16, MultiAZ: false },
    ReplicationSettings: JSON.stringify({ ValidationSettings: { EnableValidation: validation } }),
    SupplementalSettings: '{}',
    TableMappings: EVERY_TABLE,
    ReplicationConfigCreateTime: now,
    ...(options.isReadOnly === true ? { IsReadOnly: true } : {}),
  };
}
