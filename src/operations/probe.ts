import type { CheckpointRecord } from './records.js';

/** What a `progressProbe` is called with. */
export interface ProbeRequest {
  readonly replicationConfigArn: string;
  readonly operationId: string;
  /** The record that it went on from. */
  readonly resumedFrom: CheckpointRecord | null;
}
