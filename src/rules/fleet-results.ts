/** Results of a fleet, and the limits at which it starts no more operations. */
import {
  groupResults,
  MAX_MESSAGE_LENGTH,
  MAX_TYPE_LENGTH,
  type FailureLimit,
  type FleetEntry,
  type FleetMember,
  type FleetReport,
  type FleetResult,
  type FleetState,
} from '../contract/fleets.js';
import type { ResumeReplicationResult, StopReplicationResult } from '../contract/results.js';

/** Number of ended operations at which a share of failures starts to count. */
const SHARE_COUNTS_FROM = 10;
/** Number of superseded operations from which on a fleet id counts as reused. */
const MIN_SUPERSEDED = 5;
/** Maximum number of failures that keep their message, so that the result fits into a payload. */
const MAX_MESSAGES = 200;

/** True if so many of the ended operations failed that no more may start. */
export function hasTooManyFailures({ count, share }: FailureLimit, failed: number, ended: number): boolean {
  return failed >= (count ?? Infinity) || (ended >= SHARE_COUNTS_FROM && failed / ended >= (share ?? Infinity));
}

/** True if the fleet id was used before, and its replications have run since. All other operations would then fail in the same way. */
export function isFleetIdReused(superseded: number, ended: number, total: number): boolean {
  return superseded >= Math.min(MIN_SUPERSEDED, total) && superseded * 2 > ended;
}

/** Returns the input of one operation of a fleet. The operation id makes a repeated fleet skip operations that succeeded. */
export function fleetOperationInput({ kind, fleetId, options }: FleetState, { arn, sequence }: FleetMember) {
  const checkpoint = sequence == null ? {} : { checkpoint: { sequence } };
  return { ...options, ...checkpoint, replicationConfigArn: arn, operationId: `${fleetId}:${kind}` };
}

export function stoppedEntry({ outcome, checkpoint }: StopReplicationResult): FleetEntry {
  return { outcome, checkpointSequence: checkpoint.sequence, resumeBy: checkpoint.resumeBy };
}

export function resumedEntry({ outcome, resumedFrom }: ResumeReplicationResult): FleetEntry {
  return { outcome, checkpointSequence: resumedFrom?.sequence ?? null, resumeBy: null };
}

export function failedEntry(failureType: string, message: string, failuresBefore: number): FleetEntry {
  const kept = failuresBefore < MAX_MESSAGES && message !== '' ? cut(message, MAX_MESSAGE_LENGTH) : null;
  return { failureType: cut(failureType, MAX_TYPE_LENGTH), message: kept };
}

/** Cuts a text. Control characters become spaces, because each takes six bytes of JSON. */
function cut(text: string, most: number): string {
  return text.slice(0, most).replace(/\p{Cc}/gu, ' ');
}

/** Returns the report of a fleet. */
export function fleetReport(
  { fleetId, kind, total, duplicates, halted }: Omit<FleetState, 'results' | 'remaining'>,
  left: readonly string[],
  results: FleetResult['results'],
): FleetReport {
  const outcomes: Record<string, number> = {};
  let failed = 0;
  for (const entry of Object.values(results)) {
    if ('failureType' in entry) failed++;
    else outcomes[entry.outcome] = (outcomes[entry.outcome] ?? 0) + 1;
  }
  return { fleetId, kind, total, duplicates, outcomes, failed, left, halted, results: groupResults(results) };
}
