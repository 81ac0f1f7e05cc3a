/** Statistics of a replication's tables, as DescribeReplicationTableStatistics shows them. */
import type { View } from './model.js';
import type { SimulatedReplication } from './replication.js';
import type { Tables } from './tables.js';

/** Rows of each table that come with the full load. */
const FULL_LOAD_ROWS = 50_000;

/** Number of rows of DescribeReplicationTableStatistics. 0 before the first start and after deprovisioning. */
export function tableCount({ tables }: SimulatedReplication, { row, hasRow }: View): number {
  return !hasRow || row.ProvisionData.ProvisionState?.toLowerCase() === 'deprovisioned' ? 0 : tables.count;
}

/** Returns one row of the statistics in its wire format. */
export function tableRow(replication: SimulatedReplication, position: number, view: View): Record<string, unknown> {
  const { tables, source } = replication;
  const { row, time } = view;
  const { FullLoadStartDate: began, FullLoadFinishDate: finished } = row.ReplicationStats;
  const isLoaded = finished !== undefined;
  const isInError = position < tables.settings.inError;
  const loadedShare = loadedShareOf(replication, position, view);
  const rows = source.rows(time);
  const captured = tables.captured(position, rows.captured);
  const failedAt = tables.failedAt.get(position);
  const applied = tables.applied(position, failedAt === undefined ? rows.applied : source.rows(failedAt).applied);
  const reloadedUntil = tables.reloadedUntil.get(position);
  const { schema, table } = tables.name(position);
  return {
    SchemaName: schema,
    TableName: table,
    Inserts: Math.floor(captured.inserts),
    Updates: Math.floor(captured.updates),
    Deletes: Math.floor(captured.deletes),
    Ddls: 0,
    AppliedInserts: Math.floor(applied.inserts),
    AppliedUpdates: Math.floor(applied.updates),
    AppliedDeletes: Math.floor(applied.deletes),
    AppliedDdls: 0,
    FullLoadRows: fullLoadRows(replication, position, view),
    FullLoadErrorRows: isInError && failedAt === undefined ? 1 : 0,
    FullLoadCondtnlChkFailedRows: 0,
    ...(began === undefined ? {} : { FullLoadStartTime: began }),
    ...(isLoaded && (!isInError || failedAt !== undefined) ? { FullLoadEndTime: finished } : {}),
    FullLoadReloaded: reloadedUntil !== undefined,
    LastUpdateTime: time,
    TableState: stateOf(tables, position, loadedShare, reloadedUntil !== undefined && time < reloadedUntil),
    ...validationOf(replication, position, view),
  };
}

/** Share of a table's full load that is done, from 0 to 1. */
function loadedShareOf({ tables, durations }: SimulatedReplication, position: number, { row, time }: View): number {
  const { FullLoadStartDate: began, FullLoadFinishDate: finished } = row.ReplicationStats;
  if (finished !== undefined) return 1;
  return share(time - (began ?? time), durations.fullLoad * ((position + 1) / tables.count));
}

/** Rows of a table that came with the full load. */
function fullLoadRows(replication: SimulatedReplication, position: number, view: View): number {
  const isLoading = replication.config.ReplicationType !== 'cdc' && replication.tables.absentState(position) === null;
  return isLoading ? Math.floor(FULL_LOAD_ROWS * loadedShareOf(replication, position, view)) : 0;
}

function stateOf(tables: Tables, position: number, loadedShare: number, isBeingReloaded: boolean): string {
  if (position < tables.settings.inError) return 'Table error';
  const absence = tables.absentState(position);
  if (absence !== null) return absence;
  if (isBeingReloaded) return 'Table is being reloaded';
  return loadedShare === 0 ? 'Before load' : loadedShare < 1 ? 'Full load' : 'Table completed';
}

/** Returns the kind of the table at a position. The kinds take their counts of tables in order, from the first on. */
function kindOf(position: number, kinds: readonly (readonly [kind: string, count: number])[]): string | undefined {
  let end = 0;
  return kinds.find(([, count]) => {
    end += count;
    return position < end;
  })?.[0];
}

/** Returns the validation of a table. Validation begins after the load, and again when a request asks for it. */
function validationOf(
  { tables, durations, runningSince }: SimulatedReplication,
  position: number,
  { row, time }: View,
) {
  const validationState = (ValidationState: string, pending = 0, failed = 0, suspended = 0) => ({
    ValidationPendingRecords: pending,
    ValidationFailedRecords: failed,
    ValidationSuspendedRecords: suspended,
    ValidationState,
  });
  const { inError, mismatched, withoutKey, suspended, notValidated } = tables.settings;
  const kind = kindOf(position, [
    ['Table error', inError],
    ['Mismatched records', mismatched],
    ['No primary key', withoutKey],
    ['Suspended records', suspended],
    ['Error', notValidated],
  ]);
  if (!tables.isValidated) return validationState('Not enabled');
  if (kind === 'Table error' || kind === 'No primary key') return validationState(kind);
  // Inferred: the target has no rows to compare with.
  if (tables.absentState(position) !== null) return validationState('Table error');
  const { FullLoadFinishDate: loaded } = row.ReplicationStats;
  const again = tables.validatedAgain.get(position);
  const began = loaded === undefined ? time : Math.max(runningSince, loaded, again ?? 0);
  const done = share(time - began, durations.validating);
  if (done < 0.1 && again === began) return validationState('Pending revalidation');
  if (done === 0) return validationState('Pending validation');
  if (done < 0.1) return validationState('Preparing table');
  if (kind === 'Error') return { ...validationState(kind), ValidationStateDetails: 'The table could not be validated' };
  if (done < 1) return validationState('Pending records', Math.ceil(1000 * (1 - done)));
  const ValidationStateDetails = 'Some records differ between source and target';
  if (kind === 'Mismatched records') return { ...validationState(kind, 0, 7), ValidationStateDetails };
  return kind === 'Suspended records' ? validationState(kind, 0, 0, 5) : validationState('Validated');
}

function share(part: number, whole: number): number {
  return Math.max(0, Math.min(1, whole <= 0 ? 1 : part / whole));
}

/** Counts the rows in the database behind the target endpoint: loaded rows, and rows inserted since. */
export function targetRows(replication: SimulatedReplication): number {
  const { source, tables, time, hasRow, now } = replication;
  const positions = hasRow && !source.isTargetEmpty ? Array.from({ length: tables.count }, (_, n) => n) : [];
  const loaded = positions.reduce((sum, position) => sum + fullLoadRows(replication, position, now), 0);
  return loaded + Math.floor(tables.sum('applied', source.targetRows(time)).inserts);
}
