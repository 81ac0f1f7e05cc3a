/** Caller of a request, and the age of its signature. The simulator does not verify the signature itself. */
import type { Request } from './http.js';
import { AwsFault } from '../engine/aws-fault.js';

export const DEFAULT_ACCOUNT = '123456789012';
/** Maximum seconds between the time of a signature and the time at which AWS receives the request. */
export const SIGNATURE_SECONDS = 300;

export interface Caller {
  readonly accountId: string;
  readonly region: string;
}

/** Reads the caller from the header `Authorization`. The account id is the first 12 digits in the access key. */
export function callerOf(authorization: string): Caller {
  if (authorization === '') throw new AwsFault('MissingAuthenticationTokenException', 'Missing Authentication Token');
  const [, key, region] =
    /Credential=([^/\s]{1,128})\/\d+\/([a-z0-9-]{1,40})\/[a-z]+\/aws4_request/.exec(authorization) ?? [];
  if (key === undefined || region === undefined) {
    throw new AwsFault(
      'IncompleteSignatureException',
      'Authorization header requires a Credential of AWS Signature Version 4',
    );
  }
  return { accountId: /\d{12}/.exec(key)?.[0] ?? DEFAULT_ACCOUNT, region };
}

/** Refuses a request signed more than {@link SIGNATURE_SECONDS} before or after `now`, in ms since the epoch. */
export function checkSigningTime(headers: Request['headers'], now: number): void {
  const signed = String(headers['x-amz-date'] ?? '');
  const signedAt = Date.parse(signed.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  const tolerance = SIGNATURE_SECONDS * 1000;
  const refuse = (said: string) => new AwsFault('InvalidSignatureException', said, 400, now);
  if (signedAt < now - tolerance) {
    const oldest = amzDate(now - tolerance);
    throw refuse(`Signature expired: ${signed} is now earlier than ${oldest} (${amzDate(now)} - 5 min.)`);
  }
  if (signedAt > now + tolerance) {
    const newest = amzDate(now + tolerance);
    throw refuse(`Signature not yet current: ${signed} is still later than ${newest} (${amzDate(now)} + 5 min.)`);
  }
}

/** Formats a time as in the header `x-amz-date`. */
function amzDate(time: number): string {
  return new Date(time).toISOString().replaceAll(/[-:]|\.\d+/g, '');
}
