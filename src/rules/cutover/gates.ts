/** Checks of a cutover over readings: the preflight, the gates, and the final stops. */
import { lifecycleState } from '../../dms/lifecycle.js';
import type { Replication } from '../../dms/replication.js';
import type { CutoverLag } from '../../contract/cutover.js';
import type { CutoverCheck, CutoverTraffic } from '../../contract/cutover-hooks.js';
import { blocksCutover, type CutoverPlan } from '../../contract/cutover-schemas.js';
import type { ReplicationReading } from '../../contract/reading-protocol.js';
import type { CutoverStop } from '../../contract/cutover-state.js';
import type { Warning } from '../../contract/results.js';
import { tableWarnings } from '../table-summary.js';
import { cut } from './transitions.js';

/** Maximum number of problems that the detail of a check names. */
const MAX_NAMED = 5;
/** Maximum length of the detail of a check. */
const MAX_DETAIL = 4000;

/** Returns the checks of the preflight. */
export function preflightChecks(
  readings: readonly ReplicationReading[],
  traffic: CutoverTraffic,
  ownWorkflowId: string,
): readonly CutoverCheck[] {
  const check = (name: string, found: (reading: ReplicationReading) => string | null) =>
    checkAll(name, readings, found);
  const look = (name: string, found: (replication: Replication) => string | null, shown?: typeof found) =>
    checkAll(
      name,
      readings,
      ({ replication }) => (replication === null ? 'was not looked at' : found(replication)),
      ({ replication }) => (replication === null ? null : (shown?.(replication) ?? null)),
    );
  return [
    runningCheck(readings),
    look(
      'change-data-capture',
      ({ replicationType }) => (replicationType.includes('cdc') ? null : `has the type "${replicationType}"`),
      ({ replicationType }) => replicationType,
    ),
    look(
      'full-load-done',
      ({ replicationType, replicationStats }) => {
        if (replicationType === 'cdc') return null;
        const { fullLoadProgressPercent: percent = null } = replicationStats ?? {};
        return percent === 100 ? null : `has loaded ${percent === null ? 'an unknown part' : `${percent} %`}`;
      },
      ({ replicationType }) => (replicationType === 'cdc' ? 'no full load' : '100 %'),
    ),
    look('not-read-only', ({ isReadOnly }) => (isReadOnly === true ? 'is managed by a zero-ETL integration' : null)),
    check('not-sealed', ({ ledger }) =>
      ledger === null || ledger.sealedBy === null ? null : `was stopped for good by ${ledger.sealedBy}`,
    ),
    check('not-reserved', ({ ledger }) => {
      const { reservedBy = null } = ledger ?? {};
      return reservedBy === null || reservedBy === ownWorkflowId ? null : `is reserved by ${reservedBy}`;
    }),
    permissionCheck(readings),
    {
      name: 'traffic',
      ok: traffic === 'source',
      detail: `The application uses ${traffic === 'source' ? 'the source' : sideName(traffic)}`,
    },
  ];
}

/** Returns the check of the permissions. Only a denial blocks the cutover. */
function permissionCheck(readings: readonly ReplicationReading[]): CutoverCheck {
  if (readings.every(({ permissions }) => permissions === null))
    return {
      name: 'permissions',
      ok: true,
      detail:
        'Not checked. With TEMPORAL_DMS_PERMISSIONS=iam, or `permissions`, the worker asks IAM whether it may stop and start the replications',
      blocking: false,
    };
  const list = (text: string, actions: readonly string[] | undefined) =>
    actions === undefined || actions.length === 0 ? null : `${text} ${actions.join(' and ')}`;
  const denied = checkAll('permissions', readings, ({ permissions }) =>
    list("can't be changed by this worker, whose policy must allow it: IAM denies", permissions?.denied),
  );
  if (!denied.ok) return denied;
  const undecided = checkAll(
    'permissions',
    readings,
    ({ permissions }) => {
      const found = list('may be refused: IAM gives no decision on', permissions?.undecided);
      return found === null ? null : `${found} (${permissions?.reason ?? 'without a reason'})`;
    },
    () => 'IAM allows this worker to stop and to start it',
  );
  return { ...undecided, blocking: false };
}

function runningCheck(readings: readonly ReplicationReading[]): CutoverCheck {
  const statusOf = ({ replication }: ReplicationReading) =>
    replication === null ? null : lifecycleState(replication).status;
  const found = (reading: ReplicationReading) => {
    const status = statusOf(reading);
    if (status === null) return 'was not looked at';
    return status === 'running' ? null : `is "${status}"`;
  };
  return checkAll('running', readings, found, statusOf);
}

/** Returns the names of the sides that take the traffic. */
export function sideName(traffic: CutoverTraffic): string {
  return { source: 'the source', target: 'the target', both: 'both sides', neither: 'neither side' }[traffic];
}

/** Returns the checks of the gates. A gate that is set to `ignore` has none. */
export function gateChecks(
  { gates }: Pick<CutoverPlan, 'gates'>,
  readings: readonly ReplicationReading[],
): readonly CutoverCheck[] {
  const { lag, tables, validation } = gates;
  const checks: CutoverCheck[] = [runningCheck(readings)];
  if (lag !== 'ignore')
    checks.push(checkAll('lag', readings, (reading) => lagProblem(reading, lag.maxSeconds), shownLag));
  if (tables !== 'ignore')
    checks.push(
      checkAll(
        'tables',
        readings,
        (reading) => tableProblem(reading, ['tables-in-error']),
        ({ tables: read }) => counted(read?.byState),
      ),
    );
  if (validation !== 'ignore')
    checks.push(
      checkAll(
        'validation',
        readings,
        (reading) =>
          validation === 'no-mismatch'
            ? tableProblem(reading, ['validation-mismatch'])
            : (tableProblem(reading, ['validation-mismatch', 'validation-pending']) ?? notValidated(reading)),
        ({ tables: read }) => counted(read?.byValidationState),
      ),
    );
  return checks;
}

/** Returns the problem of a lag. `null`: none. An unknown lag is a problem. */
export function lagProblem(
  { lag, problem }: Pick<ReplicationReading, 'lag' | 'problem'>,
  maxSeconds: number,
): string | null {
  if (lag === null) return `has no known lag${problem === null ? '' : ` (${problem})`}`;
  const { sourceSeconds, targetSeconds } = lag;
  if (sourceSeconds === null || targetSeconds === null) return 'shows only half of its lag';
  if (sourceSeconds <= maxSeconds && targetSeconds <= maxSeconds) return null;
  return `is ${sourceSeconds} s behind at the source and ${targetSeconds} s at the target`;
}

function shownLag({ lag }: ReplicationReading): string | null {
  return lag === null ? null : `${lag.sourceSeconds} s at the source, ${lag.targetSeconds} s at the target`;
}

/** Lists how many tables are in each state. */
function counted(states: Readonly<Record<string, number>> | undefined): string | null {
  if (states === undefined) return null;
  const counts = Object.entries(states).map(([state, tables]) => `${state}: ${tables}`);
  return counts.length === 0 ? 'no tables' : counts.join(', ');
}

function tableProblem({ tables, problem }: ReplicationReading, codes: readonly Warning['code'][]): string | null {
  if (tables === null) return `has no table statistics${problem === null ? '' : ` (${problem})`}`;
  const found = tableWarnings(tables).filter(({ code }) => codes.includes(code));
  return found.length === 0 ? null : `is not in order: ${found.map(({ message }) => message).join(', ')}`;
}

/** Returns the problem if not every table has the validation state `validated`. */
function notValidated({ tables }: ReplicationReading): string | null {
  if (tables === null) return null;
  const validated = Object.entries(tables.byValidationState).reduce(
    (sum, [state, number]) => (state.toLowerCase() === 'validated' ? sum + number : sum),
    0,
  );
  return validated === tables.total ? null : `has ${validated} of ${tables.total} tables validated`;
}

/** Returns the check over the warnings of the final stops. Its detail lists those that block the cutover. */
export function stopCheck({ gates }: Pick<CutoverPlan, 'gates'>, stops: readonly CutoverStop[]): CutoverCheck {
  const blocking = stops.flatMap(({ checkpoint, warnings }) =>
    warnings
      .filter(({ code }) => isBlocking(gates, code))
      .map(({ code, message }) => `${nameOf(checkpoint.replicationConfigArn)}: ${code} (${message})`),
  );
  return {
    name: 'stops',
    ok: blocking.length === 0,
    detail: blocking.length === 0 ? `${stops.length} stopped for good` : blocking.slice(0, MAX_NAMED).join('; '),
  };
}

function isBlocking({ acceptWarnings, tables, validation }: CutoverPlan['gates'], code: Warning['code']): boolean {
  if (!blocksCutover[code] || acceptWarnings.includes(code)) return false;
  if (code === 'tables-in-error') return tables !== 'ignore';
  if (code === 'validation-mismatch') return validation !== 'ignore';
  if (code === 'statistics-unavailable') return tables !== 'ignore' || validation !== 'ignore';
  return code !== 'validation-pending' || validation === 'all-validated';
}

/** Returns the lags of readings. */
export function lagsOf(readings: readonly ReplicationReading[]): readonly CutoverLag[] {
  return readings.map(({ replicationConfigArn, lag }) => ({ replicationConfigArn, lag }));
}

/** Returns the sentence about the checks that block the cutover. `null`: all are in order. */
export function blockingProblem(checks: readonly CutoverCheck[]): string | null {
  const failed = checks.filter(({ ok, blocking = true }) => !ok && blocking);
  if (failed.length === 0) return null;
  const shown = failed.slice(0, MAX_NAMED).map(({ name, detail }) => `${name}: ${detail}`);
  if (failed.length > MAX_NAMED) shown.push(`and ${failed.length - MAX_NAMED} more`);
  return shown.join('; ');
}

/**
 * Returns one check over all replications. `found` returns the problem of one. `shown` returns what was read of one that
 * is in order.
 */
function checkAll(
  name: string,
  readings: readonly ReplicationReading[],
  found: (reading: ReplicationReading) => string | null,
  shown: (reading: ReplicationReading) => string | null = () => null,
): CutoverCheck {
  const list = (look: (reading: ReplicationReading) => string | null, separator: string) =>
    readings.flatMap((reading) => {
      const text = look(reading);
      return text === null ? [] : [`${nameOf(reading.replicationConfigArn)}${separator}${text}`];
    });
  const problems = list(found, ' ');
  const detail = problems.length === 0 ? list(shown, ': ') : problems.slice(0, MAX_NAMED);
  if (problems.length > MAX_NAMED) detail.push(`and ${problems.length - MAX_NAMED} more`);
  if (detail.length === 0) detail.push(`In order for ${readings.length}`);
  return { name, ok: problems.length === 0, detail: cut(detail.join('; '), MAX_DETAIL) };
}

/** Returns the last part of an ARN. */
export function nameOf(arn: string): string {
  return arn.split(':').at(-1) ?? arn;
}
