import { log } from '@temporalio/activity';
import type { ReadingPart, ReadReplications, ReplicationReading } from '../contract/reading-protocol.js';
import { readSharedRequest } from '../contract/input-schemas.js';
import type { ReplicationLag } from '../dms/lag.js';
import type { Permissions } from '../dms/permissions.js';
import { inTime } from '../watch/index.js';
import type { Attempt } from './runtime/attempt.js';
import { beginAttempt } from './runtime/begin-attempt.js';
import { readEndpoints } from './runtime/endpoints.js';
import { askLedger } from './runtime/ledger-access.js';
import { readTableSummary } from './runtime/table-statistics.js';
import type { WorkerContext } from './runtime/worker-context.js';

/** Longest time to read the tables, and to read the lag. Seconds. */
const [TABLES_SECONDS, LAG_SECONDS] = [60, 10];
/** Longest time to read the permissions. IAM takes few requests at once, so 50 replications wait for each other. */
const PERMISSIONS_SECONDS = 60;
/** Actions of a cutover and of its way back. */
const CUTOVER_ACTIONS = ['dms:StopReplication', 'dms:StartReplication'];
/** Most flagged tables in all readings together. */
const MAX_FLAGGED = 200;

/** Reads the requested parts of each replication. */
export async function readReplications(
  worker: WorkerContext,
  request: ReadReplications,
): Promise<readonly ReplicationReading[]> {
  const { replicationConfigArns, parts } = readSharedRequest('dms.readReplications', request);
  const attempts = replicationConfigArns.map((replicationConfigArn) =>
    beginAttempt(worker, { replicationConfigArn }, 'dms.readReplications', { phase: 'checking' }),
  );
  const most = Math.floor(MAX_FLAGGED / attempts.length);
  const readAll = () => Promise.all(attempts.map((attempt) => readOne(attempt, parts, most)));
  // One of them sends the heartbeats for all.
  return attempts[0] === undefined ? [] : attempts[0].withHeartbeat(readAll);
}

async function readOne(
  attempt: Attempt,
  parts: readonly ReadingPart[],
  mostFlagged: number,
): Promise<ReplicationReading> {
  const wants = (part: ReadingPart) => parts.includes(part);
  const needsLook = wants('replication') || wants('endpoints');
  const replication = needsLook ? (await attempt.look()).replication : null;
  const nothing = { endpoints: null, problem: null };
  const [{ endpoints, problem: endpointProblem }, permissions, lag, tables, ledger] = await Promise.all([
    wants('endpoints') && replication !== null ? readEndpoints(attempt, replication) : nothing,
    wants('permissions') ? readPermissions(attempt) : null,
    wants('lag') ? readLag(attempt) : { lag: null, problem: null },
    wants('tables') ? readTableSummary(attempt, TABLES_SECONDS, true) : { summary: null, problem: null },
    wants('ledger') ? askLedger(attempt, (client) => client.read()) : null,
  ]);
  const problems = [endpointProblem, lag.problem, tables.problem].flatMap((problem) => problem ?? []);
  const { summary } = tables;
  return {
    replicationConfigArn: attempt.arn.arn,
    replication: wants('replication') ? replication : null,
    ledger: ledger && {
      sealedBy: ledger.sealed === null ? null : (ledger.sealed.by ?? 'someone unnamed'),
      reservedBy: ledger.reservation?.owner ?? null,
    },
    endpoints,
    permissions,
    lag: lag.lag,
    tables: summary && {
      ...summary,
      flagged: summary.flagged.slice(0, mostFlagged),
      truncated: summary.truncated || summary.flagged.length > mostFlagged,
    },
    problem: problems.length === 0 ? null : problems.join('; ').slice(0, 1000),
  };
}

/** Reads what the worker may do. A problem is returned, and leaves every action undecided. `null`: no source. */
export async function readPermissions(
  { worker: { permissions: source, permissionsGate: gate }, arn }: Attempt,
  withinSeconds = PERMISSIONS_SECONDS,
): Promise<Permissions | null> {
  if (source === null) return null;
  try {
    return await inTime(withinSeconds, async (signal) => {
      const leave = await gate.enter(signal);
      return source.read(arn, CUTOVER_ACTIONS, signal).finally(leave);
    });
  } catch (err) {
    log.warn('The permissions of the worker could not be read', { arn: arn.arn, error: String(err) });
    return { denied: [], undecided: CUTOVER_ACTIONS, reason: String(err).slice(0, 500) };
  }
}

/** Reads the lag. A problem is returned, and fails nothing. */
export async function readLag({
  worker: { lag },
  arn,
}: Attempt): Promise<{ readonly lag: ReplicationLag | null; readonly problem: string | null }> {
  if (lag === null) return { lag: null, problem: 'this worker has no source of the lag' };
  try {
    return { lag: await inTime(LAG_SECONDS, (signal) => lag.read(arn, signal)), problem: null };
  } catch (err) {
    log.warn('The lag of the replication could not be read', { arn: arn.arn, error: String(err) });
    return { lag: null, problem: `the lag could not be read: ${String(err)}` };
  }
}
