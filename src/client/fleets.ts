import { randomUUID } from 'node:crypto';
import {
  ServiceError,
  WorkflowExecutionAlreadyStartedError,
  type Client,
  type WorkflowHandle,
} from '@temporalio/client';
import { staticDetailsFor, shellWord } from '../contract/commands.js';
import { findDmsFailure } from '../contract/failures.js';
import {
  flattenFleet,
  flattenResults,
  groupResults,
  type FleetProgress,
  type FleetProgressReport,
  type FleetReport,
  type FleetResult,
  type ResumeFleetInput,
  type StopFleetInput,
} from '../contract/fleets.js';
import { planFleet } from '../rules/fleet-plan.js';
import type { OperationKind } from '../contract/inputs.js';
import { fleetTypes, fleetWorkflowId, messageNames } from '../contract/names.js';
import { describeSilence, findHostProblem } from './hosts.js';
import { askServer, requestWithoutLimit, requireServer } from './reach.js';
import { ProblemWatch } from './problem-watch.js';

/** Time limit of the progress query. Without a worker, nothing answers it. */
const QUERY_SECONDS = 8;

/** Handle of a fleet that was started or joined. */
export interface FleetHandle {
  /** Workflow id of the fleet: `dms-fleet:<kind>:<fleetId>`. */
  readonly workflowId: string;
  /** Name of the fleet: the one in the input, or a random one. */
  readonly fleetId: string;
  /** True if a fleet of that name was under way already. Its own list of replications counts, not the input's. */
  readonly joined: boolean;
  /**
   * Waits for the outcome of each replication.
   *
   * Rejects with Temporal's own failures, or with `DmsFleetHalted`, whose details hold a {@link FleetReport}.
   */
  result(): Promise<FleetResult>;
  /**
   * Reads the outcomes so far, the operations under way, and the ARNs that are left. Needs a worker. Throws an error
   * that names the task queue within ten seconds if no worker answers.
   */
  progress(): Promise<FleetProgress>;
  /** Starts no more operations, and lets those under way finish. */
  cancel(): Promise<void>;
}

/** Starts a fleet, or joins the one of that name that is under way. */
export async function startFleet(
  client: Client,
  taskQueue: string,
  kind: OperationKind,
  input: StopFleetInput | ResumeFleetInput,
): Promise<FleetHandle> {
  // Checks the input before JSON turns a Date into a text, and before anything is started.
  const { fleetId } = planFleet(kind, input, randomUUID());
  const workflowId = fleetWorkflowId(`${kind}:${fleetId}`);
  await requireServer(client);
  const { workflow } = client;
  let joined = false;
  try {
    await workflow.start(fleetTypes[kind], {
      workflowId,
      taskQueue,
      args: [{ ...compact(input), fleetId }],
      workflowIdConflictPolicy: 'FAIL',
      staticSummary: `DMS ${kind} fleet`,
      staticDetails: staticDetailsFor(`temporal dms fleet status ${kind} ${shellWord(fleetId)}`, taskQueue),
    });
  } catch (err) {
    if (!(err instanceof WorkflowExecutionAlreadyStartedError)) throw err;
    joined = true;
  }
  return { ...fleetHandle(client, kind, fleetId), joined };
}

/** Returns the handle of a fleet. Sends nothing. */
export function fleetHandle(client: Client, kind: OperationKind, fleetId: string): FleetHandle {
  const workflowId = fleetWorkflowId(`${kind}:${fleetId}`);
  const handle = client.workflow.getHandle(workflowId);
  return {
    workflowId,
    fleetId,
    joined: true,
    result: async () => {
      try {
        const result = requestWithoutLimit(client, () => handle.result());
        const problem = async () => findHostProblem(client, await askServer(client, () => handle.describe()));
        return flattenFleet((await new ProblemWatch().during(problem, result)) as FleetReport);
      } catch (err) {
        throw findDmsFailure(err) ?? err;
      }
    },
    progress: async () => flattenFleet(await readProgress(client, handle)),
    cancel: async () => void (await handle.cancel()),
  };
}

async function readProgress(client: Client, handle: WorkflowHandle): Promise<FleetProgressReport> {
  await requireServer(client);
  try {
    const deadline = Date.now() + QUERY_SECONDS * 1000;
    return await client.withDeadline(deadline, () => handle.query<FleetProgressReport>(messageNames.fleet));
  } catch (err) {
    const why = await describeSilence(client, handle, err, QUERY_SECONDS);
    throw new ServiceError(`${handle.workflowId} can't be read: ${why}`, { cause: err as Error });
  }
}

/** Groups the results of a stop fleet, so that ten thousand fit into a payload. */
function compact(input: StopFleetInput | ResumeFleetInput): StopFleetInput | ResumeFleetInput {
  if (!('stopped' in input) || input.stopped == null) return input;
  return { ...input, stopped: groupResults(flattenResults(input.stopped)) };
}
