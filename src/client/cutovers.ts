import { createHash } from 'node:crypto';
import {
  ServiceError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  type Client,
  type WorkflowExecutionDescription,
  type WorkflowHandle,
} from '@temporalio/client';
import type {
  ApproveCutover,
  ChangeCutover,
  CutoverRequestName,
  CutoverResult,
  CutoverStatus,
  DecideCutover,
} from '../contract/cutover.js';
import type { CutoverInput } from '../contract/cutover-input.js';
import { readCutoverRequest } from '../contract/cutover-request-schemas.js';
import { readCutoverInput } from '../contract/cutover-schemas.js';
import { bothForms, staticDetailsFor, shellWord, updateCommand, workerCommand } from '../contract/commands.js';
import { dmsFailure, findDmsFailure } from '../contract/failures.js';
import type { DecisionRequest } from '../contract/ledger-protocol.js';
import { cutoverType, cutoverWorkflowId, memoKeys, messageNames } from '../contract/names.js';
import { describeSilence, findHostProblem } from './hosts.js';
import { askServer, requestWithoutLimit, requireServer } from './reach.js';
import { ProblemWatch } from './problem-watch.js';
import type { Problem } from './problems.js';

/** Longest time to wait for the answer of a cutover to a query or an update, in seconds. */
const ANSWER_SECONDS = 8;
/** Longest time to wait for the answer to a check, in seconds. A later check asks again. */
const CHECK_SECONDS = 3;

/** Handle of a cutover. Each request takes a name and a reason, and throws `DmsCutoverRefused` at the wrong time. */
export interface CutoverHandle {
  /** Workflow id of the cutover: `dms-cutover:<cutoverId>`. */
  readonly workflowId: string;
  /** Reads the status. Needs a worker. */
  status(): Promise<CutoverStatus>;
  /** Approves the cutover. `confirm` repeats its id. */
  approve(request: ApproveCutover): Promise<string>;
  /** Takes back the approval by the person in `by`, until writes are stopped. */
  revokeApproval(request: DecisionRequest): Promise<string>;
  /** Goes back, until the switch begins. */
  abort(request: DecisionRequest): Promise<string>;
  /** Changes gates, window, approval or `writesStoppedSeconds`, until the switch begins. */
  change(request: ChangeCutover): Promise<string>;
  /** Sends the application back to the source while it is verified. */
  switchBack(request: DecisionRequest): Promise<string>;
  /** Decides what the cutover can't find out. */
  decide(request: DecideCutover): Promise<string>;
  /** Waits for the result. Throws `DmsCutoverUndecided`, or Temporal's own failures. */
  result(): Promise<CutoverResult>;
}

/** Handle of a cutover that was started or joined. */
export interface StartedCutover extends CutoverHandle {
  /** True if the same cutover is under way already, or has switched before. */
  readonly joined: boolean;
}

/**
 * Starts a cutover, or joins one of the same id and input. A cutover that has returned runs again.
 *
 * Throws if a cutover of this id is under way or has switched with another input.
 */
export async function startCutover(client: Client, taskQueue: string, input: CutoverInput): Promise<StartedCutover> {
  const { plan, hooks } = readCutoverInput(input);
  const { cutoverId, reason } = plan;
  const workflowId = cutoverWorkflowId(cutoverId);
  const asks = createHash('sha256')
    .update(JSON.stringify([plan, hooks]))
    .digest('hex')
    .slice(0, 32);
  await requireServer(client);
  const handle = client.workflow.getHandle(workflowId);
  for (;;) {
    const found = await findCutover(client, handle);
    if (found !== null && (found.isOpen || (await hasSwitched(handle)))) {
      if (found.asks === asks) return { ...handleOf(client, cutoverId), joined: true };
      throw cutoverIdTaken(plan, found.isOpen);
    }
    try {
      await client.workflow.start(cutoverType, {
        workflowId,
        taskQueue,
        args: [input],
        workflowIdConflictPolicy: 'FAIL',
        staticSummary: `DMS cutover: ${reason}`.slice(0, 200),
        staticDetails: staticDetailsFor(`temporal dms cutover status ${shellWord(cutoverId)}`, taskQueue),
        memo: { [memoKeys.kind]: 'cutover', [memoKeys.operationId]: cutoverId, [memoKeys.requestKey]: asks },
      });
      return { ...handleOf(client, cutoverId), joined: false };
    } catch (err) {
      if (!(err instanceof WorkflowExecutionAlreadyStartedError)) throw err;
    }
  }
}

/** Returns the handle of a cutover. Sends nothing. */
export function handleOf(client: Client, cutoverId: string): CutoverHandle {
  const workflowId = cutoverWorkflowId(cutoverId);
  const handle = client.workflow.getHandle(workflowId);
  const send = async (name: CutoverRequestName, request: unknown): Promise<string> => {
    readCutoverRequest(name, request);
    return ask(client, handle, () => handle.executeUpdate<string, [unknown]>(messageNames[name], { args: [request] }));
  };
  return {
    workflowId,
    status: () => ask(client, handle, () => handle.query<CutoverStatus>(messageNames.cutover)),
    approve: (request) => send('approve', request),
    revokeApproval: (request) => send('revokeApproval', request),
    abort: (request) => send('abort', request),
    change: (request) => send('change', request),
    switchBack: (request) => send('switchBack', request),
    decide: (request) => send('decide', request),
    async result() {
      try {
        const result = requestWithoutLimit(client, () => handle.result());
        const problem = async () => {
          const description = await askServer(client, () => handle.describe());
          const found = await findHostProblem(client, description);
          return found === null ? reportedProblem(client, handle, description) : found;
        };
        return (await new ProblemWatch().during(problem, result)) as CutoverResult;
      } catch (err) {
        throw err instanceof WorkflowNotFoundError ? notFound(workflowId) : (findDmsFailure(err) ?? err);
      }
    },
  };
}

async function findCutover(client: Client, handle: WorkflowHandle) {
  try {
    const { status, memo } = await askServer(client, () => handle.describe());
    return { isOpen: status.name === 'RUNNING' || status.name === 'PAUSED', asks: memo?.[memoKeys.requestKey] };
  } catch (err) {
    if (err instanceof WorkflowNotFoundError) return null;
    throw err;
  }
}

/** True if a closed cutover has switched the application to the target. */
async function hasSwitched(handle: WorkflowHandle): Promise<boolean> {
  try {
    return ((await handle.result()) as CutoverResult).outcome === 'switched';
  } catch (err) {
    if (err instanceof WorkflowFailedError) return false;
    throw err;
  }
}

async function ask<T>(client: Client, handle: WorkflowHandle, request: () => Promise<T>): Promise<T> {
  await requireServer(client);
  try {
    return await client.withDeadline(Date.now() + ANSWER_SECONDS * 1000, request);
  } catch (err) {
    if (err instanceof WorkflowUpdateFailedError) throw findDmsFailure(err) ?? err;
    if (err instanceof WorkflowNotFoundError) throw notFound(handle.workflowId);
    const hint = (taskQueue: string) =>
      `. Check that one serves it with temporal-dms/workflows: ${workerCommand(taskQueue)}`;
    const why = await describeSilence(client, handle, err, ANSWER_SECONDS, hint);
    throw new ServiceError(
      `${handle.workflowId} gives no answer: ${why}. The request may still be carried out: read the status before you send it again`,
      { cause: err as Error },
    );
  }
}

/**
 * Returns the problem that the cutover reports by itself, such as a ledger that gives no answer. `undefined`: it can't
 * answer now.
 */
async function reportedProblem(
  client: Client,
  handle: WorkflowHandle,
  { status, raw }: WorkflowExecutionDescription,
): Promise<Problem | null | undefined> {
  if (status.name !== 'RUNNING') return null;
  // While a workflow task waits, no worker would answer the query.
  if (raw.pendingWorkflowTask != null) return undefined;
  const { problem } = await client.withDeadline(Date.now() + CHECK_SECONDS * 1000, () =>
    handle.query<CutoverStatus>(messageNames.cutover),
  );
  return problem === null ? null : { text: problem, noWorker: null, isReported: true };
}

function notFound(workflowId: string) {
  return dmsFailure(
    'DmsCutoverNotFound',
    { replicationConfigArn: '' },
    `There is no open cutover ${workflowId}`,
    'Check its id and the namespace. List the cutovers: temporal workflow list --query "WorkflowType = \'dmsCutover\'".',
  );
}

type RequestedCutover = Pick<CutoverInput, 'cutoverId' | 'replicationConfigArns'>;

/** Builds the failure of a start whose cutover id is in use. `isOpen`: that cutover is open. False: it has switched. */
export function cutoverIdTaken({ cutoverId, replicationConfigArns }: RequestedCutover, isOpen: boolean) {
  const [replicationConfigArn = ''] = replicationConfigArns;
  return dmsFailure(
    isOpen ? 'DmsOperationInProgress' : 'DmsOperationSuperseded',
    { replicationConfigArn, operationId: cutoverId },
    isOpen
      ? `The cutover "${cutoverId}" is under way, with another input`
      : `The cutover "${cutoverId}" has switched before, with another input`,
    isOpen
      ? `Abort it first: ${bothForms(`temporal dms cutover abort ${shellWord(cutoverId)}`, updateCommand(cutoverWorkflowId(cutoverId), messageNames.abort))}. Or use another cutoverId.`
      : `Use another cutoverId. See the result: ${bothForms(`temporal dms cutover report ${shellWord(cutoverId)}`, `temporal workflow result --workflow-id ${shellWord(cutoverWorkflowId(cutoverId))}`)}.`,
  );
}
