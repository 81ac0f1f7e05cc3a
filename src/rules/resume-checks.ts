/** Conditions of a start, as pure rules over the request, the look and the recorded stop. */
import { configIdentifier, operationCommands, recordCommands, reloadCommands } from '../contract/commands.js';
import { isDeprovisioned, lifecycleState } from '../dms/lifecycle.js';
import { isRecordedStop, mayLackFields, resumeDeadline, stopMark, type StopMark } from '../dms/checkpoint.js';
import type { Replication } from '../dms/replication.js';
import { dmsFailure, type FailureSubject } from '../contract/failures.js';
import type { StartReplicationType } from '../contract/inputs.js';
import type { RequestStart } from '../contract/activity-protocol.js';
import type { CheckpointRecord, EndpointFingerprint } from '../contract/records.js';
import { checkpointChanged, endpointChanged } from '../contract/failure-messages.js';
import type { Warning } from '../contract/results.js';
import { endpointsUnknown } from './warnings.js';
import { judgeSourceLog, type SourceLogVerdict } from './source-log.js';

/** Facts by which a resume is judged. */
export interface ResumeFacts {
  readonly request: RequestStart;
  readonly look: Replication;
  /** Recorded stop. `null`: none is recorded. `undefined`: not checked, because the activity runs on its own. */
  readonly checkpoint: CheckpointRecord | null | undefined;
  /** Time of the look by DMS's clock, in ms. */
  readonly dmsTime: number;
  /** Endpoints as they are now. `null`: this worker does not look at endpoints. */
  readonly endpoints: CurrentEndpoints | null;
  readonly subject: FailureSubject;
}

export interface CurrentEndpoints {
  /** Addresses of the endpoints. `null`: not read, or not available. */
  readonly endpoints: EndpointFingerprint | null;
  /** Reason the addresses are not available. `null`: none. */
  readonly problem: string | null;
}

/** Returns the start type to send. Throws `DmsNotResumable` for a full load without a given type. */
export function startTypeOf(facts: ResumeFacts): StartReplicationType {
  const { subject } = facts;
  const type = wantedType(facts);
  if (type === null) {
    throw dmsFailure(
      'DmsNotResumable',
      subject,
      `${subject.replicationConfigArn} is of type full-load, which has no position to go on from`,
      `Choose with startReplicationType: "resume-processing" loads incomplete tables again, "reload-target" all of them. For example: ${operationCommands('resume', subject, { startReplicationType: 'resume-processing' })}.`,
    );
  }
  return type;
}

/** Returns the start type that was asked for, or the default. `null`: a full load has no default. */
export function wantedType({ request, look }: Pick<ResumeFacts, 'request' | 'look'>): StartReplicationType | null {
  const { status, replicationType } = look;
  if (request.startReplicationType != null) return request.startReplicationType;
  if (status === 'created') return 'start-replication';
  return replicationType === 'full-load' ? null : 'resume-processing';
}

/** Throws `DmsNotResumable` for a reload that does not repeat the identifier of the replication config. */
export function requireConfirmation({ request, look, subject }: ResumeFacts, type: StartReplicationType): void {
  if (type !== 'reload-target') return;
  const { replicationConfigArn: arn } = subject;
  const identifier = configIdentifier(arn, look);
  if (request.confirmReload === identifier) return;
  throw dmsFailure(
    'DmsNotResumable',
    subject,
    `Reloading the target of ${arn} is not confirmed: it discards what the target holds`,
    `Set confirmReload to the identifier of the replication config ("${identifier}"). Or run this command, and type the identifier when it asks: ${reloadCommands(subject)}.`,
  );
}

/** Throws `DmsResumeWindowClosed` if a start that goes on from the last stop comes too late. `force` does not override this. */
export function requireOpenWindow({ look, dmsTime, subject }: ResumeFacts, type: StartReplicationType): void {
  if (type !== 'resume-processing') return;
  const state = lifecycleState(look);
  const { resumeBy, resumeBySource } = resumeDeadline(look);
  const isPast = resumeBy !== null && dmsTime > Date.parse(resumeBy);
  if (!isDeprovisioned(state) && !isPast) return;
  const why = isDeprovisioned(state)
    ? `DMS shows it ${state.provisionState}`
    : `it ended at ${resumeBy} (${resumeBySource})`;
  throw dmsFailure(
    'DmsResumeWindowClosed',
    subject,
    `The resume window of ${subject.replicationConfigArn} (48 hours after its last stop) is closed: ${why}`,
    `Load it anew, which discards what the target holds: ${reloadCommands(subject)}. Or create a replication that starts at the recorded checkpoint: ${recordCommands('checkpoint', subject.replicationConfigArn)}.`,
  );
}

/**
 * Throws if DMS's last stop is not the recorded one, or none is recorded. `force` skips this check.
 *
 * A confirmed reload starts from nothing, so it needs no recorded stop.
 */
export function requireRecordedStop(facts: ResumeFacts, type: StartReplicationType): void {
  const { request, look, checkpoint, subject } = facts;
  if (checkpoint === undefined || request.force === true || type === 'reload-target') return;
  const isNamed = typeof request.checkpoint === 'object' && request.checkpoint !== null;
  const isNew = look.status === 'created';
  if (checkpoint === null) {
    if (isNew && !isNamed) return;
    throw dmsFailure(
      'DmsCheckpointMissing',
      subject,
      `No stop of ${subject.replicationConfigArn} is recorded${isNamed ? ' under that sequence' : ''}, so its last one can't be checked`,
      `Stop it with this package first: ${operationCommands('stop', subject)}. Or name a recorded sequence, or set force to go on from wherever DMS stopped: ${operationCommands('resume', subject, { force: true })}.`,
    );
  }
  if ((isNew && checkpoint.stoppedAt === null) || isRecordedStop(checkpoint, look)) return;
  throw checkpointChanged(subject, checkpoint, look);
}

/** Throws `DmsSourceLogExpired` if the start needs a part of the source log that the source no longer keeps. */
export function requireSourceLog(facts: ResumeFacts, type: StartReplicationType): void {
  const { expired } = sourceLogVerdict(facts);
  if (expired === null || type !== 'resume-processing') return;
  throw dmsFailure(
    'DmsSourceLogExpired',
    facts.subject,
    `${facts.subject.replicationConfigArn} can't go on from its last stop: ${expired}`,
    `If the source keeps its log for longer, raise sourceLogRetentionSeconds. Otherwise load everything anew, which discards what the target holds: ${reloadCommands(facts.subject)}.`,
  );
}

function sourceLogVerdict({ request, checkpoint, look, dmsTime }: ResumeFacts): SourceLogVerdict {
  const { sourceLogRetentionSeconds = null, oldestOpenTransactionSeconds = null } = request;
  const known = { sourceLogRetentionSeconds, oldestOpenTransactionSeconds };
  const isRecorded = checkpoint != null && isRecordedStop(checkpoint, look);
  return judgeSourceLog(stopMark(look).lastStopTime, isRecorded ? checkpoint.lagAtStop : null, known, dmsTime);
}

/**
 * Throws `DmsEndpointChanged` if an endpoint no longer leads where the record says. A repointed endpoint keeps its ARN
 * and looks healthy. Returns warnings about what could not be checked.
 */
export function checkEndpoints(facts: ResumeFacts, type: StartReplicationType): readonly Warning[] {
  const { request, checkpoint: record, endpoints: current, subject } = facts;
  if (type !== 'resume-processing' || request.force === true) return [];
  const uncheckedWarning = (why: string | null) => endpointsUnknown(why, 'the resume did not compare them');
  const known = record?.endpoints ?? null;
  if (known === null)
    return uncheckedWarning(current !== null && record != null ? 'the record has no addresses' : null);
  let hiddenEndpointArn: string | null = null;
  for (const role of ['source', 'target'] as const) {
    const [was, is] = [known[role], current?.endpoints?.[role]];
    const isSame = is?.host === was.host && is.port === was.port && is.database === was.database;
    // An address that DMS does not show, such as one in a secret, is unknown. It may be the same.
    if (was.host === null || is?.host === null) hiddenEndpointArn ??= was.endpointArn;
    else if (is !== undefined && !isSame) throw endpointChanged({ ...subject, checkpoint: record }, role, was, is);
  }
  if (hiddenEndpointArn !== null) return uncheckedWarning(`DMS does not show the address of ${hiddenEndpointArn}`);
  return uncheckedWarning(current === null ? 'this worker does not read endpoints' : current.problem);
}

/** Returns the record of the stop from which the resume went on. `null`: none is recorded, or another start type was sent. */
export function recordResumedFrom(
  checkpoint: CheckpointRecord | null | undefined,
  type: string | null,
  { lastStopTime, ...mark }: StopMark,
): CheckpointRecord | null {
  const isSame = checkpoint != null && mayLackFields(checkpoint, { stoppedAt: lastStopTime, ...mark });
  return isSame && type === 'resume-processing' ? checkpoint : null;
}

/** Returns the warnings about a start that DMS accepted. */
export function startWarnings(facts: ResumeFacts, type: string | null): readonly Warning[] {
  return [...spellingWarnings(facts), ...logWarnings(facts, type), ...positionWarnings(facts.request)];
}

function spellingWarnings({ checkpoint, look }: ResumeFacts): readonly Warning[] {
  if (checkpoint == null || !isRecordedStop(checkpoint, look)) return [];
  const { recoveryCheckpoint: recorded } = checkpoint;
  const { recoveryCheckpoint: shown } = look;
  if (recorded === shown || shown === null) return [];
  const message = `DMS spells the checkpoint of this stop differently now: "${shown}" instead of "${recorded ?? ''}"`;
  return [{ code: 'checkpoint-text-differs', message }];
}

function logWarnings(facts: ResumeFacts, type: string | null): readonly Warning[] {
  const verdict = sourceLogVerdict(facts);
  return type === 'resume-processing' && verdict.expired === null ? verdict.warnings : [];
}

/** Warns about a start position, because AWS's documents disagree on whether DMS Serverless takes one. */
function positionWarnings({ cdcStartPosition, cdcStartTime }: RequestStart): readonly Warning[] {
  if (cdcStartPosition == null && cdcStartTime == null) return [];
  const message =
    "The start names a position. AWS's documents disagree on whether DMS Serverless takes one: check that the changes since that position arrive";
  return [{ code: 'custom-start-position', message }];
}

/** Returns the hint for a start that DMS refused. */
export function refusedStartHint(
  { cdcStartPosition, cdcStartTime }: RequestStart,
  type: string | null,
  subject: FailureSubject,
): string {
  const start = (startReplicationType: StartReplicationType) =>
    operationCommands('resume', subject, { startReplicationType });
  const reload = reloadCommands(subject);
  if (cdcStartPosition != null || cdcStartTime != null)
    return `DMS Serverless may not take start positions at all. Resume the replication that stopped there while it can be resumed, or give the position to a classic task. Or start without a position, which loads everything: ${start('start-replication')}.`;
  return type === 'start-replication'
    ? `If it has run before, go on from its last stop: ${start('resume-processing')}. Or load everything anew, which discards what the target holds: ${reload}.`
    : `If it can't go on from its last stop, load everything anew, which discards what the target holds: ${reload}.`;
}
