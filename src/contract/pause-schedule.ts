import type { OperationInput } from './inputs.js';

/** Argument of the workflows that a pause schedule starts. The operation id is made of `scheduleId` and the run. */
export interface ScheduledInput<Input extends OperationInput = OperationInput> {
  /** Name of the pause schedule: 1 to 100 letters, digits and `._/-`. */
  readonly scheduleId: string;
  /** Input of the operation. A scheduled stop takes neither intent nor `preempt`. A scheduled resume takes no checkpoint. */
  readonly input: Omit<Input, 'operationId'>;
}

/** Result of a scheduled operation: its own result, or the reason why it was skipped. */
export type Scheduled<Result> =
  { readonly skipped: null; readonly result: Result } | { readonly skipped: string; readonly result: null };
