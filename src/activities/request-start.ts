import { readActivityRequest } from '../contract/input-schemas.js';
import { callMark, isNewerStop } from '../dms/checkpoint.js';
import { factsOf, isWithoutRow, lifecycleState } from '../dms/lifecycle.js';
import { STALE_SECONDS } from '../dms/staleness.js';
import type { Replication } from '../dms/replication.js';
import { dmsFailure, type FailureSubject } from '../contract/failures.js';
import type { BeginReply } from '../contract/ledger-protocol.js';
import type { Repeated, RequestedStart, RequestStart } from '../contract/activity-protocol.js';
import { replicationDeleting, replicationReadOnly } from '../contract/failure-messages.js';
import { repeatedResume, requireSameStart } from '../rules/repeats.js';
import {
  refusedStartHint,
  requireRecordedStop,
  requireSourceLog,
  resumedFrom,
  startTypeOf,
  startWarnings,
  type ResumeFacts,
} from '../rules/resume-checks.js';
import type { ResumeOutcome, ResumeReplicationResult, Warning } from '../contract/results.js';
import { awsErrorDetails } from './runtime/api-failures.js';
import type { Conclusion, Decision, Doubt, Facts } from './runtime/change.js';
import { attemptChange } from './runtime/change-attempt.js';
import { requireEndpoints } from './runtime/endpoint-check.js';
import { beginAttempt } from './runtime/attempt.js';
import type { WorkerContext } from './runtime/worker-context.js';

type Outcome = Omit<RequestedStart, 'holdSeconds'>;

/** Begins a resume, and asks DMS to start the replication unless it runs already. Throws if a check in `rules/resume-checks.ts` fails. */
export async function requestStart(
  worker: WorkerContext,
  request: RequestStart,
): Promise<RequestedStart | Repeated<ResumeReplicationResult>> {
  const { operation, checkpoint } = request;
  const deadline = {
    seconds: readActivityRequest('dms.requestStart', request).startTimeoutSeconds,
    failure: 'DmsStartTimedOut',
    what: "after it was to be asked to start, and DMS can't start it in that state",
    hint: 'Resume it again once it is at rest, or with a longer startTimeoutSeconds.',
  } as const;
  const about = { operationId: operation?.operationId, phase: 'checking', deadline } as const;
  const attempt = beginAttempt(worker, request, 'dms.requestStart', about);
  let endpointWarnings: readonly Warning[] = [];

  const resumeFacts = ({ look, begun, subject }: Facts): ResumeFacts => {
    const recorded = operation === undefined ? undefined : (begun?.checkpoint ?? null);
    return { request, look: look.replication, checkpoint: recorded, dmsTime: look.dmsTime, subject };
  };

  const requested = await attemptChange<Outcome, ResumeReplicationResult>(attempt, {
    operation,
    intent: null,
    sequence: typeof checkpoint === 'object' && checkpoint !== null ? checkpoint.sequence : null,
    needsLedger: () => operation !== undefined,
    isAnswered: false,

    async decide(facts): Promise<Decision<Outcome>> {
      const { look, begun, subject } = facts;
      const { replication } = look;
      if (replication.isReadOnly === true) throw replicationReadOnly(subject);
      if (isOlderThanRecord(replication, begun)) return olderThanRecord(() => decideOn(facts));
      return decideOn(facts);
    },

    send: ({ startReplicationType }, signal) =>
      worker.dms.startReplication(
        attempt.arn,
        {
          startReplicationType: startReplicationType ?? 'resume-processing',
          cdcStartPosition: request.cdcStartPosition ?? undefined,
          cdcStartTime: request.cdcStartTime ?? undefined,
          cdcStopPosition: request.cdcStopPosition ?? undefined,
        },
        { signal },
      ),

    accepted: ({ startReplicationType, before }, facts, { replication, requestId }) => ({
      outcome: 'resumed',
      startReplicationType,
      resumedFrom: resumedFrom(facts.begun?.checkpoint, startReplicationType, before.stop),
      before,
      accepted: true,
      isAnswered: true,
      replication: replication ?? facts.look.replication,
      warnings: [...startWarnings(resumeFacts(facts), startReplicationType), ...endpointWarnings],
      awsRequestIds: requestId === null ? [] : [requestId],
    }),

    attributed: (found, { startReplicationType, before, isAnswered }, { begun }) => ({
      ...found,
      outcome: 'resumed',
      startReplicationType,
      resumedFrom: resumedFrom(begun?.checkpoint, startReplicationType, before.stop),
      before,
      accepted: true,
      isAnswered,
    }),

    requireSame: (repeat) => requireSameStart(repeat, request.startReplicationType ?? null, attempt.subject),

    repeated: (repeat, { replication }) => repeatedResume(repeat, replication, attempt.subject),

    rejected: (err, { startReplicationType }, subject) => startRejected(err, request, startReplicationType, subject),
  });

  async function decideOn(facts: Facts): Promise<Conclusion<Outcome>> {
    const { look, subject } = facts;
    const { replication } = look;
    switch (factsOf(lifecycleState(replication).status).start) {
      case 'first-start':
      case 'call':
        return judged(facts);
      case 'wait':
        return { do: 'wait', why: 'DMS can start it only once it is at rest' };
      case 'already-running':
        return nothingSent('already-running', replication);
      case 'already-starting':
        return nothingSent('already-starting', replication);
      case 'deleting':
        throw replicationDeleting(subject);
    }
  }

  /** Checks every condition of a start. A call of this operation that may have been accepted is not judged again. */
  async function judged(facts: Facts): Promise<Conclusion<Outcome>> {
    const about = resumeFacts(facts);
    const own = facts.begun?.ownCall ?? null;
    // The replication was started and has stopped since. The wait judges that stop.
    if (own !== null && isNewerStop(about.look, own.before.stop)) return nothingSent('already-starting', about.look);
    if (own !== null) return callWith(about, own.startReplicationType);
    const type = startTypeOf(about);
    requireRecordedStop(about, type);
    if (type === 'resume-processing') requireSourceLog(about);
    if (type === 'resume-processing' && request.force !== true)
      endpointWarnings = await requireEndpoints(attempt, about.checkpoint ?? null, about.look, about.subject);
    return callWith(about, type);
  }

  if ('repeated' in requested) return requested;
  return { ...requested.outcome, holdSeconds: worker.holdSeconds };
}

function callWith({ look }: ResumeFacts, startReplicationType: string | null) {
  return { do: 'call', note: { before: callMark(look), intent: null, startReplicationType } } as const;
}

function nothingSent(outcome: ResumeOutcome, replication: Replication) {
  const nothing = { startReplicationType: null, resumedFrom: null, before: null, accepted: false, isAnswered: false };
  return { do: 'end', outcome: { outcome, replication, ...nothing, warnings: [], awsRequestIds: [] } } as const;
}

/**
 * True if a look may be older than the ledger, or misses the row. It shows no run of a replication that has run, or an
 * older stop than the newest record.
 *
 * A config that never ran looks the same for good, and so does one created anew under the same ARN.
 */
function isOlderThanRecord(look: Replication, begun: BeginReply | null): boolean {
  const { status, replicationLastStopTime } = look;
  if (isWithoutRow(look)) return true;
  if (begun === null) return false;
  const { hasRun, lastStoppedAt } = begun;
  if (status === 'created') return hasRun;
  if (lastStoppedAt === null) return false;
  return replicationLastStopTime === null || Date.parse(replicationLastStopTime) < Date.parse(lastStoppedAt);
}

function olderThanRecord(conclude: Doubt<Outcome>['conclude']): Doubt<Outcome> {
  return {
    do: 'agree',
    on: 'DMS shows no run of it, or an older stop than the recorded one',
    forSeconds: STALE_SECONDS,
    conclude,
  };
}

function startRejected(
  err: Parameters<typeof awsErrorDetails>[0],
  request: RequestStart,
  type: string | null,
  subject: FailureSubject,
) {
  return dmsFailure(
    'DmsRequestRejected',
    { ...subject, awsError: awsErrorDetails(err) },
    `DMS refused to start ${subject.replicationConfigArn} with ${type} (${err.awsName}: ${err.message})`,
    refusedStartHint(request, type),
  );
}
