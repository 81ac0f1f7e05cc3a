/** Judges the final state of a world. */
import { inspect } from 'node:util';
import { CancelledFailure, TerminatedFailure } from '@temporalio/common';
import { isOfOperation, type Rule, type Violation } from './judge.js';
import type { Ended } from './asked.js';
import { inputOf } from './asked.js';
import {
  findDmsFailure,
  workflowTypes,
  type Ledger,
  type OperationKind,
  type ResumeReplicationResult,
  type StopReplicationResult,
} from './package-api.js';
import type { SmallDms, Stop } from './small-dms.js';
import { Lost } from './small-temporal.js';
import { STALE_SECONDS } from './looks.js';
import type { Execution } from './execution.js';

/** Maximum seconds from the last look of an operation to its record. */
const RECORDING_SECONDS = 120;
const STALE_MS = STALE_SECONDS * 1000;

/** Final state of a world. */
export interface Outcome {
  readonly dms: SmallDms;
  readonly ledger: Ledger | null;
  readonly executions: readonly Execution[];
  readonly ended: readonly Ended[];
  /** Times at which a person lifted the seal, in ms since the epoch. */
  readonly unsealedAt: readonly number[];
  /** Stops that are no fault of the package. See `Judge.strayed`. */
  readonly strayed: ReadonlySet<Stop>;
}

export function verdictOf(outcome: Outcome): Violation[] {
  const { dms, ended } = outcome;
  const made = dms.stops
    .filter(isOfOperation)
    .flatMap((stop) => [...judgeRecords(outcome, stop), ...judgeSeal(outcome, stop)]);
  return [...made, ...judgeGuard(outcome), ...ended.flatMap((each) => [...judgeEnded(outcome, each)])];
}

const iso = (ms: number) => new Date(ms).toISOString();

function* judgeRecords({ dms, ledger, strayed }: Outcome, stop: Stop): Iterable<Violation> {
  const records = ledger?.checkpoints.filter(({ stoppedAt }) => stoppedAt === iso(stop.stoppedAt)) ?? [];
  const what = `the stop of ${iso(stop.stoppedAt)} by ${stop.by}`;
  if (records.length === 0 && !isUndone(dms, stop) && !strayed.has(stop))
    yield { rule: stop.isFailed ? 'unrecorded-failure' : 'unrecorded', what };
  // A final stop and a pause under one id are two requests, so each may have a record.
  const names = records.map(({ operationId, intent, status }) => `${operationId} (${intent}, ${status})`);
  if (new Set(names).size < names.length) yield { rule: 'recorded-twice', what: `${what}: ${names.join()}` };
  for (const { recoveryCheckpoint, settled, sequence } of records)
    if (settled === 'agreed' && recoveryCheckpoint !== stop.checkpoint)
      yield { rule: 'wrong-checkpoint', what: `${what}: record ${sequence} has ${recoveryCheckpoint}` };
}

function* judgeSeal({ dms, ledger, executions, unsealedAt }: Outcome, stop: Stop): Iterable<Violation> {
  const operation = executions.find(({ runId }) => stop.by.endsWith(` ${runId}`));
  if (operation === undefined || inputOf(operation).intent !== 'final') return;
  if (ledger?.sealed || isUndone(dms, stop) || unsealedAt.some((at) => at >= operation.startedAt)) return;
  yield { rule: 'unsealed', what: `the final stop of ${iso(stop.stoppedAt)} by ${stop.by}` };
}

/** Returns true if the next start after a stop came from DMS or the console. */
function isUndone(dms: SmallDms, { askedAt }: Stop): boolean {
  const next = dms.starts.find(({ at }) => at >= askedAt);
  return next !== undefined && !isOfOperation(next);
}

function* judgeGuard({ dms, ledger, unsealedAt }: Outcome): Iterable<Violation> {
  if (ledger === null || !('guard' in ledger) || ledger.sealed !== null || unsealedAt.length > 0) return;
  const newest = ledger.checkpoints[0];
  const isPaused = newest?.intent === 'pause' && newest.status === 'stopped' && dms.status === 'stopped';
  const stop = dms.stops.at(-1);
  if (!isPaused || stop === undefined || newest.stoppedAt !== iso(stop.stoppedAt) || ledger.guard !== null) return;
  yield { rule: 'unguarded', what: `record ${newest.sequence}` };
}

function* judgeEnded(outcome: Outcome, each: Ended): Iterable<Violation> {
  const { asked, id, value, err } = each;
  const what = (said: string) => `${id} (${asked.kind}, ${asked.intent}, ${asked.operationId}): ${said}`;
  if (err !== undefined) {
    const failure = findDmsFailure(err);
    if (!isExplained(err)) yield { rule: 'unexplained', what: what(inspect(err)) };
    if (failure?.message.includes(`reserved by ${id} `)) yield { rule: 'reserved', what: what(failure.message) };
    if (failure !== undefined && isFalse(failure, outcome, each))
      yield { rule: 'false-failure', what: what(`${failure.type}: ${failure.message}`) };
  } else if (asked.via !== 'reserving host') {
    const judged = asked.kind === 'stop' ? judgeStop(outcome, each, value) : judgeResume(outcome, each, value);
    for (const [rule, said] of judged) yield { rule, what: what(said) };
  }
}

/** Returns when the operation behind a result began, which is earlier than `begunAt` if it was joined. */
function begunAt(
  { ledger }: Outcome,
  { asked, begunAt: own }: Ended,
  operationId: string,
  kind: OperationKind = asked.kind,
): number {
  const known = ledger?.operations.filter((each) => each.kind === kind && each.operationId === operationId) ?? [];
  return Math.min(own, ...known.map(({ startedAt }) => Date.parse(startedAt)));
}

function* judgeStop(outcome: Outcome, each: Ended, value: unknown): Iterable<readonly [Rule, string]> {
  const { outcome: how, checkpoint, operationId } = value as StopReplicationResult;
  const { dms, ledger, unsealedAt } = outcome;
  const { asked, endedAt } = each;
  if (
    !ledger?.checkpoints.some(
      ({ sequence, stoppedAt }) => sequence === checkpoint.sequence && stoppedAt === checkpoint.stoppedAt,
    )
  )
    yield ['unrecorded', `${how}, and record ${checkpoint.sequence} is not in the ledger`];
  const begun = begunAt(outcome, each, operationId) - STALE_MS;
  const { recoveryCheckpoint, settled, recordedAt } = checkpoint;
  const wasThere = dms.heldBetween(
    begun,
    endedAt,
    ({ stop }) => stop !== null && (stop.checkpoint === recoveryCheckpoint || settled !== 'agreed'),
  );
  if (!wasThere) yield ['false-stop', `${how} at ${recoveryCheckpoint}, where it did not stop while the operation ran`];
  const saidAt = Math.max(Date.parse(recordedAt), each.begunAt);
  if (!dms.heldBetween(saidAt - STALE_MS - RECORDING_SECONDS * 1000, saidAt, ({ stop }) => stop !== null))
    yield ['false-stop', `${how} at ${recoveryCheckpoint}, and it had been running for minutes`];
  if (asked.intent !== 'final') return;
  if (checkpoint.intent !== 'final') yield ['not-as-asked', `recorded as ${checkpoint.intent}`];
  else if (!ledger?.sealed && !unsealedAt.some((at) => at >= begun + STALE_MS)) yield ['unsealed', how];
}

function* judgeResume(outcome: Outcome, each: Ended, value: unknown): Iterable<readonly [Rule, string]> {
  const { outcome: how, operationId, startReplicationType: type, replication } = value as ResumeReplicationResult;
  const { dms } = outcome;
  const { asked, endedAt } = each;
  const begun = begunAt(outcome, each, operationId);
  const start = dms.starts.find(({ at }) => at >= begun && at <= endedAt);
  const from = how === 'resumed' && start !== undefined ? start.at : begun - STALE_MS;
  if (replication.status !== 'running') yield ['false-resume', `${how}, and shows "${replication.status}"`];
  if (!dms.heldBetween(from, endedAt, ({ status }) => status === 'running'))
    yield ['false-resume', `${how}, and it did not run`];
  const isAsAsked = how !== 'resumed' || type === 'reload-target';
  if (asked.reload && !isAsAsked) yield ['not-as-asked', `${how} with ${type}, and it was to be reloaded`];
}

/** Failure, read loosely: `type` may be of another version of the package. */
interface Failure {
  readonly type: string;
  readonly details: readonly [{ readonly operationId?: string | undefined }, ...unknown[]];
}

/** Returns true if a failure claims a state or an event of the replication that never was. */
function isFalse({ type, details }: Failure, outcome: Outcome, each: Ended): boolean {
  const { dms, ended, ledger } = outcome;
  const { begunAt: own, endedAt } = each;
  const { operationId = null } = details[0];
  const begun = own - STALE_MS;
  const isStarted = (from: number) => dms.starts.some(({ at }) => at >= from && at <= endedAt);
  const lastStop = dms.stops.findLast(({ askedAt }) => askedAt <= endedAt);
  switch (type) {
    case 'DmsReplicationNotFound':
      // A false failure only if the ledger knew the replication. Otherwise one missing look is a typing error.
      return ledger?.operations.some(({ startedAt }) => Date.parse(startedAt) < own) === true;
    case 'DmsReplicationDeleting':
    case 'DmsReplicationReadOnly':
    case 'DmsInvalidInput':
    case 'DmsNotAllowed':
      return true;
    case 'DmsStopReverted':
      // The operation may have joined one that began before it.
      return !isStarted(begunAt(outcome, each, operationId ?? '', 'stop')) && !isStarted(lastStop?.askedAt ?? Infinity);
    case 'DmsStartReverted':
      return !dms.stops.some(({ askedAt, stoppedAt }) => askedAt <= endedAt && stoppedAt >= own);
    case 'DmsReplicationFailed':
      return !dms.heldBetween(begun, endedAt, ({ status }) => status === 'failed');
    case 'DmsCheckpointChanged':
      return dms.stops.every(isOfOperation) && dms.starts.every(isOfOperation);
    case 'DmsOperationSuperseded':
      // True failures: another operation has used the same id, or a reset run finds the record of its own first run.
      return !isReset(outcome) && !ended.some(({ asked }) => asked.operationId === operationId && operationId !== null);
    default:
      return false;
  }
}

/** Returns true if any operation was reset. */
function isReset({ executions }: Outcome): boolean {
  return executions.some(({ type, runId, firstRunId }) => type !== workflowTypes.ledger && runId !== firstRunId);
}

/** Returns true if an operation was cancelled, terminated, lost on the network, or failed with a DmsFailure. */
function isExplained(err: unknown): boolean {
  if (err instanceof Lost || findDmsFailure(err) !== undefined) return true;
  for (let at = err; at instanceof Error; at = at.cause)
    if (at instanceof CancelledFailure || at instanceof TerminatedFailure) return true;
  return false;
}
