import { dmsFailure, findDmsFailure } from '../contract/failures.js';
import { operationInProgress } from '../contract/failure-messages.js';
import { readResumeInput, readStopInput } from '../contract/input-schemas.js';
import type { StopReplicationInput } from '../contract/inputs.js';
import { retryLaterTypes, type BeginReply, type BeginRequest } from '../contract/ledger-protocol.js';
import type { OperationRef } from '../contract/ledger-state.js';
import { operationWorkflowId } from '../contract/names.js';
import type { OperationPlan, PlanOperation } from '../contract/operation-plan.js';
import type { Permissions } from '../dms/permissions.js';
import { begin, validateBegin } from '../ledger/begin.js';
import { mayPreempt, openOperation, relationTo, wantedOperation, type OpenOperation } from '../rules/joining.js';
import { judgeResume, shouldCompareEndpoints } from '../rules/resume-judgement.js';
import { judgeStopRequest } from '../rules/stop-judgement.js';
import type { Look } from '../watch/index.js';
import type { Attempt } from './runtime/attempt.js';
import { beginAttempt } from './runtime/begin-attempt.js';
import { readEndpoints } from './runtime/endpoints.js';
import { describeExecution } from './runtime/find-execution.js';
import { askLedger } from './runtime/ledger-access.js';
import { readPermissions } from './read-replications.js';
import type { WorkerContext } from './runtime/worker-context.js';

/** Longest time to read the permissions. A plan of a worker without a route to IAM leaves them undecided. */
const PERMISSIONS_SECONDS = 5;
/** Longest time to read the ledger in one attempt, which lasts 15 s. */
const LEDGER_SECONDS = 6;

type Conclusion = Pick<OperationPlan, 'action' | 'detail'> &
  Partial<Pick<OperationPlan, 'startReplicationType' | 'warnings'>>;

/**
 * Finds out what an operation would do, and does nothing. The rules are those of the operation itself: the open
 * operation first, then the ledger, then the judgement about a look.
 */
export async function planOperation(worker: WorkerContext, request: PlanOperation): Promise<OperationPlan> {
  const { kind, input } = request;
  const attempt = beginAttempt(worker, input, 'dms.planOperation', { phase: 'checking' });
  return attempt.withHeartbeat(async () => {
    const permissions = await readPermissions(attempt, PERMISSIONS_SECONDS);
    const known = {
      kind,
      replicationConfigArn: attempt.arn.arn,
      startReplicationType: null,
      refusal: null,
      replication: null,
      permissions,
      warnings: [],
    };
    let look: Look | null = null;
    try {
      const found = await describeExecution(worker.client(), operationWorkflowId(attempt.arn.arn));
      const open = found === null ? null : openOperation(found);
      const beside = open === null ? null : besideOpen(request, open, attempt);
      look = await attempt.look();
      const { replication } = look;
      const conclusion = beside ?? (await conclude(attempt, request, look));
      if (conclusion.action === 'call') requirePermission(kind, permissions, attempt);
      return { ...known, replication, ...conclusion };
    } catch (err) {
      const failure = findDmsFailure(err);
      const replication = look?.replication ?? null;
      if (failure === undefined) {
        if (!isBusy(err)) throw err;
        return { ...known, replication, action: 'wait', detail: `It would wait first: ${err.message}` };
      }
      const { type, message, details } = failure;
      const refusal = { type, message, hint: details[0].hint };
      return { ...known, replication, action: 'refuse', detail: message, refusal };
    }
  });
}

/** Returns what the operation would do about the open one. Throws if it would be refused. `null`: it would cancel it. */
function besideOpen({ kind, input }: PlanOperation, open: OpenOperation, attempt: Attempt): Conclusion | null {
  const name = `the ${open.kind} "${open.operationId ?? '?'}" that is under way`;
  if ((input as StopReplicationInput).preempt === true && mayPreempt(open, kind)) return null;
  switch (relationTo(open, wantedOperation(kind, input))) {
    case 'join':
      return { action: 'join', detail: `It would share the result of ${name}` };
    case 'wait':
      return { action: 'wait', detail: `It would wait for the end of ${name}` };
    case 'refuse':
      throw operationInProgress(attempt.arn.arn, open, '');
  }
}

/** Throws the denial that DMS would answer. An action on which IAM gives no decision may be allowed. */
function requirePermission(
  kind: PlanOperation['kind'],
  permissions: Permissions | null,
  { subject }: Pick<Attempt, 'subject'>,
): void {
  const action = kind === 'stop' ? 'dms:StopReplication' : 'dms:StartReplication';
  if (permissions?.denied.includes(action) !== true) return;
  const what = `IAM denies the worker ${action} on ${subject.replicationConfigArn}`;
  throw dmsFailure('DmsAccessDenied', subject, what, 'Allow the action in the policy of its role.');
}

async function conclude(attempt: Attempt, { kind, input }: PlanOperation, look: Look): Promise<Conclusion> {
  const reply = await beginInLedger(attempt, { kind, input }, look);
  if (reply.busy !== null) return { action: 'wait', detail: `It would wait first: ${reply.busy.why}` };
  if (reply.repeatOf !== null)
    return {
      action: 'send-nothing',
      detail: `The ${kind} "${reply.repeatOf.operation.operationId}" succeeded before. Its result would be returned`,
    };
  return kind === 'stop' ? concludeStop(attempt, look, reply) : concludeResume(attempt, input, look, reply);
}

/** Begins the operation in a copy of the ledger. Throws what the ledger would refuse. */
async function beginInLedger(attempt: Attempt, { kind, input }: PlanOperation, look: Look): Promise<BeginReply> {
  const { plan, requester } = kind === 'stop' ? readStopInput(input) : readResumeInput(input);
  const operation: OperationRef = {
    kind,
    operationId: input.operationId ?? 'dry-run',
    workflowId: operationWorkflowId(attempt.arn.arn),
    runId: 'dry-run',
    firstRunId: 'dry-run',
    parentWorkflowId: null,
    ...requester,
  };
  const request: BeginRequest = {
    operation,
    token: attempt.token,
    call: null,
    isAnswered: false,
    intent: 'intent' in plan ? plan.intent : null,
    sequence: 'checkpoint' in plan && typeof plan.checkpoint === 'object' ? plan.checkpoint.sequence : null,
    status: look.replication.status,
    taskQueue: attempt.taskQueue,
  };
  const ledger = await askLedger(attempt, (client) => client.read(LEDGER_SECONDS));
  const now = new Date(attempt.token).toISOString();
  validateBegin(ledger, request, now);
  return begin(ledger, request, now).reply;
}

function concludeStop({ subject: about }: Attempt, { replication }: Look, reply: BeginReply): Conclusion {
  const subject = { ...about, replication };
  const { ownCall, hasRun } = reply;
  const judged = judgeStopRequest({ look: replication, ownCall, isAnswered: false, hasRun, subject });
  const doubt = judged.do === 'agree' ? afterDoubt(judged) : '';
  const { do: action, ...rest } = judged.do === 'agree' ? judged.conclude() : judged;
  if ('why' in rest) return { action: 'wait', detail: `It would wait: ${rest.why}` };
  if ('outcome' in rest) return { action: 'send-nothing', detail: `It would call nothing (${rest.outcome})${doubt}` };
  return { action, detail: `It would ask DMS to stop the replication, which is "${replication.status}"${doubt}` };
}

async function concludeResume(
  attempt: Attempt,
  input: PlanOperation['input'],
  { replication, dmsTime }: Look,
  { checkpoint, ownCall, hasRun, lastStoppedAt }: BeginReply,
): Promise<Conclusion> {
  const { plan } = readResumeInput(input);
  const subject = { ...attempt.subject, replication };
  const none = attempt.worker.endpointFingerprints ? { endpoints: null, problem: null } : null;
  const request = { ...plan, replicationConfigArn: attempt.arn.arn };
  const known = { request, look: replication, dmsTime, endpoints: none, subject, checkpoint, ownCall, hasRun };
  const facts = { ...known, lastStoppedAt };
  const endpoints = shouldCompareEndpoints(facts) ? await readEndpoints(attempt, replication) : none;
  const judged = judgeResume({ ...facts, endpoints });
  const doubt = judged.do === 'agree' ? afterDoubt(judged) : '';
  const { do: action, ...rest } = judged.do === 'agree' ? judged.conclude() : judged;
  if ('why' in rest) return { action: 'wait', detail: `It would wait: ${rest.why}` };
  if ('outcome' in rest) return { action: 'send-nothing', detail: `It would call nothing (${rest.outcome})${doubt}` };
  const { startReplicationType, warnings } = rest;
  const from = checkpoint === null ? '' : `, from record ${checkpoint.sequence}`;
  const detail = `It would ask DMS to start the replication with ${startReplicationType}${from}${doubt}`;
  return { action, detail, startReplicationType, warnings };
}

function afterDoubt({ on, forSeconds }: { readonly on: string; readonly forSeconds: number }): string {
  return `, once looks have agreed for ${forSeconds} s that ${on}`;
}

function isBusy(err: unknown): err is Error {
  return err instanceof Error && 'type' in err && err.type === retryLaterTypes.busy;
}
