import type { DmsFailureType } from '../../contract/failures.js';
import type { OperationKind, StopIntent } from '../../contract/inputs.js';
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
  /** Next step. Ends without a full stop if `again` goes on. */
  readonly hint: string;
  /** Operation to start again, whose commands end the hint. Default: none. */
  readonly again?: { readonly kind: OperationKind; readonly intent?: StopIntent | undefined };
}

export const NO_DEADLINE: Deadline = { seconds: Infinity, failure: 'DmsStopTimedOut', what: '', hint: '' };
