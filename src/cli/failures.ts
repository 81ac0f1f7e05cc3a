/** Exit code and words of every error. Loaded only after an error, because it loads Temporal's client. */
import { findDmsFailure, type DmsFailureType } from '../contract/failures.js';
import { isGrpcServiceError, ServiceError } from '@temporalio/client';
import { CODEC_MODULE } from '../data-converter.js';
import { problemOf } from '../program.js';

import { CliError, exitCodes } from './exit-codes.js';

const { usage, notFound, refused, failed, unreachable, denied } = exitCodes;

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

/** gRPC codes of a request that Temporal denies. */
const [PERMISSION_DENIED, UNAUTHENTICATED] = [7, 16];

export function shownError(err: unknown): ShownError {
  if (err instanceof CliError) {
    const { exitCode, message, hint } = err;
    return { exitCode, type: null, message, hint, details: null };
  }
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
  const isDenied = isGrpcServiceError(cause) && [PERMISSION_DENIED, UNAUTHENTICATED].includes(cause.code);
  if (isDenied) {
    const hint = 'Check --api-key, the TLS flags and the namespace.';
    return { exitCode: denied, type: null, message: `Temporal denies access: ${cause.details}`, hint, details: null };
  }
  if (err instanceof Error && err.message.startsWith('Unknown encoding')) {
    const hint = `Its payloads are encoded. Name the module of your data converter: ${CODEC_MODULE}=./codec.mjs`;
    return {
      exitCode: exitCodes.failure,
      type: null,
      message: `A payload can't be read: ${err.message}`,
      hint,
      details: null,
    };
  }
  const exitCode = err instanceof ServiceError || isGrpcServiceError(cause) ? unreachable : exitCodes.failure;
  return { exitCode, type: null, message: problemOf(err), hint: null, details: null };
}
