/** Exit code and words of every error. Loaded only after an error. */
import { bothForms, shellWord } from '../contract/commands.js';
import type { DmsFailureType } from '../contract/failures.js';
import { CODEC_MODULE } from '../data-converter.js';
import { problemOf } from '../program.js';
import { CliError, exitCodes, FollowedFailure, isDenial } from './exit-codes.js';

const { usage, notFound, refused, failed, unreachable, denied } = exitCodes;

const NAMESPACE_HINT = 'Check --namespace. List them: temporal operator namespace list';
/** Way out when payloads can't be decoded. */
export const CODEC_HINT = `Its payloads are encoded. Name the module of your data converter: ${CODEC_MODULE}=./codec.mjs`;

const codes: Readonly<Record<DmsFailureType, number>> = {
  DmsInvalidInput: usage,
  DmsReplicationNotFound: notFound,
  DmsReplicationFailed: failed,
  DmsReplicationDeleting: refused,
  DmsReplicationReadOnly: refused,
  DmsReplicationSealed: refused,
  DmsReplicationReserved: refused,
  DmsNotStoppable: failed,
  DmsNotResumable: refused,
  DmsStopTimedOut: failed,
  DmsStartTimedOut: failed,
  DmsStopReverted: failed,
  DmsStartReverted: failed,
  DmsResumeWindowClosed: refused,
  DmsSourceLogExpired: refused,
  DmsEndpointChanged: refused,
  DmsCheckpointChanged: refused,
  DmsCheckpointMissing: notFound,
  DmsOperationInProgress: refused,
  DmsOperationSuperseded: refused,
  DmsWorkerMissing: unreachable,
  DmsLedgerUnavailable: unreachable,
  DmsLedgerNotFound: notFound,
  DmsLedgerClosed: unreachable,
  DmsAccessDenied: denied,
  DmsRequestRejected: refused,
  DmsNotAllowed: denied,
  DmsFleetHalted: failed,
  DmsCutoverUndecided: failed,
  DmsCutoverRefused: refused,
  DmsCutoverNotFound: notFound,
};

/** Error as the program shows it. */
export interface ShownError {
  readonly exitCode: number;
  /** Failure type, such as `DmsReplicationSealed`. `null`: the error has none. */
  readonly type: string | null;
  readonly message: string;
  /** Way out. `null`: the message says all. */
  readonly hint: string | null;
  /** Details of a failure of this package. `null`: none. */
  readonly details: unknown;
}

/** Returns the exit code of a failure type. */
export function exitCodeOfFailure(type: DmsFailureType): number {
  return codes[type];
}

/** Returns how the program shows an error. `workflowId`: workflow that has failed with it. */
export async function shownError(err: unknown, workflowId: string | null = null): Promise<ShownError> {
  if (err instanceof FollowedFailure) return shownError(err.cause, err.workflowId);
  if (err instanceof CliError) {
    const { exitCode, message, hint } = err;
    return { exitCode, type: null, message, hint, details: null };
  }
  const simple = (exitCode: number, message: string, hint: string | null = null): ShownError => ({
    exitCode,
    type: null,
    message,
    hint,
    details: null,
  });
  if (err instanceof Error && err.name === 'AbortError')
    return simple(exitCodes.interrupted, 'Interrupted. Nothing was changed');
  // An error of a command that needs no server does not need the client either.
  const client = await import('@temporalio/client').catch(() => null);
  if (client === null) return simple(exitCodes.failure, problemOf(err));
  const { isGrpcServiceError, NamespaceNotFoundError, ServiceError, WorkflowFailedError, WorkflowNotFoundError } =
    client;
  const { findDmsFailure } = await import('../contract/failures.js');
  const failure = findDmsFailure(err);
  if (failure !== undefined) {
    const [details] = failure.details;
    const { hint } = details;
    const whatHappened = failure.message.endsWith(hint)
      ? failure.message.slice(0, -hint.length).trim()
      : failure.message;
    return { exitCode: codes[failure.type], type: failure.type, message: whatHappened, hint, details };
  }
  const cause = err instanceof Error && isGrpcServiceError(err.cause) ? err.cause : err;
  if (isGrpcServiceError(cause)) {
    if (isDenial(cause.code))
      return simple(
        denied,
        `Temporal denies access: ${cause.details}`,
        'Check --api-key, the TLS flags and --namespace.',
      );
    if (/^namespace .*not found/i.test(cause.details)) return simple(notFound, cause.details, NAMESPACE_HINT);
    const said = err === cause ? '' : `${problemOf(err)}: `;
    return simple(unreachable, `${said}${cause.details}`);
  }
  if (err instanceof NamespaceNotFoundError) return simple(notFound, err.message, NAMESPACE_HINT);
  if (err instanceof WorkflowNotFoundError)
    return simple(notFound, `There is no workflow ${err.workflowId}`, 'Check its name and --namespace.');
  if (err instanceof WorkflowFailedError) {
    const { CancelledFailure, TerminatedFailure, TimeoutFailure } = await import('@temporalio/common');
    const { cause } = err;
    const temporal = (command: string) => `temporal workflow ${command} --workflow-id ${shellWord(workflowId ?? '')}`;
    if (cause instanceof TimeoutFailure)
      return simple(
        unreachable,
        `The workflow did not end in time: ${cause.message}`,
        `Check the workers: ${workflowId === null ? 'temporal dms doctor' : bothForms('temporal dms doctor', temporal('describe'))}`,
      );
    const isByPerson = cause instanceof CancelledFailure || cause instanceof TerminatedFailure;
    const how = cause === undefined ? '' : `: ${problemOf(cause)}`;
    const history = workflowId === null ? " in Temporal's Web UI." : `: ${temporal('show')}`;
    return isByPerson
      ? simple(failed, `Somebody ended the workflow in Temporal${how}`, `See who ended it${history}`)
      : simple(failed, `The workflow failed${how}`, `See its history${history}`);
  }
  if (err instanceof Error && err.message.startsWith('Unknown encoding'))
    return simple(exitCodes.failure, `A payload can't be read: ${err.message}`, CODEC_HINT);
  return simple(err instanceof ServiceError ? unreachable : exitCodes.failure, problemOf(err));
}
