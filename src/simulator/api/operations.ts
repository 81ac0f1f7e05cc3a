import { AwsFault } from '../engine/aws-fault.js';
import type { SimulatedReplication } from '../engine/replication.js';
import { idOf, wrongState } from '../engine/rules.js';
import { tableCount, tableRow } from '../engine/table-rows.js';
import type { Operation, AccountRegion } from './account-region.js';
import { invalid, notFound, refuseReadOnly, textOf } from './checks.js';
import { configOperations } from './config-operations.js';
import { describeEndpoints } from './endpoints.js';
import { filteredBy, find, page, pageOf, present, select, tableFilter } from './lists.js';

/** Operations of `AmazonDMSv20160101` for serverless replications, by name. */
export const operations: Readonly<Record<string, Operation>> = {
  ...configOperations,

  DescribeEndpoints: describeEndpoints,

  DescribeReplicationConfigs(place, input) {
    const found = select(place, input, 'Replication Config');
    const isFiltered = filteredBy(input) !== null;
    const { items, marker } = pageOf(isFiltered ? found : withoutHidden(place, found), input, place.uncertain);
    const configs = present(place, items).map((each) => {
      const { ReplicationConfigUpdateTime: _, ...config } = place.spoils.view(each).config;
      return config;
    });
    return { ...marker, ReplicationConfigs: configs };
  },

  DescribeReplications(place, input) {
    const isFiltered = filteredBy(input) !== null;
    const { rowBeforeFirstRun } = place.uncertain;
    const found = select(place, input, 'Replication');
    const isRowless = (each: SimulatedReplication) =>
      place.spoils.isRowless(each) || (rowBeforeFirstRun !== true && !place.spoils.view(each).hasRow);
    const rowless = isFiltered && rowBeforeFirstRun === 'fault' ? found.find(isRowless) : undefined;
    if (rowless !== undefined) throw notFound('Replication', rowless.arn);
    const hasAll = rowBeforeFirstRun === true && place.spoils.hides === null;
    const withRows = hasAll ? found : found.filter((each) => !isRowless(each));
    const { items, marker } = pageOf(isFiltered ? withRows : withoutHidden(place, withRows), input, place.uncertain);
    return { ...marker, Replications: present(place, items).map((each) => place.spoils.view(each).row) };
  },

  StartReplication(place, input) {
    const replication = find(place, input);
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

  StopReplication(place, input) {
    const replication = find(place, input);
    refuseReadOnly(replication, 'stopped');
    const { Status: before } = replication.row;
    replication.stop();
    const isShown = place.uncertain.stopAnswers === 'stopping';
    return { Replication: isShown ? replication.row : { ...replication.row, Status: before } };
  },

  DescribeReplicationTableStatistics(place, input) {
    const replication = find(place, input);
    const wanted = tableFilter(input);
    const view = place.spoils.view(replication);
    const isShown = (position: number) => {
      const { schema, table } = replication.tables.name(position);
      return (
        `${schema}.${table}` !== place.spoils.hiddenTable && (wanted?.(tableRow(replication, position, view)) ?? true)
      );
    };
    const all = Array.from({ length: tableCount(replication, view) }, (_, position) => position);
    const chosen = wanted === null && place.spoils.hiddenTable === null ? all : all.filter(isShown);
    const { items, marker } = page(chosen, input, 500, place.uncertain);
    const rows = items.map((position) => tableRow(replication, position, view));
    return { ReplicationConfigArn: replication.arn, ...marker, ReplicationTableStatistics: rows };
  },

  ReloadReplicationTables(place, input) {
    const replication = find(place, input);
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

/** Leaves out the replications that a fault hides from lists. */
function withoutHidden(place: AccountRegion, found: readonly SimulatedReplication[]): readonly SimulatedReplication[] {
  return place.spoils.hides === null ? found : found.filter((each) => !place.spoils.isUnlisted(each));
}
