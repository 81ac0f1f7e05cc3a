import type { ReplicationConfigArn } from './arn.js';
import type { Replication } from './replication.js';

/** Action that a stop takes, given the status of the replication. */
export type StopAction =
  /** Ask DMS to stop it. */
  | 'call'
  /** Not stoppable yet: look again later. */
  | 'wait'
  | 'already-stopping'
  | 'already-stopped'
  | 'never-started'
  | 'failed'
  | 'deleting';

/** Action that a start or a resume takes, given the status of the replication. */
export type StartAction =
  /** Ask DMS to start it. */
  | 'call'
  /** As `call`, for the first run. */
  | 'first-start'
  /** Not startable yet: look again later. */
  | 'wait'
  | 'already-running'
  | 'already-starting'
  | 'deleting';

interface StatusFacts {
  readonly stop: StopAction;
  readonly start: StartAction;
  /** `rest`: nothing moves by itself. `active`: it runs or is about to. `passing`: on its way to another status. */
  readonly phase: 'rest' | 'active' | 'passing';
}

const starting = { stop: 'wait', start: 'already-starting', phase: 'active' } as const satisfies StatusFacts;
const atRest = { stop: 'already-stopped', start: 'call', phase: 'rest' } as const satisfies StatusFacts;

/**
 * Every known `Replication.Status`. DMS refuses a stop while the replication is starting. This was seen on AWS for
 * `provisioning_capacity`, and is assumed for the other starting statuses.
 *
 * @see https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Serverless.Components.html
 */
export const lifecycleTable = {
  created: { stop: 'never-started', start: 'first-start', phase: 'rest' },
  initializing: starting,
  preparing_metadata_resources: starting,
  testing_connection: starting,
  fetching_metadata: starting,
  calculating_capacity: starting,
  provisioning_capacity: starting,
  replication_starting: starting,
  running: { stop: 'call', start: 'already-running', phase: 'active' },
  stopping: { stop: 'already-stopping', start: 'wait', phase: 'passing' },
  stopped: atRest,
  modifying: { stop: 'wait', start: 'wait', phase: 'passing' },
  failed: { stop: 'failed', start: 'call', phase: 'rest' },
  deleting: { stop: 'deleting', start: 'deleting', phase: 'passing' },
  // Provision states. Some scripts for DMS expect them in the status field, where AWS was seen to show `stopped`.
  deprovisioning: atRest,
  deprovisioned: atRest,
} as const satisfies Record<string, StatusFacts>;

/** Status in the lifecycle table. */
export type KnownStatus = keyof typeof lifecycleTable;

/**
 * Facts of a status that is not in the table. A wait goes on. A stop or a start calls DMS, and DMS accepts or refuses
 * the call.
 */
const unknownStatus: StatusFacts = { stop: 'call', start: 'call', phase: 'passing' };

export function statusFacts(status: string): StatusFacts {
  const known = status.toLowerCase();
  return isKnownStatus(known) ? lifecycleTable[known] : unknownStatus;
}

export function isKnownStatus(status: string): status is KnownStatus {
  return Object.hasOwn(lifecycleTable, status);
}

/**
 * Status and provision state of a replication, in lower case. If DMS shows a provision state as the status, `status` is
 * `stopped` and `provisionState` holds it.
 */
export interface LifecycleState {
  readonly status: string;
  readonly provisionState: string | null;
}

export function lifecycleState(replication: Pick<Replication, 'status' | 'provisionData'>): LifecycleState {
  const status = replication.status.toLowerCase();
  const provisionState = replication.provisionData?.provisionState?.toLowerCase() ?? null;
  if (status === 'deprovisioning' || status === 'deprovisioned') return { status: 'stopped', provisionState: status };
  return { status, provisionState };
}

/**
 * True if a look found no row in DescribeReplications, only the config. Either the replication has never run, or DMS
 * does not show its row yet.
 */
export function showsOnlyConfig({
  status,
  replicationCreateTime,
}: Pick<Replication, 'status' | 'replicationCreateTime'>): boolean {
  return status.toLowerCase() === 'created' && replicationCreateTime === null;
}

/** True if DMS has deprovisioned the replication, or has begun to. The replication can then no longer be resumed. */
export function isDeprovisioned(state: LifecycleState): boolean {
  return state.provisionState === 'deprovisioning' || state.provisionState === 'deprovisioned';
}

/** Words that may stand before the name of the replication. After any other word, the text is about something else. */
const BEFORE_NAME = String.raw`(?:^|[.;]\s+)(?:(?:the|replication|config|configuration|for|with|id|identifier|arn)\b[\s,:]*)*`;
const AFTER_NAME = String.raw`\s+is\s+(?:currently\s+)?in\s+(?:the\s+)?['"‘]?([a-z_]+)['"’]?\s+state\b`;

/**
 * Returns the status of this replication in the text of an `InvalidResourceStateFault`, in lower case. `null`: the text
 * names none. It may be about an assessment run or an endpoint, for example.
 *
 * Wordings seen on AWS: "Replication for Replication Config, 'ORDERS' is in 'provisioning_capacity' state and cannot be stopped." and
 * "Replication for Replication Config: ORDERS is in MODIFYING state and cannot start".
 *
 * @param identifier The `ReplicationConfigIdentifier`, where it is known.
 */
export function statusInFault(
  message: string,
  { arn, resourceId }: Pick<ReplicationConfigArn, 'arn' | 'resourceId'>,
  identifier: string | null = null,
): string | null {
  const names = [arn, resourceId, identifier].filter((name) => name !== null && name !== '');
  const name = names.map((each) => each?.replace(/[^\w]/g, String.raw`\$&`)).join('|');
  const pattern = new RegExp(`${BEFORE_NAME}['"‘]?(?:${name})['"’]?${AFTER_NAME}`, 'i');
  return pattern.exec(message)?.[1]?.toLowerCase() ?? null;
}
