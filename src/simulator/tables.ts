import type { SimulatedReplication } from './replication.js';

/** Rows of each table that come with the full load. */
export const FULL_LOAD_ROWS = 50_000;

/** How many rows DescribeReplicationTableStatistics has. None before the first run; lost when it is deprovisioned. */
export function tableCount(replication: SimulatedReplication): number {
  const { row, tables, hasRow } = replication;
  return !hasRow || row.ProvisionData.ProvisionState?.toLowerCase() === 'deprovisioned' ? 0 : tables.count;
}

export function tableName(index: number): string {
  return `table_${String(index + 1).padStart(5, '0')}`;
}

/** One row of the statistics, as it goes over the wire. */
export function tableRow(replication: SimulatedReplication, index: number): Record<string, unknown> {
  const { row, tables, source, movedUntil: time, durations } = replication;
  const { FullLoadStartDate: began, FullLoadFinishDate: finished, StartDate: started = time } = row.ReplicationStats;
  const isLoaded = finished !== undefined;
  const isInError = index < tables.inError;
  const loadedShare = isLoaded ? 1 : share(time - (began ?? time), durations.fullLoad * ((index + 1) / tables.count));
  const rows = source.rows(time);
  const { inserts, updates, deletes } = source.settings.rates;
  const captured = (rate: number) => Math.floor((rows.captured * rate) / tables.count);
  const applied = (rate: number) =>
    isInError ? 0 : Math.floor(((rows.applied * rate) / tables.count) * (1 - tables.skippedPercent / 100));
  const reloaded = replication.reloadedTables.get(index);
  return {
    SchemaName: 'shop',
    TableName: tableName(index),
    Inserts: captured(inserts),
    Updates: captured(updates),
    Deletes: captured(deletes),
    Ddls: 0,
    AppliedInserts: applied(inserts),
    AppliedUpdates: applied(updates),
    AppliedDeletes: applied(deletes),
    AppliedDdls: 0,
    FullLoadRows: replication.config.ReplicationType === 'cdc' ? 0 : Math.floor(FULL_LOAD_ROWS * loadedShare),
    FullLoadErrorRows: isInError ? 1 : 0,
    FullLoadCondtnlChkFailedRows: 0,
    ...(began === undefined ? {} : { FullLoadStartTime: began }),
    ...(isLoaded && !isInError ? { FullLoadEndTime: finished } : {}),
    ...(reloaded === undefined ? {} : { FullLoadReloaded: true }),
    LastUpdateTime: time,
    TableState: stateOf(replication, index, loadedShare, reloaded !== undefined && time < reloaded),
    ...validationOf(replication, index, isLoaded ? time - Math.max(started, finished) : -1),
  };
}

function stateOf(
  { tables }: SimulatedReplication,
  index: number,
  loadedShare: number,
  isBeingReloaded: boolean,
): string {
  if (index < tables.inError) return 'Table error';
  const fromEnd = tables.count - 1 - index;
  if (fromEnd < tables.missing) return 'Table does not exist';
  if (fromEnd < tables.missing + tables.cancelled) return 'Table cancelled';
  if (isBeingReloaded) return 'Table is being reloaded';
  return loadedShare === 0 ? 'Before load' : loadedShare < 1 ? 'Full load' : 'Table completed';
}

/** Which kind of table one is: so many of each, counted from the first. */
function kindOf(index: number, kinds: readonly (readonly [kind: string, count: number])[]): string | undefined {
  let end = 0;
  return kinds.find(([, count]) => {
    end += count;
    return index < end;
  })?.[0];
}

/** Validation begins when the table is loaded. */
function validationOf({ tables, durations }: SimulatedReplication, index: number, runningFor: number) {
  const is = (ValidationState: string, pending = 0, failed = 0, suspended = 0) => ({
    ValidationPendingRecords: pending,
    ValidationFailedRecords: failed,
    ValidationSuspendedRecords: suspended,
    ValidationState,
  });
  const { inError, mismatched, withoutKey, suspended } = tables;
  const kind = kindOf(index, [
    ['Table error', inError],
    ['Mismatched records', mismatched],
    ['No primary key', withoutKey],
    ['Suspended records', suspended],
  ]);
  if (!tables.validation) return is('Not enabled');
  if (kind === 'Table error' || kind === 'No primary key') return is(kind);
  const done = share(runningFor, durations.validating);
  if (done === 0) return is('Pending validation');
  if (done < 0.1) return is('Preparing table');
  if (done < 1) return is('Pending records', Math.ceil(1000 * (1 - done)));
  const ValidationStateDetails = 'Some records differ between source and target';
  if (kind === 'Mismatched records') return { ...is(kind, 0, 7), ValidationStateDetails };
  return kind === 'Suspended records' ? is(kind, 0, 0, 5) : is('Validated');
}

function share(part: number, whole: number): number {
  return Math.max(0, Math.min(1, whole <= 0 ? 1 : part / whole));
}
