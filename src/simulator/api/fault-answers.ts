/** The answers of requests that meet a fault. */
import type { Fault } from './faults.js';
import type { Request } from './http.js';
import { AwsFault } from '../engine/aws-fault.js';
import { idOf, wrongState } from '../engine/rules.js';

/** Returns true if the call is carried out all the same. */
export function hasEffect(fault: Fault | null): boolean {
  switch (fault?.type) {
    case 'hang':
    case 'error':
      return fault.afterEffect === true;
    case 'throttle':
    case 'expired-credentials':
    case 'invalid-state':
    case 'connection-reset':
      return false;
    default:
      return true;
  }
}

/** Throws the error that a fault answers with, if it does. */
export function throwFor(fault: Fault, operation: string, arn: string, headers: Request['headers']): void {
  switch (fault.type) {
    case 'throttle':
      throw new AwsFault('ThrottlingException', 'Rate exceeded');
    case 'error':
      throw new AwsFault(fault.name ?? '', echoing(fault.message ?? '', headers), fault.status ?? 400);
    case 'expired-credentials':
      throw new AwsFault('ExpiredTokenException', 'The security token included in the request is expired');
    case 'invalid-state':
      throw wrongState(operation, idOf(arn), fault.status);
    default:
  }
}

/** A message with the session token of the caller in it. */
function echoing(message: string, headers: Request['headers']): string {
  return message.replaceAll('{token}', () => String(headers['x-amz-security-token'] ?? ''));
}
