import { DmsApiError, type CarriedOut, type DmsApiErrorKind } from '../dms/api.js';
import { maskSecrets, readableMessage } from './secrets.js';

type Row = readonly [kind: DmsApiErrorKind, wasCarriedOut: CarriedOut, names: string];

/**
 * AWS's errors by `err.name`, the only reliable key: most of these have no class of their own in the SDK. `no`: AWS documents the error, and a call
 * that ends in it has had no effect.
 *
 * @see https://docs.aws.amazon.com/dms/latest/APIReference/CommonErrors.html
 */
const table: readonly Row[] = [
  ['not-found', 'no', 'ResourceNotFoundFault'],
  ['invalid-state', 'no', 'InvalidResourceStateFault'],
  // AccessDeniedException is IAM's denial; AccessDeniedFault says that DMS itself lacks access.
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
  // The clock is off. The SDK corrects its own by the answer.
  ['unavailable', 'no', 'RequestExpired RequestTimeTooSkewed RequestInTheFuture'],
  ['unavailable', 'unknown', 'InternalFailure InternalError InternalServerError ServiceUnavailable'],
  ['unavailable', 'unknown', 'ServiceUnavailableException RequestTimeout RequestTimeoutException'],
  ['unavailable', 'unknown', 'RequestAbortedException TimeoutError NetworkingError AbortError'],
  // DMS uses the first two without declaring them; the others are common to all of AWS.
  ['rejected', 'no', 'InvalidParameterValueException InvalidParameterCombinationException'],
  ['rejected', 'no', 'ValidationError ValidationException MissingParameter UnknownOperationException'],
  ['rejected', 'no', 'MalformedHttpRequestException RequestEntityTooLargeException SerializationException'],
];

const rows = new Map(
  table.flatMap(([kind, wasCarriedOut, names]) => names.split(' ').map((name) => [name, { kind, wasCarriedOut }])),
);

/** Texts of a refused signature that is a matter of time: "Signature expired: … is now earlier than …", "Signature not yet current: …". */
const CLOCK_IS_OFF = /signature (?:has )?expired|signature not yet current/i;
/** The connection was never made, so that nothing was sent. */
const UNCONNECTED = /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN)$/;

/** Progress of a request. */
export interface RequestFacts {
  /** The SDK has obtained credentials for it. */
  readonly hasCredentials: boolean;
  /** The SDK has begun to send it. */
  readonly isSent: boolean;
  /** Values that are masked in what is passed on. */
  readonly secrets: readonly string[];
}

const SENT: RequestFacts = { hasCredentials: true, isSent: true, secrets: [] };

/** Turns what went wrong with a request into this package's own error. The request and its headers stay out of it. */
export function toDmsApiError(err: unknown, request: RequestFacts = SENT): DmsApiError {
  const error: Partial<AwsError> = err instanceof Error ? err : {};
  const name = error.name === 'Error' && error.code ? error.code : error.name || 'UnknownError';
  const message = error.message || error.code || 'no message';
  const { kind, wasCarriedOut } = meaning(error, name, message, request);
  const { secrets } = request;
  return new DmsApiError(
    kind,
    maskSecrets(name, secrets).slice(0, 200),
    readableMessage(withoutHeaders(message), secrets),
    maskSecrets(error.$metadata?.requestId ?? '', secrets).slice(0, 200) || null,
    isUnconnected(error) || !request.isSent ? 'no' : wasCarriedOut,
  );
}

function meaning(error: Partial<AwsError>, name: string, message: string, { hasCredentials }: RequestFacts) {
  // Whatever a provider of credentials throws; a caller that gave up says nothing about it.
  if (!hasCredentials && name !== 'AbortError') return { kind: 'credentials', wasCarriedOut: 'no' } as const;
  const known = rows.get(name);
  if (known?.kind === 'credentials' && CLOCK_IS_OFF.test(message)) {
    return { kind: 'unavailable', wasCarriedOut: 'no' } as const;
  }
  if (known !== undefined) return known;
  const { httpStatusCode: status = 0 } = error.$metadata ?? {};
  if (status === 429) return { kind: 'throttled', wasCarriedOut: 'no' } as const;
  // An error of the SDK's own, such as a broken connection or an answer that is none of AWS's, has no `$fault`.
  const isRefused = error.$fault !== undefined && status >= 400 && status < 500 && status !== 408;
  return { kind: isRefused ? 'rejected' : 'unavailable', wasCarriedOut: 'unknown' } as const;
}

function isUnconnected({ code = '', syscall = '' }: Partial<AwsError>): boolean {
  return UNCONNECTED.test(code) || syscall === 'connect';
}

/** AWS answers a bad signature with the request as it was signed, headers and security token included: only what comes before that is kept. */
function withoutHeaders(message: string): string {
  const [said = ''] = message.split(/\r?\n|(?:x-amz-security-token|authorization|credential) ?[:=]/i);
  return said.trim() || 'no message';
}

/** Fields that an error of the SDK, or of Node's network, may carry. */
interface AwsError extends Error {
  readonly code: string;
  readonly syscall: string;
  readonly $fault: string;
  readonly $metadata: { readonly httpStatusCode?: number; readonly requestId?: string };
}
