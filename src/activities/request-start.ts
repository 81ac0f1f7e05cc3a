import { readActivityRequest } from '../contract/input-schemas.js';
import { callMark } from '../dms/checkpoint.js';
import type { Replication } from '../dms/replication.js';
import { dmsFailure, type FailureSubject } from '../contract/failures.js';
import type { Repeated, RequestedStart, RequestStart } from '../contract/activity-protocol.js';
import { repeatedResume, requireSameReload } from '../rules/repeats.js';
import { shouldCompareEndpoints, judgeResume, type FactsToJudge } from '../rules/resume-judgement.js';
import { refusedStartHint, recordResumedFrom } from '../rules/resume-checks.js';
import type { ResumeOutcome, ResumeReplicationResult, Warning } from '../contract/results.js';
import { awsErrorDetails } from './runtime/api-failures.js';
import { decisionOf, type Decision, type Facts } from './runtime/change.js';
import { attemptChange } from './runtime/change-attempt.js';
import { readEndpoints } from './runtime/endpoints.js';
import { beginAttempt } from './runtime/begin-attempt.js';
import type { WorkerContext } from './runtime/worker-context.js';

type Outcome = Omit<RequestedStart, 'holdSeconds'>;

/** Begins a resume. Asks DMS to start the replication if `rules/resume-judgement.ts` decides to call. */
export async function requestStart(
  worker: WorkerContext,
  request: RequestStart,
): Promise<RequestedStart | Repeated<ResumeReplicationResult>> {
  const { operation, checkpoint } = request;
  const deadline = {
    seconds: readActivityRequest('dms.requestStart', request).startTimeoutSeconds,
    failure: 'DmsStartTimedOut',
    what: "after the resume began. DMS can't start it in that state",
    hint: 'Resume it again once it is at rest, or with a longer startTimeoutSeconds',
    again: { kind: 'resume' },
  } as const;
  const about = { operationId: operation?.operationId, phase: 'checking', deadline } as const;
  const attempt = beginAttempt(worker, request, 'dms.requestStart', about);
  attempt.mayHaveBegun ||= request.mayHaveBegun === true;
  let warnings: readonly Warning[] = [];

  const requested = await attemptChange<Outcome, ResumeReplicationResult>(attempt, {
    operation,
    intent: null,
    sequence: typeof checkpoint === 'object' && checkpoint !== null ? checkpoint.sequence : null,
    needsLedger: () => operation !== undefined,
    isAnswered: false,

    async decide(facts): Promise<Decision<Outcome>> {
      const { replication } = facts.look;
      return decisionOf(judgeResume(await gather(facts)), (judged) => {
        switch (judged.do) {
          case 'wait':
            return judged;
          case 'call':
            ({ warnings } = judged);
            return {
              do: 'call',
              note: { before: callMark(replication), intent: null, startReplicationType: judged.startReplicationType },
            };
          case 'send-nothing':
            return { do: 'send-nothing', outcome: nothingSent(judged.outcome, replication) };
        }
      });
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

    outcomeOfCall: ({ startReplicationType, before }, facts, { replication, requestId }) => ({
      outcome: 'resumed',
      startReplicationType,
      resumedFrom: recordResumedFrom(facts.begun?.checkpoint, startReplicationType, before.stop),
      before,
      mayHaveCalled: true,
      isAnswered: true,
      replication: replication ?? facts.look.replication,
      warnings,
      awsRequestIds: requestId === null ? [] : [requestId],
    }),

    outcomeOfEarlierCall: (found, { startReplicationType, before, isAnswered }, { begun }) => ({
      ...found,
      outcome: 'resumed',
      startReplicationType,
      resumedFrom: recordResumedFrom(begun?.checkpoint, startReplicationType, before.stop),
      before,
      mayHaveCalled: true,
      isAnswered,
    }),

    requireSameRequest: (repeat) => requireSameReload(repeat, request.startReplicationType ?? null, attempt.subject),

    resultOfRepeat: (repeat, { replication }) => repeatedResume(repeat, replication, attempt.subject),

    failureOfRejection: (err, { startReplicationType }, subject) =>
      startRejected(err, request, startReplicationType, subject),
  });

  /** Gathers the facts of the judgement. Reads the endpoints only if the judgement compares them. */
  async function gather({ look: { replication, dmsTime }, begun, subject }: Facts): Promise<FactsToJudge> {
    const { ownCall = null, hasRun = false, lastStoppedAt = null } = begun ?? {};
    const recorded = operation === undefined ? undefined : (begun?.checkpoint ?? null);
    const endpoints = worker.endpointFingerprints ? { endpoints: null, problem: null } : null;
    const shown = { request, look: replication, dmsTime, endpoints, subject };
    const known = { ...shown, checkpoint: recorded, ownCall, hasRun, lastStoppedAt };
    return shouldCompareEndpoints(known) ? { ...known, endpoints: await readEndpoints(attempt, replication) } : known;
  }

  if ('repeated' in requested) return requested;
  return { ...requested.outcome, holdSeconds: worker.holdSeconds };
}

function nothingSent(outcome: ResumeOutcome, replication: Replication): Outcome {
  const nothing = {
    startReplicationType: null,
    resumedFrom: null,
    before: null,
    mayHaveCalled: false,
    isAnswered: false,
  };
  return { outcome, replication, ...nothing, warnings: [], awsRequestIds: [] };
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
    refusedStartHint(request, type, subject),
  );
}
