import { log } from '@temporalio/activity';
import { isRecordedStop, isSameStop, resumeDeadline, stopMark, type StopMark } from '../dms/checkpoint.js';
import { factsOf, isDeprovisioned, lifecycleState } from '../dms/lifecycle.js';
import type { Replication } from '../dms/replication.js';
import { dmsFailure, type FailureSubject } from '../operations/failures.js';
import type { StartReplicationType } from '../operations/inputs.js';
import type { RequestedStart, RequestStart } from '../operations/protocol.js';
import { checkpointChanged, replicationDeleting, replicationReadOnly } from '../operations/refusals.js';
import type { ResumeOutcome, Warning } from '../operations/results.js';
import { startMark } from '../operations/start-wait.js';
import { awsErrorDetails } from './api-failures.js';
import { attemptChange, MAY_HAVE_BEEN_SENT, type Decision } from './change.js';
import { claimContinued, tellContinued } from './continued.js';
import type { Environment } from './environment.js';
import { inTime } from './in-time.js';
import { goesOn, judgementWarnings, requireEndpoints, requireSourceLog } from './judgement.js';

/** A start must not wait for the ledger of another replication. */
const TELL_SECONDS = 5;

/** Asks DMS to start the replication again, if its last stop is the recorded one and DMS's rules allow it, and unless it runs already. */
export async function requestStart(environment: Environment, request: RequestStart): Promise<RequestedStart> {
  const { operation, ownCall = null, accepted } = request;
  const deadline = {
    seconds: request.startTimeoutSeconds ?? 5400,
    failure: 'DmsStartTimedOut',
    what: "after it was to be asked to start, and DMS can't start it in that state",
    hint: 'Resume it again once it is at rest, or with a longer startTimeoutSeconds.',
  } as const;
  const about = { operationId: operation?.operationId, phase: 'checking', accepted, deadline } as const;
  const attempt = environment.attempt(request, 'dms.requestStart', about);

  const isCalled = () => attempt.memory === MAY_HAVE_BEEN_SENT;
  let endpointWarnings: readonly Warning[] = [];
  const requested = await attemptChange<RequestedStart>(attempt, {
    operation,
    ownCall,

    decide(replication, subject): Decision<RequestedStart> {
      if (replication.isReadOnly === true) throw replicationReadOnly(subject);
      const call = (startReplicationType: string): Decision<RequestedStart> => ({
        do: 'call',
        note: { before: stopMark(replication), intent: null, startReplicationType },
      });
      const end = (outcome: ResumeOutcome): Decision<RequestedStart> => {
        const nothing = { startReplicationType: null, resumedFrom: null, before: null, accepted: false };
        return { do: 'end', outcome: { outcome, replication, ...nothing, warnings: [], awsRequestIds: [] } };
      };
      switch (factsOf(lifecycleState(replication).status).start) {
        case 'first-start':
          return call(checkedType(request, replication, subject, 'start-replication', isCalled()));
        case 'call':
          return call(checkedType(request, replication, subject, defaultType(replication), isCalled()));
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

    async prepare({ startReplicationType }, look, subject) {
      if (goesOn(request, startReplicationType) && request.force !== true)
        endpointWarnings = await requireEndpoints(attempt, request, look, subject);
      await claimContinued(attempt, request);
    },

    send: ({ startReplicationType }, signal) =>
      environment.dms.startReplication(
        attempt.arn,
        {
          startReplicationType: startReplicationType ?? 'resume-processing',
          cdcStartPosition: request.continued?.recoveryCheckpoint ?? request.cdcStartPosition ?? undefined,
          cdcStartTime: request.cdcStartTime ?? undefined,
          cdcStopPosition: request.cdcStopPosition ?? undefined,
        },
        { signal },
      ),

    accepted: ({ startReplicationType }, look, { replication, requestId }) => ({
      outcome: 'resumed',
      startReplicationType,
      resumedFrom: resumedFrom(request, startReplicationType, stopMark(look)),
      before: startMark(look),
      accepted: true,
      replication: replication ?? look,
      warnings: [
        ...spellingWarnings(request, look),
        ...judgementWarnings(request, look, startReplicationType),
        ...endpointWarnings,
      ],
      awsRequestIds: requestId === null ? [] : [requestId],
    }),

    attributed: (found, { startReplicationType, before }) => ({
      ...found,
      outcome: 'resumed',
      warnings: judgementWarnings(request, found.replication, startReplicationType),
      startReplicationType,
      resumedFrom: before === null ? null : resumedFrom(request, startReplicationType, before),
      accepted: true,
    }),

    rejected: (err, { startReplicationType }, subject) =>
      dmsFailure(
        'DmsRequestRejected',
        { ...subject, awsError: awsErrorDetails(err) },
        `DMS refused to start ${attempt.arn.arn} with ${startReplicationType} (${err.awsName}: ${err.message})`,
        request.continued != null
          ? `DMS Serverless may not take start positions at all. Resume ${request.continued.replicationConfigArn} itself while it can be, give the position to a classic task, or create a replication that loads everything anew. Started without "continues", this one would leave out what has changed since.`
          : startReplicationType === 'start-replication'
            ? 'It has run before: "resume-processing" goes on from its last stop, "reload-target" loads everything anew.'
            : 'If it can\'t go on from its last stop, "reload-target" (confirmed by confirmReload) loads everything anew.',
      ),
  });
  if (request.continued != null && operation !== undefined && requested.accepted) {
    // At the end it is told once more.
    const { continued } = request;
    const tell = () => tellContinued(attempt, operation, continued, 'started');
    await attempt
      .keptAlive(() => inTime(TELL_SECONDS, tell))
      .catch((err: unknown) => log.warn('The ledger that is gone on from was not told yet', { error: String(err) }));
  }
  return requested;
}

function defaultType({ replicationType }: Replication): StartReplicationType | null {
  return replicationType === 'full-load' ? null : 'resume-processing';
}

/** How to start it, when everything that must hold for that does. */
function checkedType(
  request: RequestStart,
  replication: Replication,
  subject: FailureSubject,
  byDefault: StartReplicationType | null,
  /** A call of this operation may have been accepted: what is judged only now comes too late. */
  isCalled: boolean,
): StartReplicationType {
  const { replicationConfigArn: arn } = subject;
  const type = request.startReplicationType ?? byDefault;
  if (request.continues != null && request.continued == null) {
    const what = `The workflow that resumes ${arn} is of a version that knows no "continues"`;
    throw dmsFailure('DmsNotResumable', subject, what, 'Serve its task queue with newer workers only.');
  }
  if (request.continued != null && byDefault !== 'start-replication') {
    throw dmsFailure(
      'DmsNotResumable',
      subject,
      `${arn} has run before, so it can't go on from the stop of another replication`,
      'Resume it from its own last stop, or create a new replication config.',
    );
  }
  if (type === null) {
    throw dmsFailure(
      'DmsNotResumable',
      subject,
      `${arn} is of type full-load, which has no position to go on from`,
      'Say what you want with startReplicationType: "resume-processing" loads incomplete tables again, "reload-target" all of them.',
    );
  }
  const identifier = replication.replicationConfigIdentifier ?? arn.split(':').at(-1);
  if (type === 'reload-target' && request.confirmReload !== identifier) {
    throw dmsFailure(
      'DmsNotResumable',
      subject,
      `Reloading the target of ${arn} is not confirmed: it discards what the target holds`,
      `Repeat the replication config's identifier ("${identifier}") as confirmReload.`,
    );
  }
  requireRecordedStop(request, replication, subject);
  if (type === 'resume-processing') requireOpenWindow(replication, subject);
  if (goesOn(request, type) && !isCalled) requireSourceLog(request, replication, subject);
  return type;
}

/** Somebody who ran it in between, or created it anew under the same ARN, has moved it on: going on from there is not what was asked for. */
function requireRecordedStop(request: RequestStart, look: Replication, subject: FailureSubject): void {
  const { checkpoint, force, isNamed = false } = request;
  if (checkpoint === undefined || force === true) return;
  const neverRan = look.status === 'created';
  if (checkpoint === null) {
    if (neverRan && !isNamed) return;
    throw dmsFailure(
      'DmsCheckpointMissing',
      subject,
      `No stop of ${subject.replicationConfigArn} is recorded${isNamed ? ' under that sequence' : ''}, so its last one can't be checked`,
      'Stop it with this package first, name a recorded sequence, or set force to go on from wherever DMS stopped.',
    );
  }
  if (neverRan && checkpoint.stoppedAt === null) return;
  if (!isRecordedStop(checkpoint, look)) throw checkpointChanged(subject, checkpoint, look);
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

/** The record of the stop it went on from, if it is recorded. */
function resumedFrom(
  { checkpoint = null, continued }: RequestStart,
  type: string | null,
  { lastStopTime, ...mark }: StopMark,
) {
  if (continued != null) return continued;
  const isSame = checkpoint !== null && isSameStop(checkpoint, { stoppedAt: lastStopTime, ...mark });
  return isSame && type === 'resume-processing' ? checkpoint : null;
}

function spellingWarnings({ checkpoint }: RequestStart, look: Replication): readonly Warning[] {
  if (checkpoint == null || !isRecordedStop(checkpoint, look)) return [];
  const { recoveryCheckpoint: recorded } = checkpoint;
  const { recoveryCheckpoint: shown } = look;
  if (recorded === shown) return [];
  const message = `DMS spells the checkpoint of this stop differently now: "${shown ?? ''}" instead of "${recorded ?? ''}"`;
  return [{ code: 'checkpoint-text-differs', message }];
}
