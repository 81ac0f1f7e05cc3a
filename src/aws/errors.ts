import { DmsApiError, type DmsApiErrorKind } from '../dms/api.js';

/**
 * AWS's errors by `err.name`, which is the only reliable key: most of these have no class of their own in the SDK.
 *
 * @see https://docs.aws.amazon.com/dms/latest/APIReference/CommonErrors.html
 */
const kinds: Readonly<Record<string, DmsApiErrorKind>> = {
  ResourceNotFoundFault: 'not-found',
  InvalidResourceStateFault: 'invalid-state',

  // AccessDeniedException is IAM's denial; AccessDeniedFault says that DMS itself lacks access.
  AccessDeniedException: 'access-denied',
  AccessDeniedFault: 'access-denied',
  NotAuthorized: 'access-denied',
  OptInRequired: 'access-denied',
  UnrecognizedClientException: 'access-denied',
  InvalidClientTokenId: 'access-denied',
  InvalidSignatureException: 'access-denied',
  SignatureDoesNotMatch: 'access-denied',
  IncompleteSignature: 'access-denied',
  MissingAuthenticationToken: 'access-denied',
  MissingAuthenticationTokenException: 'access-denied',
  ExpiredToken: 'access-denied',
  ExpiredTokenException: 'access-denied',
  RequestExpired: 'access-denied',
  CredentialsProviderError: 'access-denied',
  TokenProviderError: 'access-denied',

  Throttling: 'throttled',
  ThrottlingException: 'throttled',
  ThrottledException: 'throttled',
  RequestLimitExceeded: 'throttled',
  TooManyRequestsException: 'throttled',
  RequestThrottled: 'throttled',
  RequestThrottledException: 'throttled',
  SlowDown: 'throttled',

  InternalFailure: 'unavailable',
  InternalError: 'unavailable',
  InternalServerError: 'unavailable',
  ServiceUnavailable: 'unavailable',
  ServiceUnavailableException: 'unavailable',
  TimeoutError: 'unavailable',
  RequestTimeout: 'unavailable',
  RequestTimeoutException: 'unavailable',
  NetworkingError: 'unavailable',
  AbortError: 'unavailable',
};

/** What went wrong with a request, as this package's own error. Nothing of the request or its headers gets into it. */
export function toDmsApiError(err: unknown): DmsApiError {
  const { name, message, requestId, isFromService, httpStatus } = readAwsError(err);
  const kind =
    kinds[name] ??
    (isFromService && httpStatus < 500 && httpStatus !== 429
      ? 'rejected'
      : httpStatus === 429
        ? 'throttled'
        : 'unavailable');
  return new DmsApiError(kind, name, message, requestId);
}

interface AwsError {
  readonly name: string;
  readonly message: string;
  readonly requestId: string | null;
  /** DMS answered; otherwise the request got lost, or was never sent. */
  readonly isFromService: boolean;
  readonly httpStatus: number;
}

function readAwsError(err: unknown): AwsError {
  const error: Record<string, unknown> =
    err instanceof Error ? { ...Object.fromEntries(Object.entries(err)), name: err.name, message: err.message } : {};
  const metadata = isRecord(error['$metadata']) ? error['$metadata'] : {};
  const code = typeof error['code'] === 'string' ? error['code'] : null;
  const name = text(error['name']) === 'Error' && code !== null ? code : (text(error['name']) ?? 'UnknownError');
  return {
    name,
    message: text(error['message']) ?? code ?? 'no message',
    requestId: text(metadata['requestId']),
    isFromService: error['$fault'] !== undefined && metadata['httpStatusCode'] !== undefined,
    httpStatus: typeof metadata['httpStatusCode'] === 'number' ? metadata['httpStatusCode'] : 0,
  };
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
