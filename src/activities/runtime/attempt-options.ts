import type { DmsFailureType } from '../../contract/failures.js';
import type { OperationPhase } from '../../contract/progress.js';

/** What an activity is about, and what ends it. */
export interface AttemptOptions {
  readonly operationId?: string | undefined;
  readonly phase: OperationPhase;
  /** See `Attempt.accepted`. Default false. */
  readonly accepted?: boolean | undefined;
  /** In the last look before this activity. */
  readonly lastStatus?: string | undefined;
  /** Default: none. */
  readonly deadline?: Deadline;
}

export interface Deadline {
  readonly seconds: number;
  readonly failure: DmsFailureType;
  /** As in `still "stopping" 3600 s <after it was to stop>`. */
  readonly what: string;
  readonly hint: string;
}

export const NO_DEADLINE: Deadline = { seconds: Infinity, failure: 'DmsStopTimedOut', what: '', hint: '' };

/** Failures of one attempt that Temporal retries; seen only as a pending activity's last failure. */
export type RetryableType = 'DmsStillWaiting' | 'DmsThrottled' | 'DmsUnavailable';
