/** Views of a cutover: its context for hooks, its status, its result and its plan. */
import type { CutoverPlannedStep, CutoverRequestName, CutoverResult, CutoverStatus } from '../../contract/cutover.js';
import type { CutoverContext } from '../../contract/cutover-hooks.js';
import type { CutoverState, UndoStep } from '../../contract/cutover-state.js';
import { dmsFailure } from '../../contract/failures.js';
import { breakReservationCommands, cutoverStatusCommands } from '../../contract/commands.js';
import { returnAt } from './clock.js';
import { allowedRequests } from './requests.js';

/** Returns the argument of hooks. */
export function contextOf(state: CutoverState): CutoverContext {
  const { plan, token, phase, marker, replications } = state;
  const { cutoverId, requestedBy, reason } = plan;
  return { cutoverId, token, phase, requestedBy, reason, marker, returnAt: returnAt(state), replications };
}

/** Returns the answer to the query `dms.cutover`. */
export function statusOf(state: CutoverState, problem: string | null = null): CutoverStatus {
  const { token, phase, since, isReady, lag, checks, approvals, writesStoppedAt, cause, undo, timeline } = state;
  return {
    token,
    phase,
    since,
    waitingFor: waitingFor(state),
    problem,
    ready: isReady,
    allowed: allowedRequests(state),
    lag,
    checks,
    approvals,
    writesStoppedAt,
    returnAt: returnAt(state),
    cause,
    undo: undo.toReversed().map((step) => undoNames[step]),
    timeline,
  };
}

/** Returns for how long writes were stopped, in seconds. `null`: they were not, or they still are. */
export function measureStoppedWrites({ writesStoppedAt, writesResumedAt }: CutoverState): number | null {
  if (writesStoppedAt === null || writesResumedAt === null) return null;
  return (Date.parse(writesResumedAt) - Date.parse(writesStoppedAt)) / 1000;
}

/** Returns the result of a cutover that has ended. */
export function resultOf(state: CutoverState): CutoverResult {
  const { cause, plan, replications, checks, warnings, approvals, timeline } = state;
  return {
    outcome: cause !== null ? 'returned' : plan.dryRun ? 'planned' : 'switched',
    cause,
    checkpoints: replications.flatMap(({ checkpoint }) => checkpoint ?? []),
    writesStoppedSeconds: measureStoppedWrites(state),
    checks,
    warnings,
    approvals,
    timeline,
    plan: plan.dryRun ? plannedSteps(state) : [],
  };
}

/** Returns the failure of a cutover that ends without the decision that it waits for. */
export function undecidedFailure(state: CutoverState) {
  const { plan, token, phase, problem, undo } = state;
  const [replicationConfigArn = ''] = plan.replicationConfigArns;
  const isFenced = state.writesStoppedAt === null ? 'may be fenced' : 'is still fenced';
  const fence = undo.includes('unfence') ? `The source ${isFenced}. ` : '';
  const stay = 'To stay on the target, leave the source fenced and the replications sealed.';
  const back = `To go back by hand, close the token ${token} in your hooks, then: ${leftOf(state)}.`;
  return dmsFailure(
    'DmsCutoverUndecided',
    { replicationConfigArn },
    `The cutover "${plan.cutoverId}" ended in ${phase} without a decision${problem === null ? '' : ` (${problem})`}`,
    `${fence}The replications are still reserved. Find out which side the application uses. ${
      undo.length === 0 ? '' : `${stay} ${back} `
    }Then end each reservation: ${breakReservationCommands(plan.replicationConfigArns)}.`,
  );
}

/** Returns the failure of a request that the cutover refuses. */
export function refusedRequest(state: CutoverState, name: CutoverRequestName, why: string, workflowId: string) {
  const { plan } = state;
  const [replicationConfigArn = ''] = plan.replicationConfigArns;
  const allowed = allowedRequests(state).map((each) => `dms.${each}`);
  return dmsFailure(
    'DmsCutoverRefused',
    { replicationConfigArn },
    `The cutover ${plan.cutoverId} refuses dms.${name}: ${why}`,
    `Nothing was changed. ${
      allowed.length === 0 ? '' : `Allowed now: ${allowed.join(', ')}. `
    }See what it waits for: ${cutoverStatusCommands(plan.cutoverId, workflowId)}.`,
  );
}

const undoNames: Readonly<Record<UndoStep, string>> = {
  'switch-back': 'send the application back to the source',
  unfence: 'let the source take writes again',
  replicate: 'unseal the replications and resume them',
};

/** Returns the sentence about what the cutover waits for. */
export function waitingFor(state: CutoverState): string {
  const { step, plan, approvals, isReady, problem, nextAt, behind, undo } = state;
  const why = problem === null ? '' : `: ${problem}`;
  switch (step) {
    case 'await-lag':
      return plan.gates.lag === 'ignore'
        ? 'The lag'
        : `A lag of at most ${plan.gates.lag.maxSeconds} s in ${plan.gates.lag.samples} samples in a row`;
    case 'measure':
    case 'await-approval':
      return isReady
        ? `Approvals: ${approvals.length} of ${plan.approval.approvers} given`
        : `The checks to be in order${why}`;
    case 'await-window':
      return `The window, which opens at ${nextAt}`;
    case 'drain':
      return `Everything up to the marker on the target${behind === null ? '' : ` (behind: ${behind})`}`;
    case 'stop':
      return 'The final stop of each replication';
    case 'decide-after-switch':
    case 'decide-after-switch-back':
      return `A person to decide which side the application uses${why}`;
    case 'await-verdict':
      return `A person to decide whether the application stays on the target${why}`;
    case 'await-repair':
      return `A person to repair the way back${why}${undo.length === 0 ? '' : `. Left: ${leftOf(state)}`}`;
    case 'release':
      return `The release of the replications${why}`;
    case 'end':
      return 'Nothing: the cutover has ended';
    default:
      return running[step];
  }
}

/** Lists the steps of the way back that are left. */
function leftOf({ undo }: CutoverState): string {
  return undo
    .toReversed()
    .map((step) => undoNames[step])
    .join(', then ');
}

const running = {
  reserve: 'The reservation of the replications',
  inspect: 'The checks of the preflight',
  preflight: 'The hook preflight',
  'measure-again': 'The gates once more',
  'prepare-reverse': 'The hook prepareReverse',
  fence: 'The hook fence',
  'mark-source': 'The hook markSource',
  'assert-stopped': 'A look at the stopped replications',
  'sync-identities': 'The hook syncIdentities',
  'assert-still-stopped': 'A look at the stopped replications',
  switch: 'The hook switchToTarget',
  'ask-after-switch': 'The hook whereIsTraffic',
  'start-reverse': 'The hook startReverse',
  verify: 'The hook verify',
  'switch-back': 'The hook switchToSource',
  'ask-after-switch-back': 'The hook whereIsTraffic',
  'ask-before-unfence': 'The hook whereIsTraffic',
  'find-reset': 'The answer whether this workflow was reset',
  unfence: 'The hook unfence',
  replicate: 'Resuming the replications',
} as const;

/** Returns the steps that the cutover would take. */
function plannedSteps({ plan, hooks }: CutoverState): readonly CutoverPlannedStep[] {
  const { gates, approval, window, writesStoppedSeconds, replicationConfigArns: arns } = plan;
  const steps: CutoverPlannedStep[] = [];
  const add = (phase: CutoverPlannedStep['phase'], what: string) => void steps.push({ phase, what });
  const call = (phase: CutoverPlannedStep['phase'], hook: CutoverState['hooks'][number]) => {
    if (hooks.includes(hook)) add(phase, `Call ${hook}`);
  };
  add('preflight', `Reserve and check ${count(arns.length, 'replication')}`);
  call('preflight', 'preflight');
  if (gates.lag !== 'ignore')
    add('waiting-for-lag', `Wait up to ${gates.lag.timeoutSeconds} s for a lag of at most ${gates.lag.maxSeconds} s`);
  add('validating', `Check tables (${gates.tables}) and validation (${gates.validation})`);
  call('validating', 'validate');
  if (approval.required)
    add('waiting-for-approval', `Wait up to ${approval.timeoutSeconds} s for ${count(approval.approvers, 'approval')}`);
  if (window.notBefore !== null) add('waiting-for-window', `Wait until ${window.notBefore}`);
  add('fencing', 'Check the gates once more');
  call('fencing', 'prepareReverse');
  call('fencing', 'fence');
  add('fencing', `From here on, go back after ${writesStoppedSeconds} s unless the switch has begun`);
  call('fencing', 'markSource');
  call('draining', 'isDrained');
  add('stopping', `Stop ${count(arns.length, 'replication')} for good`);
  add('judging', 'Check the warnings of the stops, and that the replications are still stopped');
  call('syncing', 'syncIdentities');
  call('switching', 'switchToTarget');
  call('switching', 'whereIsTraffic');
  call('verifying', 'startReverse');
  call('verifying', 'verify');
  add('done', 'Release the replications');
  return steps;
}

function count(number: number, what: string): string {
  return number === 1 ? `1 ${what}` : `${number} ${what}s`;
}
