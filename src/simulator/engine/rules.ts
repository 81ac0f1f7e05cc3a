/** Requests that DMS refuses because of the state of a replication. */
import type { Row, StartInput } from './model.js';
import type { Uncertain } from './uncertain.js';
import { startSteps } from './steps.js';
import { AwsFault } from './aws-fault.js';

/** Name of a replication in faults: the last part of its ARN. */
export function idOf(arn: string): string {
  return arn.slice(arn.lastIndexOf(':') + 1);
}

/**
 * Fault for an operation in the wrong state.
 *
 * The messages for a stop and a start were seen on AWS. The others are inferred.
 */
export function wrongState(operation: string, id: string, status: string): AwsFault {
  const shown = status.toUpperCase();
  const said: Readonly<Record<string, string>> = {
    StopReplication: `Replication for Replication Config, '${id}' is in '${status}' state and cannot be stopped.`,
    StartReplication: `Replication for Replication Config: ${id} is in ${shown} state and cannot start`,
    ModifyReplicationConfig: `Replication Config ${id} is in ${shown} state and cannot be modified`,
    DeleteReplicationConfig: `Replication Config ${id} is in ${shown} state and cannot be deleted`,
    ReloadReplicationTables: `Replication Config ${id} is in ${shown} state and its tables cannot be reloaded`,
  };
  return new AwsFault('InvalidResourceStateFault', said[operation] ?? `Replication Config ${id} is in ${shown} state`);
}

/** Fault for an operation in the wrong state, without the name of the state. The text for a start was seen on classic DMS. */
export function invalidState(operation: string): AwsFault {
  const done: Readonly<Record<string, string>> = {
    StopReplication: 'stopped',
    StartReplication: 'started',
    ModifyReplicationConfig: 'modified',
    DeleteReplicationConfig: 'deleted',
  };
  const what = `Replication Task cannot be ${done[operation] ?? 'used'}, invalid state`;
  return new AwsFault('InvalidResourceStateFault', what);
}

export function isAtRest(status: string): boolean {
  return ['created', 'stopped', 'failed', 'deprovisioned', 'deprovisioning'].includes(status);
}

/** Returns true if DMS accepts a stop without effect, and false if the stop takes effect. Throws if DMS refuses it. */
export function isStopWithoutEffect(row: Row, { stopWhileStopping, stopAtRest, stopAbortsStart }: Uncertain): boolean {
  const { Status: status } = row;
  const id = idOf(row.ReplicationConfigArn);
  if (status === 'stopping' && stopWhileStopping === 'accepted') return true;
  if (isAtRest(status) && stopAtRest === 'accepted') return true;
  const isStarting = startSteps.some((step) => step === status);
  if (status === 'running' || (isStarting && stopAbortsStart)) return false;
  throw wrongState('StopReplication', id, status);
}

export function checkStart(row: Row, hasRun: boolean, uncertain: Uncertain, input: StartInput): void {
  const { Status: status } = row;
  const id = idOf(row.ReplicationConfigArn);
  const { type, startTime, startPosition } = input;
  const provisionState = provisionStateOf(row);
  if (!isAtRest(status) || provisionState === 'deprovisioning') {
    const shown = provisionState === 'deprovisioning' ? 'deprovisioning' : status;
    throw wrongState('StartReplication', id, shown);
  }
  const refuse = (what: string) => new AwsFault('InvalidParameterCombinationException', what);
  if (type === 'reload-target' && !hasRun) {
    throw refuse('Start Type : RELOAD_TARGET, valid only for replications that have run before');
  }
  if (type === 'start-replication' && hasRun) {
    throw refuse('Start Type : START_REPLICATION, valid only for replications running for the first time');
  }
  if (type === 'resume-processing' && !hasRun && !uncertain.resumeAsFirstStart) {
    throw refuse('Start Type : RESUME_PROCESSING, valid only for replications that have run before');
  }
  if (type === 'resume-processing' && provisionState === 'deprovisioned' && !uncertain.resumeAfterDeprovision) {
    throw refuse(`Replication ${id} has been deprovisioned and can only be reloaded`);
  }
  if (type === 'reload-target' && provisionState === 'deprovisioned' && !uncertain.reloadAfterDeprovision) {
    throw refuse(`Replication ${id} has been deprovisioned and cannot be started`);
  }
  if ((startTime ?? startPosition) !== undefined && !uncertain.customStartPoint) {
    throw refuse('Custom CDC start points are not supported for serverless replications');
  }
}

export function checkDelete(row: Row, { deleteNeedsDeprovisioned }: Uncertain): void {
  const { Status: status } = row;
  const id = idOf(row.ReplicationConfigArn);
  const provisionState = provisionStateOf(row);
  const isKept = deleteNeedsDeprovisioned && provisionState === 'provisioned';
  if (isAtRest(status) && provisionState !== 'deprovisioning' && !isKept) return;
  throw wrongState('DeleteReplicationConfig', id, status);
}

/** Returns the provision state in lower case, whatever the row shows. */
export function provisionStateOf({ ProvisionData: { ProvisionState: state } }: Row): string | undefined {
  return state?.toLowerCase();
}
