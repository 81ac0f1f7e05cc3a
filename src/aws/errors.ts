import { DmsApiError, type DmsApiErrorKind } from '../dms/api.js';

/**
 * AWS's errors by `err.name`, which is the only reliable key: most of these have no class of their own in the SDK.
 *
 * @see https://docs.aws.amazon.com/dms/latest/APIReference/CommonErrors.html
 */
const table: readonly (readonly [kind: DmsApiErrorKind, names: string])[] = [
  ['not-found', 'ResourceNotFoundFault'],
  ['invalid-state', 'InvalidResourceStateFault'],
  // AccessDeniedException is IAM's denial; AccessDeniedFault says that DMS itself lacks access.
  // AccessDenied is what STS says of a role that may not be assumed.
  ['access-denied', 'AccessDenied AccessDeniedException AccessDeniedFault NotAuthorized OptInRequired'],
  ['access-denied', 'InvalidClientTokenId'],
  ['access-denied', 'UnrecognizedClientException InvalidSignatureException SignatureDoesNotMatch IncompleteSignature'],
  ['access-denied', 'MissingAuthenticationToken MissingAuthenticationTokenException ExpiredToken RequestExpired'],
  ['access-denied', 'ExpiredTokenException CredentialsProviderError TokenProviderError'],
  ['throttled', 'Throttling ThrottlingException ThrottledException RequestLimitExceeded TooManyRequestsException'],
  ['throttled', 'RequestThrottled RequestThrottledException SlowDown'],
  ['unavailable', 'InternalFailure InternalError InternalServerError ServiceUnavailable ServiceUnavailableException'],
  ['unavailable', 'TimeoutError RequestTimeout RequestTimeoutException NetworkingError AbortError'],
];

const kinds = new Map(table.flatMap(([kind, names]) => names.split(' ').map((name) => [name, kind] as const)));

/** What went wrong with a request, as this package's own error. Nothing of the request or its headers gets into it. */
export function toDmsApiError(err: unknown): DmsApiError {
  const error: Partial<AwsError> = err instanceof Error ? err : {};
  const { httpStatusCode: status = 0, requestId } = error.$metadata ?? {};
  const name = error.name === 'Error' && error.code ? error.code : error.name || 'UnknownError';
  // DMS answered; otherwise the request got lost, or was never sent.
  const isAnswered = error.$fault !== undefined && status > 0;
  const byStatus = status === 429 ? 'throttled' : isAnswered && status < 500 ? 'rejected' : 'unavailable';
  return new DmsApiError(
    kinds.get(name) ?? byStatus,
    name,
    withoutSecrets(error.message || error.code || 'no message'),
    requestId ?? null,
  );
}

/** AWS answers a bad signature with the request as it was signed, headers and security token included: only what comes before that is kept. */
function withoutSecrets(message: string): string {
  const [said = ''] = message.split(/\r?\n|(?:x-amz-security-token|authorization|credential) ?[:=]/i);
  return said.trim() || 'no message';
}

/** What an error of the SDK, or of Node's network, may carry. */
interface AwsError extends Error {
  readonly code: string;
  readonly $fault: string;
  readonly $metadata: { readonly httpStatusCode?: number; readonly requestId?: string };
}
