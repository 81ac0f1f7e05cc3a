import type { DmsFailureType } from '../../contract/failures.js';
import type { OperationPhase } from '../../contract/progress.js';

/** Subject of an activity, and the deadline that ends it. */
export interface AttemptOptions {
  readonly operationId?: string | undefined;
  readonly phase: OperationPhase;
  /** Initial value of `Attempt.mayHaveCalled`. Default false. */
  readonly mayHaveCalled?: boolean | undefined;
  /** Status in the last look before this activity. */
  readonly lastStatus?: string | undefined;
  /** Deadline of the activity. Default: none. */
  readonly deadline?: Deadline;
}

export interface Deadline {
  readonly seconds: number;
  readonly failure: DmsFailureType;
  /** Text after the seconds, as in `still "stopping" 3600 s <after the wait for its stop began>`. */
  readonly what: string;
  readonly hint: string;
}

export const NO_DEADLINE: Deadline = { seconds: Infinity, failure: 'DmsStopTimedOut', what: '', hint: '' };

/** Failures of one attempt that Temporal retries. Seen only as a pending activity's last failure. */
export type RetryableType = 'DmsStillWaiting' | 'DmsThrottled' | 'DmsUnavailable';
