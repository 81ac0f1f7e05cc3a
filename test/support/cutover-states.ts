/** States of a cutover for tests of its rules. */
import type { CutoverHookName, CutoverOptions } from '../../src/contract/cutover-input.js';
import { readCutoverOptions } from '../../src/contract/cutover-schemas.js';
import type { CutoverState, CutoverStep } from '../../src/contract/cutover-state.js';
import type { ReplicationReading } from '../../src/contract/reading-protocol.js';
import { beginCutover } from '../../src/rules/cutover/begin.js';
import { emptySummary } from '../../src/rules/table-summary.js';
import { look } from './look.js';
import { at } from './operations.js';

export const arn = 'arn:aws:dms:eu-west-1:123456789012:replication-config:ORDERS';
export const WORKFLOW = 'dms-cutover:orders';
export const ada = { by: 'ada', reason: 'as planned' };
export const required: readonly CutoverHookName[] = [
  'fence',
  'unfence',
  'isDrained',
  'switchToTarget',
  'whereIsTraffic',
];

/** Steps from the fence until the switch begins. */
export const fencedSteps = [
  'fence',
  'mark-source',
  'drain',
  'stop',
  'assert-stopped',
  'sync-identities',
  'assert-still-stopped',
] as const;

/** State of a cutover at a step. The cutover is ready and approved, unless a test says otherwise. */
export function stateAt(
  step: CutoverStep,
  changes: Partial<CutoverState> = {},
  options: Partial<CutoverOptions> = {},
  hooks = required,
): CutoverState {
  const plan = readCutoverOptions(
    {
      cutoverId: 'orders',
      replicationConfigArns: [arn],
      requestedBy: 'ada',
      reason: 'orders move',
      writesStoppedSeconds: 300,
      approval: { required: false },
      ...options,
    },
    true,
  );
  const begun = beginCutover(plan, hooks, 'token', at(0));
  return { ...begun, step, stepSince: at(0), isReady: true, validatingSince: at(0), ...changes };
}

export const fenced = { undo: ['unfence'], writesStoppedAt: at(0) } satisfies Partial<CutoverState>;
export const stopped = { undo: ['replicate', 'unfence'], writesStoppedAt: at(0) } satisfies Partial<CutoverState>;
export const switched = {
  undo: ['replicate', 'unfence', 'switch-back'],
  writesStoppedAt: at(0),
} satisfies Partial<CutoverState>;
export const returning = { cause: { code: 'aborted', phase: 'draining', detail: 'stop' } } as const;

export function reading(changes: Partial<ReplicationReading> = {}): ReplicationReading {
  return {
    replicationConfigArn: arn,
    replication: look({ status: 'running' }),
    ledger: { sealedBy: null, reservedBy: null },
    endpoints: null,
    permissions: null,
    lag: { sourceSeconds: 1, targetSeconds: 1, at: at(0) },
    tables: {
      ...emptySummary(at(0)),
      total: 1,
      byState: { 'Table completed': 1 },
      byValidationState: { Validated: 1 },
    },
    problem: null,
    ...changes,
  };
}
