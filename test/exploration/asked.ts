import { workflowInfo } from '@temporalio/workflow';
import { arn } from './arn.js';
import type { Execution } from './execution.js';
import {
  dmsReplicationLedger,
  dmsResumeReplication,
  dmsStopReplication,
  releaseReplication,
  reserveReplication,
  resumeReplication,
  stopReplication,
  type OperationKind,
  type ResumeReplicationInput,
  type StopIntent,
  type StopReplicationInput,
} from './package-api.js';

/** Operation that somebody asks for. */
export interface Asked {
  readonly kind: OperationKind;
  /**
   * Way in which the operation is asked for.
   *
   * - `client`: by `ReplicationClient`
   * - `host`: as a step of a host workflow
   * - `reserving host`: by a host that reserves the replication, stops it and resumes it
   * - `name`: as a workflow started by name, under another id
   */
  readonly via: 'client' | 'host' | 'reserving host' | 'name';
  readonly intent: StopIntent;
  readonly operationId: string | null;
  readonly preempt: boolean;
  /** True if a resume asks for a confirmed `reload-target`. */
  readonly reload: boolean;
  /** `selfRestartGraceSeconds` of a stop, or `verifyProgressSeconds` of a resume. */
  readonly seconds: number;
}

/** Operation that has ended, with its result or error. */
export interface Ended {
  readonly asked: Asked;
  /** Workflow id of the host, if the operation has one. */
  readonly id: string;
  readonly begunAt: number;
  readonly endedAt: number;
  readonly value?: unknown;
  readonly err?: unknown;
}

export function toInput({ kind, intent, operationId, preempt, reload, seconds }: Asked): Input {
  const about = { replicationConfigArn: arn, ...(operationId === null ? {} : { operationId }) };
  if (kind === 'stop') return { ...about, intent, selfRestartGraceSeconds: seconds, preempt };
  const how = reload ? ({ startReplicationType: 'reload-target', confirmReload: 'orders' } as const) : {};
  return { ...about, ...how, verifyProgressSeconds: seconds };
}

/** Returns the input with which the workflow of an operation was started. */
export function inputOf({ args }: Execution): StopReplicationInput {
  return args[0] as StopReplicationInput;
}

type Input = StopReplicationInput & ResumeReplicationInput;

/** Workflow id of the host that holds the reservation, as the host itself knows it. */
export const reservedFor: { holder: string | null } = { holder: null };

export const workflows = {
  dmsStopReplication,
  dmsResumeReplication,
  dmsReplicationLedger,
  host: (kind: OperationKind, input: Input) => (kind === 'stop' ? stopReplication(input) : resumeReplication(input)),
  async reservingHost(input: Input) {
    const { workflowId } = workflowInfo();
    await reserveReplication({ replicationConfigArn: arn, reason: 'several steps' });
    reservedFor.holder = workflowId;
    try {
      await stopReplication(input);
      await resumeReplication({ replicationConfigArn: arn, verifyProgressSeconds: 0 });
    } finally {
      if (reservedFor.holder === workflowId) reservedFor.holder = null;
      await releaseReplication({ replicationConfigArn: arn });
    }
  },
};
