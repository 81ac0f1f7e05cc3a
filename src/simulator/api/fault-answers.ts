/** Answers to requests that meet a fault. */
import type { Fault } from './faults.js';
import type { Request } from './http.js';
import { AwsFault } from '../engine/aws-fault.js';
import { idOf, invalidState, wrongState } from '../engine/rules.js';

/** Returns true if the call has its effect despite the fault. */
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

/** Throws the error of a fault. Does nothing if the fault has no error. */
export function throwFaultError(fault: Fault, operation: string, arn: string, headers: Request['headers']): void {
  switch (fault.type) {
    case 'throttle':
      throw new AwsFault('ThrottlingException', 'Rate exceeded');
    case 'error':
      throw new AwsFault(fault.name ?? '', insertToken(fault.message ?? '', headers), fault.status ?? 400);
    case 'expired-credentials':
      throw new AwsFault('ExpiredTokenException', 'The security token included in the request is expired');
    case 'invalid-state':
      throw fault.resource === null
        ? invalidState(operation)
        : wrongState(operation, fault.resource ?? idOf(arn), fault.status);
    default:
  }
}

/** Replaces `{token}` in a message with the caller's session token. */
function insertToken(message: string, headers: Request['headers']): string {
  return message.replaceAll('{token}', () => String(headers['x-amz-security-token'] ?? ''));
}
