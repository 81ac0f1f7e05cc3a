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

/** An operation that somebody wants. */
export interface Asked {
  readonly kind: OperationKind;
  /** By the client, as the step of a host, by a host that reserves the replication for a stop and a resume, or by name under another id. */
  readonly via: 'client' | 'host' | 'reserving host' | 'name';
  readonly intent: StopIntent;
  readonly operationId: string | null;
  readonly preempt: boolean;
  /** Of a resume: reload the target, confirmed. */
  readonly reload: boolean;
  /** Of a stop: how long DMS may take to undo it. Of a resume: how long it is watched. */
  readonly seconds: number;
}

/** What became of an operation that somebody wanted. */
export interface Ended {
  readonly asked: Asked;
  /** Of its host, if it has one. */
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

/** The input that an operation's workflow was started with. */
export function inputOf({ args }: Execution): StopReplicationInput {
  return args[0] as StopReplicationInput;
}

type Input = StopReplicationInput & ResumeReplicationInput;

/** The host that was told that the replication is reserved for it. */
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
