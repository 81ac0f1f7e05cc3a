import type { StartRequest } from '../dms/api.js';
import { isRecordedStop, resumeDeadline, stopMark } from '../dms/checkpoint.js';
import { factsOf, isDeprovisioned, lifecycleState } from '../dms/lifecycle.js';
import type { Replication } from '../dms/replication.js';
import { dmsFailure, type FailureSubject } from '../operations/failures.js';
import type { RequestedStart, RequestStart } from '../operations/protocol.js';
import type { ResumeOutcome, Warning } from '../operations/results.js';
import { awsErrorDetails } from './api-failures.js';
import { attemptChange, type Decision } from './change.js';
import type { Environment } from './environment.js';
import { replicationDeleting, replicationReadOnly } from './terminal.js';

/** Asks DMS to start the replication again, if its last stop is the recorded one and DMS's rules allow it, and unless it runs already. */
export function requestStart(environment: Environment, request: RequestStart): Promise<RequestedStart> {
  const arn = environment.target(request, 'dms.requestStart');
  const { operation, ownCall = null } = request;
  const about = { replicationConfigArn: arn.arn, operationId: operation?.operationId };
  const identifier = (replication: Replication) => replication.replicationConfigIdentifier ?? arn.resourceId;

  return attemptChange<RequestedStart>(environment, {
    arn,
    phase: 'checking',
    deadlineSeconds: request.startTimeoutSeconds ?? 5400,
    operation,
    ownCall,
    wasAccepted: false,

    decide(replication): Decision<RequestedStart> {
      const subject = { ...about, replication };
      if (replication.isReadOnly === true) throw replicationReadOnly(subject);
      const end = (outcome: ResumeOutcome): Decision<RequestedStart> => ({
        do: 'end',
        outcome: {
          outcome,
          startReplicationType: null,
          before: null,
          accepted: false,
          replication,
          warnings: [],
          awsRequestIds: [],
        },
      });
      const { status } = lifecycleState(replication);
      switch (factsOf(status).start) {
        case 'first-start':
          return call(replication, startType(request, replication, true, subject));
        case 'call': {
          const type = startType(request, replication, false, subject);
          if (type === 'reload-target' && request.confirmReload !== identifier(replication)) {
            throw dmsFailure(
              'DmsNotResumable',
              subject,
              `Reloading the target of ${arn.arn} is not confirmed: it discards what the target holds`,
              `Repeat the replication config's identifier ("${identifier(replication)}") as confirmReload.`,
            );
          }
          requireRecordedStop(request, replication, subject);
          if (type === 'resume-processing') requireOpenWindow(replication, subject);
          return call(replication, type);
        }
        case 'wait':
          return { do: 'wait', why: 'DMS can start it only once it is at rest' };
        case 'already-running':
          return end('already-running');
        case 'already-starting':
          return end('already-starting');
        case 'deleting':
          throw replicationDeleting(subject);
      }
    },

    send: (note, signal) =>
      environment.dms.startReplication(arn, startRequest(request, note.startReplicationType), { signal }),

    accepted: (note, look, { replication, requestId }) => ({
      outcome: 'resumed',
      startReplicationType: note.startReplicationType,
      before: { status: lifecycleState(look).status, stop: stopMark(look) },
      accepted: true,
      replication: replication ?? look,
      warnings: spellingWarnings(request, look),
      awsRequestIds: requestId === null ? [] : [requestId],
    }),

    attributed: (found, _, own) => ({
      ...found,
      outcome: 'resumed',
      startReplicationType: own.startReplicationType,
      accepted: true,
    }),

    timedOut: (subject, status, error) =>
      dmsFailure(
        'DmsStartTimedOut',
        { ...subject, awsError: error === null ? undefined : awsErrorDetails(error) },
        `${arn.arn} was still "${status}" after ${Math.round(subject.elapsedSeconds ?? 0)} s, and DMS can't start it in that state${error === null ? '' : ` (${error.awsName}: ${error.message})`}`,
        'Resume it again once it is at rest, or with a longer startTimeoutSeconds.',
      ),

    rejected: (err, note, subject) =>
      dmsFailure(
        'DmsRequestRejected',
        { ...subject, awsError: awsErrorDetails(err) },
        `DMS refused to start ${arn.arn} with ${note.startReplicationType} (${err.awsName}: ${err.message})`,
        note.startReplicationType === 'start-replication'
          ? 'It has run before: "resume-processing" goes on from its last stop, "reload-target" loads everything anew.'
          : 'If it can\'t go on from its last stop, "reload-target" (confirmed by confirmReload) loads everything anew.',
      ),
  });
}

function call(replication: Replication, startReplicationType: string): Decision<RequestedStart> {
  return { do: 'call', note: { before: stopMark(replication), intent: null, startReplicationType } };
}

function startType(
  request: RequestStart,
  replication: Replication,
  isFirstRun: boolean,
  subject: FailureSubject,
): string {
  const asked = request.startReplicationType ?? null;
  if (asked !== null) return asked;
  if (isFirstRun) return 'start-replication';
  if (replication.replicationType !== 'full-load') return 'resume-processing';
  throw dmsFailure(
    'DmsNotResumable',
    subject,
    `${subject.replicationConfigArn} is of type full-load, which has no position to go on from`,
    'Say what you want with startReplicationType: "resume-processing" loads incomplete tables again, "reload-target" all of them.',
  );
}

function startRequest(request: RequestStart, startReplicationType: string | null): StartRequest {
  return {
    startReplicationType: startReplicationType ?? 'resume-processing',
    cdcStartPosition: request.cdcStartPosition ?? undefined,
    cdcStartTime: request.cdcStartTime ?? undefined,
    cdcStopPosition: request.cdcStopPosition ?? undefined,
  };
}

/** Somebody who ran the replication in between has moved it on: going on from there is not what was asked for. */
function requireRecordedStop(request: RequestStart, replication: Replication, subject: FailureSubject): void {
  const { checkpoint, force } = request;
  if (checkpoint === undefined || force === true) return;
  const { replicationConfigArn } = subject;
  if (checkpoint === null) {
    throw dmsFailure(
      'DmsCheckpointMissing',
      subject,
      `No stop of ${replicationConfigArn} is recorded under that sequence, so its last one can't be checked`,
      'Stop it with this package first, name a recorded sequence, or set force to go on from wherever DMS stopped.',
    );
  }
  if (isRecordedStop(checkpoint, replication)) return;
  throw dmsFailure(
    'DmsCheckpointChanged',
    { ...subject, checkpoint },
    `The last stop of ${replicationConfigArn} is not the recorded one: ` +
      `record ${checkpoint.sequence} has it at ${checkpoint.stoppedAt ?? 'no time'} (${checkpoint.recoveryCheckpoint ?? 'no checkpoint'}), ` +
      `DMS at ${replication.replicationLastStopTime ?? 'no time'} (${replication.recoveryCheckpoint ?? 'no checkpoint'})`,
    'Someone ran it in between. Find out why, then stop it again to record where it is now, or set force.',
  );
}

function requireOpenWindow(replication: Replication, subject: FailureSubject): void {
  const state = lifecycleState(replication);
  const { resumeBy, resumeBySource } = resumeDeadline(replication);
  const isPast = resumeBy !== null && Date.now() > Date.parse(resumeBy);
  if (!isDeprovisioned(state) && !isPast) return;
  const why = isDeprovisioned(state)
    ? `DMS shows it ${state.provisionState}`
    : `its time to be resumed ended at ${resumeBy} (${resumeBySource})`;
  throw dmsFailure(
    'DmsResumeWindowClosed',
    subject,
    `${subject.replicationConfigArn} can't go on from its last stop: ${why}, 48 hours after a stop without a start`,
    'Load it anew with startReplicationType "reload-target", or create a replication that starts at the recorded checkpoint.',
  );
}

function spellingWarnings({ checkpoint }: RequestStart, replication: Replication): readonly Warning[] {
  if (checkpoint == null || checkpoint.recoveryCheckpoint === replication.recoveryCheckpoint) return [];
  if (!isRecordedStop(checkpoint, replication)) return [];
  const message =
    `it is the recorded stop, and DMS spells its checkpoint differently now: ` +
    `"${replication.recoveryCheckpoint ?? ''}" instead of "${checkpoint.recoveryCheckpoint ?? ''}"`;
  return [{ code: 'checkpoint-text-differs', message }];
}
