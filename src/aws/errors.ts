import { DmsApiError, type CarriedOut, type DmsApiErrorKind } from '../dms/api.js';
import { maskSecrets, sanitizeMessage } from './secrets.js';

type Row = readonly [kind: DmsApiErrorKind, wasCarriedOut: CarriedOut, names: string];

/**
 * AWS's errors by `err.name`. The name is the only reliable key, because most of these have no class in the SDK.
 * `no`: AWS documents the error, and the failed call had no effect.
 *
 * @see https://docs.aws.amazon.com/dms/latest/APIReference/CommonErrors.html
 */
const table: readonly Row[] = [
  ['not-found', 'no', 'ResourceNotFoundFault'],
  ['invalid-state', 'no', 'InvalidResourceStateFault'],
  // AccessDeniedException: IAM denies the action. AccessDeniedFault: DMS itself lacks access.
  ['access-denied', 'no', 'AccessDeniedException AccessDeniedFault AccessDenied NotAuthorized OptInRequired'],
  ['credentials', 'no', 'UnrecognizedClientException InvalidClientTokenId ExpiredToken ExpiredTokenException'],
  ['credentials', 'no', 'InvalidSignatureException SignatureDoesNotMatch MissingAuthenticationToken'],
  ['credentials', 'no', 'MissingAuthenticationTokenException IncompleteSignature IncompleteSignatureException'],
  ['credentials', 'no', 'CredentialsProviderError TokenProviderError'],
  [
    'throttled',
    'no',
    'Throttling ThrottlingException ThrottledException RequestLimitExceeded TooManyRequestsException',
  ],
  ['throttled', 'no', 'RequestThrottled RequestThrottledException SlowDown'],
  // The worker's clock is off. The SDK corrects its offset from the answer.
  ['unavailable', 'no', 'RequestExpired RequestTimeTooSkewed RequestInTheFuture'],
  ['unavailable', 'unknown', 'InternalFailure InternalError InternalServerError ServiceUnavailable'],
  ['unavailable', 'unknown', 'ServiceUnavailableException RequestTimeout RequestTimeoutException'],
  ['unavailable', 'unknown', 'RequestAbortedException TimeoutError NetworkingError AbortError'],
  // DMS uses the first two names without declaring them. The others are common to all AWS services.
  ['rejected', 'no', 'InvalidParameterValueException InvalidParameterCombinationException'],
  ['rejected', 'no', 'ValidationError ValidationException MissingParameter UnknownOperationException'],
  ['rejected', 'no', 'MalformedHttpRequestException RequestEntityTooLargeException SerializationException'],
];

const rows = new Map(
  table.flatMap(([kind, wasCarriedOut, names]) => names.split(' ').map((name) => [name, { kind, wasCarriedOut }])),
);

/** Messages of a signature refused because of the time, such as "Signature expired: … is now earlier than …". */
const CLOCK_IS_OFF = /signature (?:has )?expired|signature not yet current/i;
/** Codes of a connection that was never made. Nothing was sent. */
const UNCONNECTED = /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN)$/;

/** Progress of a request. */
export interface RequestFacts {
  /** True if the SDK has obtained credentials for the request. */
  readonly hasCredentials: boolean;
  /** True if the SDK has begun to send the request. */
  readonly isSent: boolean;
  /** Values to mask in the error. */
  readonly secrets: readonly string[];
}

const ASSUME_SENT: RequestFacts = { hasCredentials: true, isSent: true, secrets: [] };

/** Turns any error of a request into this package's own error. Leaves out the request and its headers. */
export function toDmsApiError(err: unknown, request: RequestFacts = ASSUME_SENT): DmsApiError {
  const error: Partial<AwsError> = err instanceof Error ? err : {};
  // The code of a gRPC error is a number.
  const code = error.code === undefined ? '' : String(error.code);
  const name = error.name === 'Error' && code ? code : error.name || 'UnknownError';
  const message = error.message || code || 'no message';
  const { kind, wasCarriedOut } = classify(error, name, message, request);
  const { secrets } = request;
  return new DmsApiError(
    kind,
    maskSecrets(name, secrets).slice(0, 200),
    sanitizeMessage(withoutHeaders(message), secrets),
    maskSecrets(error.$metadata?.requestId ?? '', secrets).slice(0, 200) || null,
    isConnectFailure(error) || !request.isSent ? 'no' : wasCarriedOut,
  );
}

function classify(error: Partial<AwsError>, name: string, message: string, { hasCredentials }: RequestFacts) {
  // Without credentials, the error is from the credentials provider, unless the caller gave up.
  if (!hasCredentials && name !== 'AbortError') return { kind: 'credentials', wasCarriedOut: 'no' } as const;
  const known = rows.get(name);
  if (known?.kind === 'credentials' && CLOCK_IS_OFF.test(message)) {
    return { kind: 'unavailable', wasCarriedOut: 'no' } as const;
  }
  if (known !== undefined) return known;
  const { httpStatusCode: status = 0 } = error.$metadata ?? {};
  if (status === 429) return { kind: 'throttled', wasCarriedOut: 'no' } as const;
  // Errors of the SDK itself have no `$fault`, such as a broken connection or an answer that isn't AWS's.
  const isRefused = error.$fault !== undefined && status >= 400 && status < 500 && status !== 408;
  return { kind: isRefused ? 'rejected' : 'unavailable', wasCarriedOut: 'unknown' } as const;
}

function isConnectFailure({ code = '', syscall = '' }: Partial<AwsError>): boolean {
  return UNCONNECTED.test(String(code)) || syscall === 'connect';
}

/** Keeps only the text before headers. AWS answers a bad signature with the signed request and its security token. */
function withoutHeaders(message: string): string {
  const [said = ''] = message.split(/\r?\n|(?:x-amz-security-token|authorization|credential) ?[:=]/i);
  return said.trim() || 'no message';
}

/** Fields that an error of the SDK, or of Node's network, may carry. */
interface AwsError extends Error {
  readonly code: string | number;
  readonly syscall: string;
  readonly $fault: string;
  readonly $metadata: { readonly httpStatusCode?: number; readonly requestId?: string };
}
