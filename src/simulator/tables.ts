import type { SimulatedReplication } from './replication.js';

/** Statistics are lost when the replication is deprovisioned. */
export function tablesOf(replication: SimulatedReplication): readonly Record<string, unknown>[] {
  const { row, settings } = replication;
  if (row.Status === 'created' || row.ProvisionData.ProvisionState === 'deprovisioned') return [];
  const perTable = Math.floor(replication.rows() / Math.max(1, settings.tables));
  return Array.from({ length: settings.tables }, (_, index) => ({
    SchemaName: 'shop',
    TableName: `table_${String(index + 1).padStart(4, '0')}`,
    Inserts: perTable,
    Updates: Math.floor(perTable / 2),
    Deletes: 0,
    Ddls: 0,
    AppliedInserts: perTable,
    AppliedUpdates: Math.floor(perTable / 2),
    AppliedDeletes: 0,
    AppliedDdls: 0,
    FullLoadRows: 50_000,
    FullLoadErrorRows: 0,
    FullLoadCondtnlChkFailedRows: 0,
    ValidationPendingRecords: 0,
    ValidationFailedRecords: 0,
    ValidationSuspendedRecords: 0,
    ValidationState: 'Validated',
    TableState: 'Table completed',
  }));
}
