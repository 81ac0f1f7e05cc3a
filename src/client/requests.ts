import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { readResumeInput, readStopInput } from '../contract/input-schemas.js';
import { isPlain } from '../contract/schema-parts.js';
import { operationOfExecution } from '../rules/joining.js';
import type { OperationPhase } from '../contract/progress.js';
import { decodePayload } from './payloads.js';
import { askServer } from './reach.js';

/** Request that an operation was started with. */
export interface OperationRequest {
  /** Name of the requester. `null`: not given. */
  readonly requestedBy: string | null;
  /** Reason of the operation. `null`: not given. */
  readonly reason: string | null;
  /** Longest time of each phase, in seconds. Phases without a limit are left out. */
  readonly limits: Readonly<Partial<Record<OperationPhase, number>>>;
}

/** Reads the request from the first event of an operation's history. Needs no worker. `null`: the input is invalid. */
export async function readRequest(
  client: Client,
  description: WorkflowExecutionDescription,
): Promise<OperationRequest | null> {
  const { workflowId, runId } = description;
  const { history } = await askServer(client, () =>
    client.workflowService.getWorkflowExecutionHistory({
      namespace: client.options.namespace,
      execution: { workflowId, runId },
      maximumPageSize: 1,
    }),
  );
  const [payload] = history?.events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
  if (payload == null) return null;
  const input = await decodePayload(client, payload);
  return isPlain(input) ? requestOf(operationOfExecution(description).kind, input) : null;
}

function requestOf(kind: string, input: object): OperationRequest | null {
  try {
    if (kind === 'stop') {
      const { plan, requester } = readStopInput(input);
      const { stoppableTimeoutSeconds, stopTimeoutSeconds } = plan;
      const limits = { 'waiting-until-stoppable': stoppableTimeoutSeconds, stopping: stopTimeoutSeconds };
      return { requestedBy: requester.requestedBy, reason: requester.reason, limits };
    }
    const { plan, requester } = readResumeInput(input);
    const { startTimeoutSeconds } = plan;
    const limits = { checking: startTimeoutSeconds, starting: startTimeoutSeconds };
    return { requestedBy: requester.requestedBy, reason: requester.reason, limits };
  } catch {
    return null; // The operation itself fails with the reason.
  }
}
