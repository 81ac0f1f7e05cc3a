/** Requests that people send to a cutover: which are allowed now, and what each changes. */
import type { ApproveCutover, ChangeCutover, CutoverRequestName, DecideCutover } from '../../contract/cutover.js';
import { readCutoverRequest } from '../../contract/cutover-request-schemas.js';
import type { CutoverPlan } from '../../contract/cutover-schemas.js';
import type { CutoverState } from '../../contract/cutover-state.js';
import type { DecisionRequest } from '../../contract/ledger-protocol.js';
import { onTraffic, onTrafficAfterSwitchBack } from './after-switch.js';
import { afterMeasurement } from './before-fence.js';
import {
  afterUndo,
  enter,
  goOnBack,
  isBeforeFence,
  isBeforeSwitch,
  isOnTarget,
  isWait,
  mustReserve,
  note,
  onEarlierRun,
  withCause,
} from './transitions.js';

/** Requests by name, with their arguments. */
export interface CutoverRequests {
  readonly approve: ApproveCutover;
  readonly revokeApproval: DecisionRequest;
  readonly abort: DecisionRequest;
  readonly change: ChangeCutover;
  readonly switchBack: DecisionRequest;
  readonly decide: DecideCutover;
}

/** Names of the requests. */
export const cutoverRequests = [
  'approve',
  'revokeApproval',
  'abort',
  'change',
  'switchBack',
  'decide',
] as const satisfies readonly CutoverRequestName[];

/** Returns the requests that the cutover accepts now. */
export function allowedRequests(state: CutoverState): readonly CutoverRequestName[] {
  return cutoverRequests.filter((name) => whyNotNow(state, name) === null);
}

/** Returns the reason to refuse a request. `null`: the cutover accepts it. Throws DmsInvalidInput. */
export function refusal(state: CutoverState, name: CutoverRequestName, request: unknown): string | null {
  const read = readCutoverRequest(name, request);
  const why = whyNotNow(state, name);
  if (why !== null) return why;
  if (name === 'approve') return approvalProblem(state, read as ApproveCutover);
  if (name === 'revokeApproval')
    return state.approvals.some(({ by }) => by === read.by) ? null : `${read.by} has not approved the cutover`;
  if (name === 'change') return changeProblem(state, read as ChangeCutover);
  return name === 'decide' ? decisionProblem(state, read) : null;
}

/** Applies a request that {@link refusal} has accepted. `isRunning`: a step is being carried out. */
export function onRequest<Name extends CutoverRequestName>(
  state: CutoverState,
  name: Name,
  request: CutoverRequests[Name],
  now: string,
  isRunning: boolean,
): CutoverState {
  const read = readCutoverRequest(name, request);
  const { by, reason } = read;
  const said = (what: string) => note(state, now, `${what}: ${reason}`, by);
  const back = (code: 'aborted' | 'switched-back') => {
    const going = withCause(state, code, reason, now, by);
    return isRunning || mustReserve(state) ? going : goOnBack(going, now);
  };
  switch (name) {
    case 'approve': {
      const approvals = [...state.approvals, { by, reason, at: now }];
      const approved = { ...said('Approved'), approvals };
      return isRunning ? approved : afterMeasurement(approved, now);
    }
    case 'revokeApproval': {
      const approvals = state.approvals.filter((each) => each.by !== by);
      const revoked = { ...said('Revoked the approval'), approvals };
      return isRunning ? revoked : afterMeasurement(revoked, now);
    }
    case 'abort':
      return back('aborted');
    case 'switchBack':
      return back('switched-back');
    case 'change': {
      const plan = changed(state.plan, read as ChangeCutover);
      const names = ['gates', 'approval', 'window', 'writesStoppedSeconds'] as const;
      const given = names.filter((each) => (read as ChangeCutover)[each] != null);
      const isNewLag = isRunning && state.step === 'await-lag' && (read as ChangeCutover).gates?.lag != null;
      const isOutdated = state.isOutdated || isNewLag;
      return afterChange({ ...said(`Changed ${given.join(', ')}`), plan, isOutdated }, now, isRunning);
    }
    default:
      return onDecision(said('Decided'), read, now);
  }
}

function whyNotNow(state: CutoverState, name: CutoverRequestName): string | null {
  const { phase, step, cause, hooks, approvals, plan } = state;
  if (step === 'end') return 'the cutover has ended';
  const isBack = cause !== null;
  switch (name) {
    case 'approve':
      if (isBack) return 'it is going back';
      if (!plan.approval.required) return 'this cutover needs no approval';
      return phase === 'waiting-for-approval'
        ? null
        : `it can be approved only in waiting-for-approval, not in ${phase}`;
    case 'revokeApproval':
      if (approvals.length === 0) return 'nobody has approved it';
      if (isBack) return 'it is going back';
      if (isBeforeFence(state)) return null;
      return isBeforeSwitch(state)
        ? '`fence` was called already. Abort the cutover instead'
        : 'the switch has begun. In verifying, send dms.switchBack';
    case 'abort':
      if (isBack) return 'it is going back already';
      return isBeforeSwitch(state) ? null : 'the switch has begun. In verifying, send dms.switchBack';
    case 'change':
      return isBeforeSwitch(state) && !isBack ? null : `nothing can be changed in ${phase}`;
    case 'switchBack':
      if (!hooks.includes('switchToSource')) return 'it has no hook switchToSource';
      return isOnTarget(state) && !isBack
        ? null
        : `the application can be sent back only in verifying, not in ${phase}`;
    case 'decide':
      return isWait(step) && step !== 'await-approval' && step !== 'await-window'
        ? null
        : `there is nothing to decide in ${phase}`;
  }
}

function approvalProblem({ plan, approvals }: CutoverState, { by, confirm }: ApproveCutover): string | null {
  if (confirm !== plan.cutoverId) return `confirm is "${confirm}", and this is the cutover "${plan.cutoverId}"`;
  return approvals.some((each) => each.by === by) ? `${by} has approved it already` : null;
}

/** Returns the plan with the fields that the request names. */
function changed(plan: CutoverPlan, { gates, approval, window, writesStoppedSeconds }: ChangeCutover): CutoverPlan {
  return {
    ...plan,
    gates: { ...plan.gates, ...given(gates) },
    approval: { ...plan.approval, ...given(approval) },
    window: { ...plan.window, ...given(window) },
    writesStoppedSeconds: writesStoppedSeconds ?? plan.writesStoppedSeconds,
  };
}

/** Returns the fields that are set. */
function given(fields: object | null | undefined): object {
  return Object.fromEntries(Object.entries(fields ?? {}).filter(([, value]) => value !== null && value !== undefined));
}

function changeProblem(state: CutoverState, request: ChangeCutover): string | null {
  const { gates, approval, window, writesStoppedSeconds } = request;
  const names = Object.keys({ ...given(gates), ...given(approval), ...given(window) });
  if (names.length === 0 && writesStoppedSeconds == null) return 'it names nothing to change';
  const late = names.filter((each) => each !== 'acceptWarnings');
  if (!isBeforeFence(state) && late.length > 0)
    return `\`fence\` was called already, which is too late to change ${late.join(', ')}`;
  const { notBefore, notAfter } = changed(state.plan, request).window;
  const isOrdered = notBefore === null || notAfter === null || Date.parse(notBefore) < Date.parse(notAfter);
  return isOrdered ? null : `the window would end at ${notAfter}, before it begins at ${notBefore}`;
}

/** Lets a change take effect on a wait. For an approval, the gates are measured anew at once. */
function afterChange(state: CutoverState, now: string, isRunning: boolean): CutoverState {
  if (isRunning || !isWait(state.step)) return state;
  return state.step === 'await-approval' ? { ...state, nextAt: now } : afterMeasurement(state, now);
}

function decisionProblem(state: CutoverState, { traffic, undo }: DecideCutover): string | null {
  const { step } = state;
  const isTraffic = traffic !== null && traffic !== undefined;
  const isUndo = undo !== null && undo !== undefined;
  if (isTraffic === isUndo) return 'a decision names either traffic or undo';
  if (step === 'await-verdict')
    return traffic === 'target' ? null : 'decide { traffic: "target" } to stay, or switch it back';
  if (step === 'await-repair' && traffic === 'target' && mayStayOnTarget(state)) return null;
  if (step === 'await-repair') return isUndo ? null : 'decide { undo: "retry" } or { undo: "done" }';
  return isTraffic ? null : 'decide { traffic: "source" } or { traffic: "target" }';
}

function onDecision(state: CutoverState, { traffic, undo }: DecideCutover, now: string): CutoverState {
  if (undo === 'retry') return goOnBack(state, now);
  if (undo === 'done') return onRepaired(state, now);
  const side = traffic ?? 'source';
  if (state.step === 'await-verdict') return enter({ ...state, problem: null }, 'release', now);
  if (state.step === 'await-repair') return stayOnTarget(state, now);
  return state.step === 'decide-after-switch'
    ? onTraffic(state, side, now)
    : onTrafficAfterSwitchBack(state, side, now);
}

/** True if the application uses the target, and every replication is stopped for good. */
function mayStayOnTarget({ traffic, replications }: CutoverState): boolean {
  return traffic === 'target' && replications.every(({ checkpoint }) => checkpoint !== null);
}

/** Asks `whereIsTraffic` once more, because a person wants the application to stay on the target. */
function stayOnTarget(state: CutoverState, now: string): CutoverState {
  return enter({ ...state, isKept: true, problem: null }, 'ask-before-unfence', now);
}

/** Goes on after a person has done the failed step by hand. The answer of `whereIsTraffic` still decides. */
function onRepaired(state: CutoverState, now: string): CutoverState {
  switch (state.undo.at(-1)) {
    case 'switch-back':
      return enter(state, 'ask-after-switch-back', now);
    case 'unfence':
      return enter({ ...state, isUnfenced: true, problem: null }, 'ask-before-unfence', now);
    case undefined:
      // A person says that no earlier run has fenced or stopped.
      return onEarlierRun(state, false, now);
    default:
      return afterUndo(state, now);
  }
}
