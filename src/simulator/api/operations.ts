import { AwsFault } from '../engine/aws-fault.js';
import type { SimulatedReplication } from '../engine/replication.js';
import { idOf, wrongState } from '../engine/rules.js';
import { tableCount, tableRow } from '../engine/table-rows.js';
import type { Operation, AccountRegion } from './account-region.js';
import { invalid, notFound, refuseReadOnly, textOf } from './checks.js';
import { configOperations } from './config-operations.js';
import { connectionOperations } from './connections.js';
import { endpointOperations } from './endpoints.js';
import { readFilters, find, pageByIndex, pageBySequence, runDueEvents, select, tableFilter } from './lists.js';
import { subnetGroupOperations } from './subnet-groups.js';
import { tagOperations } from './tags.js';

/** Operations of `AmazonDMSv20160101` for serverless replications, and for what they need, by name. */
export const operations: Readonly<Record<string, Operation>> = {
  ...configOperations,
  ...connectionOperations,
  ...endpointOperations,
  ...subnetGroupOperations,
  ...tagOperations,

  DescribeReplicationConfigs(accountRegion, input) {
    const found = select(accountRegion, input, 'Replication Config');
    const isFiltered = readFilters(input) !== null;
    const { items, marker } = pageBySequence(
      isFiltered ? found : withoutHidden(accountRegion, found),
      input,
      accountRegion.uncertain,
    );
    const configs = runDueEvents(accountRegion, items).map((each) => {
      const { ReplicationConfigUpdateTime: _, ...config } = accountRegion.faultedView.view(each).config;
      return config;
    });
    return { ...marker, ReplicationConfigs: configs };
  },

  DescribeReplications(accountRegion, input) {
    const isFiltered = readFilters(input) !== null;
    const { rowBeforeFirstRun } = accountRegion.uncertain;
    const found = select(accountRegion, input, 'Replication');
    const isRowless = (each: SimulatedReplication) =>
      accountRegion.faultedView.isRowless(each) ||
      (rowBeforeFirstRun !== true && !accountRegion.faultedView.view(each).hasRow);
    const rowless = isFiltered && rowBeforeFirstRun === 'fault' ? found.find(isRowless) : undefined;
    if (rowless !== undefined) throw notFound('Replication', rowless.arn);
    const hasAll = rowBeforeFirstRun === true && accountRegion.faultedView.hides === null;
    const withRows = hasAll ? found : found.filter((each) => !isRowless(each));
    const { items, marker } = pageBySequence(
      isFiltered ? withRows : withoutHidden(accountRegion, withRows),
      input,
      accountRegion.uncertain,
    );
    return {
      ...marker,
      Replications: runDueEvents(accountRegion, items).map((each) => accountRegion.faultedView.view(each).row),
    };
  },

  StartReplication(accountRegion, input) {
    const replication = find(accountRegion, input);
    const text = (name: string) => (typeof input[name] === 'string' ? input[name] : undefined);
    const type = textOf(input, 'StartReplicationType');
    if (!['start-replication', 'resume-processing', 'reload-target'].includes(type))
      throw invalid(`Invalid StartReplicationType ${type}`);
    const startTime = input['CdcStartTime'] as number | undefined;
    const [startPosition, stopPosition] = [text('CdcStartPosition'), text('CdcStopPosition')];
    if (startTime !== undefined && startPosition !== undefined) {
      throw new AwsFault(
        'InvalidParameterCombinationException',
        'CdcStartTime and CdcStartPosition cannot both be given',
      );
    }
    const [, stopTime] =
      /^(?:server|commit)_time:\s*(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})$/.exec(stopPosition ?? '') ?? [];
    if (stopPosition !== undefined && Number.isNaN(Date.parse(`${stopTime}Z`)))
      throw invalid('Invalid CdcStopPosition');
    refuseReadOnly(replication, 'started');
    replication.start({
      type,
      startTime,
      startPosition,
      stopPosition,
      assessment: text('PremigrationAssessmentSettings'),
    });
    return { Replication: replication.row };
  },

  StopReplication(accountRegion, input) {
    const replication = find(accountRegion, input);
    refuseReadOnly(replication, 'stopped');
    const { Status: before } = replication.row;
    replication.stop();
    const isShown = accountRegion.uncertain.stopAnswers === 'stopping';
    return { Replication: isShown ? replication.row : { ...replication.row, Status: before } };
  },

  DescribeReplicationTableStatistics(accountRegion, input) {
    const replication = find(accountRegion, input);
    const wanted = tableFilter(input);
    const view = accountRegion.faultedView.view(replication);
    const isShown = (position: number) => {
      const { schema, table } = replication.tables.name(position);
      return (
        `${schema}.${table}` !== accountRegion.faultedView.hiddenTable &&
        (wanted?.(tableRow(replication, position, view)) ?? true)
      );
    };
    const all = Array.from({ length: tableCount(replication, view) }, (_, position) => position);
    const chosen = wanted === null && accountRegion.faultedView.hiddenTable === null ? all : all.filter(isShown);
    const { items, marker } = pageByIndex(chosen, input, 500, accountRegion.uncertain);
    const rows = items.map((position) => tableRow(replication, position, view));
    return { ReplicationConfigArn: replication.arn, ...marker, ReplicationTableStatistics: rows };
  },

  ReloadReplicationTables(accountRegion, input) {
    const replication = find(accountRegion, input);
    refuseReadOnly(replication, 'reloaded');
    const { row } = replication;
    const tables = input['TablesToReload'] as readonly { SchemaName: string; TableName: string }[];
    if (tables.length === 0 || tables.length > 10) throw invalid('TablesToReload must name 1 to 10 tables');
    if (row.Status !== 'running') {
      throw wrongState('ReloadReplicationTables', idOf(replication.arn), row.Status);
    }
    const positions = tables.map(({ SchemaName, TableName }) => {
      const position = replication.tables.find(SchemaName, TableName);
      if (position !== undefined) return position;
      throw invalid(`Table ${SchemaName}.${TableName} does not exist in the replication`);
    });
    if (input['ReloadOption'] === 'validate-only') replication.validate(positions);
    else replication.reload(positions);
    return { ReplicationConfigArn: replication.arn };
  },
};

/** Removes the replications that a fault hides from lists. */
function withoutHidden(
  accountRegion: AccountRegion,
  found: readonly SimulatedReplication[],
): readonly SimulatedReplication[] {
  return accountRegion.faultedView.hides === null
    ? found
    : found.filter((each) => !accountRegion.faultedView.isUnlisted(each));
}
