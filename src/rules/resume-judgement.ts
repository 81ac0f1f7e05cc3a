/**
 * The judgement about a resume: one pure function over the facts that `dms.requestStart` has gathered.
 *
 * A resume calls, waits until it can call, or sends nothing because the replication runs. The judgement throws terminal
 * failures. The ledger comes first (`ledger/begin.ts`): a repeat, a reservation, a seal. Then the checks follow in this order:
 *
 * 1. A read-only replication fails.
 * 2. A look that is older than the ledger's facts must agree with others.
 * 3. The status decides: deleting, wait, running, starting.
 * 4. An earlier call of this operation is sent again as it was.
 * 5. Start type and confirmation of a reload.
 * 6. Resume window, for a start that goes on from the last stop.
 * 7. Recorded stop, unless forced or reloaded.
 * 8. Source log, then endpoints, for a start that goes on from the last stop.
 *
 * `resume-checks.ts` holds the single checks.
 */
import { isNewerStop } from '../dms/checkpoint.js';
import { statusFacts, showsOnlyConfig, lifecycleState } from '../dms/lifecycle.js';
import { STALE_SECONDS } from '../dms/staleness.js';
import { replicationDeleting, replicationReadOnly } from '../contract/failure-messages.js';
import type { PendingCall } from '../contract/ledger-state.js';
import type { ResumeOutcome, Warning } from '../contract/results.js';
import {
  checkEndpoints,
  requireConfirmation,
  requireOpenWindow,
  requireRecordedStop,
  requireSourceLog,
  startTypeOf,
  startWarnings,
  wantedType,
  type ResumeFacts,
} from './resume-checks.js';
import type { Doubt } from './doubt.js';

/** Facts by which a resume is judged, and what the ledger knows about its replication. */
export interface FactsToJudge extends ResumeFacts {
  /** Call of this operation that may have been accepted. `null`: none. */
  readonly ownCall: PendingCall | null;
  /** True if the ledger has seen the replication run. */
  readonly hasRun: boolean;
  /** `stoppedAt` of the newest record. `null`: none. */
  readonly lastStoppedAt: string | null;
}

export type ResumeConclusion =
  | { readonly do: 'wait'; readonly why: string }
  | { readonly do: 'send-nothing'; readonly outcome: Exclude<ResumeOutcome, 'resumed'> }
  | { readonly do: 'call'; readonly startReplicationType: string | null; readonly warnings: readonly Warning[] };

/** Judges a resume. A look that is older than the ledger's facts must agree with others first. */
export function judgeResume(facts: FactsToJudge): ResumeConclusion | Doubt<ResumeConclusion> {
  if (facts.look.isReadOnly === true) throw replicationReadOnly(facts.subject);
  if (!mayBeOlderThanLedger(facts)) return concludeByStatus(facts);
  const on = 'DMS shows no run of it, or an older stop than the recorded one';
  return { do: 'agree', on, forSeconds: STALE_SECONDS, conclude: () => concludeByStatus(facts) };
}

function concludeByStatus(facts: FactsToJudge): ResumeConclusion {
  switch (statusFacts(lifecycleState(facts.look).status).start) {
    case 'first-start':
    case 'call':
      return judgeCall(facts);
    case 'wait':
      return { do: 'wait', why: 'DMS can start it only once it is at rest' };
    case 'already-running':
      return { do: 'send-nothing', outcome: 'already-running' };
    case 'already-starting':
      return { do: 'send-nothing', outcome: 'already-starting' };
    case 'deleting':
      throw replicationDeleting(facts.subject);
  }
}

/** Checks every condition of a start. A call of this operation that may have been accepted is not judged again. */
function judgeCall(facts: FactsToJudge): ResumeConclusion {
  const { ownCall } = facts;
  if (ownCall !== null) {
    // The replication was started and has stopped since. `dms.awaitRunning` judges that stop. The
    // activity turns this outcome into `resumed`.
    if (isNewerStop(facts.look, ownCall.before.stop)) return { do: 'send-nothing', outcome: 'already-starting' };
    return {
      do: 'call',
      startReplicationType: ownCall.startReplicationType,
      warnings: startWarnings(facts, ownCall.startReplicationType),
    };
  }
  const startReplicationType = startTypeOf(facts);
  requireConfirmation(facts, startReplicationType);
  requireOpenWindow(facts, startReplicationType);
  requireRecordedStop(facts, startReplicationType);
  requireSourceLog(facts, startReplicationType);
  const endpointWarnings = checkEndpoints(facts, startReplicationType);
  return {
    do: 'call',
    startReplicationType,
    warnings: [...startWarnings(facts, startReplicationType), ...endpointWarnings],
  };
}

/** True if the judgement compares the current endpoints with the recorded ones. Reading them costs a request. */
export function shouldCompareEndpoints(facts: FactsToJudge): boolean {
  const { request, look, checkpoint, ownCall, endpoints } = facts;
  if (endpoints === null || ownCall !== null || request.force === true || checkpoint?.endpoints == null) return false;
  const { start } = statusFacts(lifecycleState(look).status);
  return (start === 'call' || start === 'first-start') && wantedType(facts) === 'resume-processing';
}

/**
 * True if a look may be older than the ledger, or misses the row. Such a look shows no run of a replication that has run,
 * or an older stop than the newest record.
 *
 * The look may also be right: the config never ran, or was created anew under the same ARN.
 */
function mayBeOlderThanLedger({ look, hasRun, lastStoppedAt }: FactsToJudge): boolean {
  const { status, replicationLastStopTime } = look;
  if (showsOnlyConfig(look)) return true;
  if (status === 'created') return hasRun;
  if (lastStoppedAt === null) return false;
  return replicationLastStopTime === null || Date.parse(replicationLastStopTime) < Date.parse(lastStoppedAt);
}
