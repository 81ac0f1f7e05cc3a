import { randomUUID } from 'node:crypto';
import { WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client';
import { findDmsFailure } from '../operations/failures.js';
import {
  planFleet,
  type FleetProgress,
  type FleetResult,
  type ResumeFleetInput,
  type StopFleetInput,
} from '../operations/fleet.js';
import type { OperationKind } from '../operations/inputs.js';
import { fleetTypes, fleetWorkflowId, messageNames } from '../operations/names.js';

/** A fleet that was started, or is under way. */
export interface FleetHandle {
  readonly workflowId: string;
  readonly fleetId: string;
  /** A fleet of that name was under way already; its list is its own. */
  readonly joined: boolean;
  /** What became of each. Rejects with `DmsFleetHalted` itself, and with Temporal's own failures. */
  result(): Promise<FleetResult>;
  /** What has become of each so far, what is under way, and what is left. */
  progress(): Promise<FleetProgress>;
  /** Lets those that are under way finish, and starts no more. */
  cancel(): Promise<void>;
}

/** Starts a fleet, or joins the one of that name that is under way. */
export async function startFleet(
  client: Client,
  taskQueue: string,
  kind: OperationKind,
  input: StopFleetInput | ResumeFleetInput,
): Promise<FleetHandle> {
  const fleetId = input.fleetId ?? randomUUID();
  // A mistake is told at once, and to nobody else.
  planFleet(kind, { ...input, fleetId }, fleetId);
  const workflowId = fleetWorkflowId(`${kind}:${fleetId}`);
  const { workflow } = client;
  let joined = false;
  try {
    await workflow.start(fleetTypes[kind], {
      workflowId,
      taskQueue,
      args: [{ ...input, fleetId }],
      workflowIdConflictPolicy: 'FAIL',
      staticSummary: `DMS ${kind} fleet`,
    });
  } catch (err) {
    if (!(err instanceof WorkflowExecutionAlreadyStartedError)) throw err;
    joined = true;
  }
  const handle = workflow.getHandle(workflowId);
  return {
    workflowId,
    fleetId,
    joined,
    result: async () => {
      try {
        return (await handle.result()) as FleetResult;
      } catch (err) {
        throw findDmsFailure(err) ?? err;
      }
    },
    progress: () => handle.query<FleetProgress>(messageNames.fleet),
    cancel: async () => void (await handle.cancel()),
  };
}
