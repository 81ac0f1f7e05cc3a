import { AwsFault, type Row } from './model.js';
import type { SimulatedReplication } from './replication.js';

export type Input = Readonly<Record<string, unknown>>;

/** What the operations work on: the replications of one account and region. */
export interface Place {
  readonly accountId: string;
  readonly region: string;
  all(): readonly SimulatedReplication[];
  create(input: Input): SimulatedReplication;
  tablesOf(replication: SimulatedReplication): readonly Record<string, unknown>[];
  /** Rows left out of a list by a fault. */
  readonly hidden: ReadonlySet<string>;
  /** What a look shows of a replication. */
  show(replication: SimulatedReplication): Row;
  readonly rowBeforeFirstRun: boolean;
}

type Operation = (place: Place, input: Input) => Record<string, unknown>;

/** The operations of `AmazonDMSv20160101` that the simulator answers. */
export const operations: Readonly<Record<string, Operation>> = {
  DescribeReplications: (place, input) => {
    const arns = filteredArns(input);
    const rows = place
      .all()
      .filter((each) => matches(each, arns) && (arns !== null || !place.hidden.has(each.arn)))
      .filter((each) => place.rowBeforeFirstRun || each.row.Status !== 'created')
      .map((each) => place.show(each));
    if (arns !== null && !place.all().some((each) => matches(each, arns))) throw notFound('Replication');
    const { items, marker } = page(rows, input, 100);
    return { Replications: items, ...marker };
  },

  DescribeReplicationConfigs: (place, input) => {
    const arns = filteredArns(input);
    const configs = place
      .all()
      .filter((each) => matches(each, arns))
      .map(toConfig);
    if (arns !== null && configs.length === 0) throw notFound('Replication Config');
    const { items, marker } = page(configs, input, 100);
    return { ReplicationConfigs: items, ...marker };
  },

  StartReplication: (place, input) => {
    const replication = find(place, input);
    const type = requireText(input, 'StartReplicationType');
    if (input['CdcStartTime'] !== undefined && input['CdcStartPosition'] !== undefined) {
      throw new AwsFault(
        'InvalidParameterCombinationException',
        'CdcStartTime and CdcStartPosition cannot both be given',
      );
    }
    const stopPosition = input['CdcStopPosition'];
    replication.start(type, typeof stopPosition === 'string' ? stopPosition : undefined);
    return { Replication: replication.row };
  },

  StopReplication: (place, input) => {
    const replication = find(place, input);
    replication.stop();
    return { Replication: replication.row };
  },

  DescribeReplicationTableStatistics: (place, input) => {
    const replication = find(place, input);
    const { items, marker } = page(place.tablesOf(replication), input, 500);
    return { ReplicationConfigArn: replication.arn, ReplicationTableStatistics: items, ...marker };
  },

  CreateReplicationConfig: (place, input) => ({ ReplicationConfig: toConfig(place.create(input)) }),

  DeleteReplicationConfig: (place, input) => {
    const replication = find(place, input);
    replication.delete();
    return { ReplicationConfig: toConfig(replication) };
  },
};

function toConfig({ row }: SimulatedReplication): Record<string, unknown> {
  return {
    ReplicationConfigIdentifier: row.ReplicationConfigIdentifier,
    ReplicationConfigArn: row.ReplicationConfigArn,
    SourceEndpointArn: row.SourceEndpointArn,
    TargetEndpointArn: row.TargetEndpointArn,
    ReplicationType: row.ReplicationType,
    ComputeConfig: { MaxCapacityUnits: 16, MinCapacityUnits: 1, MultiAZ: false },
    ReplicationConfigCreateTime: row.ReplicationCreateTime,
  };
}

function find(place: Place, input: Input): SimulatedReplication {
  const arn = requireText(input, 'ReplicationConfigArn');
  if (!/^arn:[^:]+:dms:[^:]+:\d{12}:replication-config:[A-Za-z0-9-]+$/.test(arn)) {
    throw new AwsFault(
      'InvalidParameterValueException',
      `The parameter ReplicationConfigArn must provide a valid ARN: ${arn}`,
    );
  }
  const found = place.all().find((each) => each.arn === arn);
  if (found === undefined) throw notFound('Replication Config');
  return found;
}

function filteredArns(input: Input): readonly string[] | null {
  const filters = input['Filters'];
  if (!Array.isArray(filters) || filters.length === 0) return null;
  return filters.flatMap((filter: { Name?: string; Values?: string[] }) => {
    if (filter.Name === 'replication-config-arn') return filter.Values ?? [];
    if (filter.Name === 'replication-config-id') return (filter.Values ?? []).map((id) => `*:${id}`);
    throw new AwsFault('InvalidParameterValueException', `Filter name ${filter.Name ?? ''} is not supported`);
  });
}

function matches(replication: SimulatedReplication, arns: readonly string[] | null): boolean {
  if (arns === null) return true;
  return arns.some((arn) => arn === replication.arn || arn === `*:${replication.settings.identifier}`);
}

function page<T>(rows: readonly T[], input: Input, most: number): { items: readonly T[]; marker: { Marker?: string } } {
  const size = input['MaxRecords'] ?? 100;
  if (typeof size !== 'number' || size < 20 || size > most) {
    throw new AwsFault('InvalidParameterValueException', `MaxRecords must be between 20 and ${most}`);
  }
  const from =
    input['Marker'] === undefined ? 0 : Number(Buffer.from(requireText(input, 'Marker'), 'base64').toString());
  if (!Number.isInteger(from)) throw new AwsFault('InvalidParameterValueException', 'Invalid Marker');
  const next = from + size;
  const marker = next < rows.length ? { Marker: Buffer.from(String(next)).toString('base64') } : {};
  return { items: rows.slice(from, next), marker };
}

function requireText(input: Input, name: string): string {
  const value = input[name];
  if (typeof value === 'string' && value !== '') return value;
  throw new AwsFault('InvalidParameterValueException', `The parameter ${name} must be provided`);
}

function notFound(what: string): AwsFault {
  return new AwsFault('ResourceNotFoundFault', `${what} not found`);
}
