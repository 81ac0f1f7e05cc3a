import type { OperationInput } from './inputs.js';

/** Argument of the workflows that a pause schedule starts. The operation id is made of `scheduleId` and the run. */
export interface ScheduledInput<Input extends OperationInput = OperationInput> {
  readonly scheduleId: string;
  readonly input: Omit<Input, 'operationId'>;
}

/** Result of a scheduled operation: what it returned, or why it was skipped. */
export type Scheduled<Result> =
  { readonly skipped: null; readonly result: Result } | { readonly skipped: string; readonly result: null };
