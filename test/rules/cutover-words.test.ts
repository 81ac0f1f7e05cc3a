/** Tables of the sentences of a cutover. */
import { describe, expect, test } from 'vitest';
import { cutoverHookNames } from '../../src/contract/cutover-schemas.js';
import type { CutoverAction, CutoverState, CutoverStep, StepOutcome } from '../../src/contract/cutover-state.js';
import { onTime } from '../../src/rules/cutover/clock.js';
import { gateChecks, preflightChecks, stopCheck } from '../../src/rules/cutover/gates.js';
import { onOutcome } from '../../src/rules/cutover/outcomes.js';
import { cutoverMarkdown } from '../../src/rules/cutover/details.js';
import { refusedRequest, resultOf, undecidedFailure, waitingFor } from '../../src/rules/cutover/report.js';
import { cutoverRequests, onRequest, refusal } from '../../src/rules/cutover/requests.js';
import {
  enter,
  isBeforeFence,
  isBeforeSwitch,
  isDecision,
  isFenced,
  isOnTarget,
  isWait,
} from '../../src/rules/cutover/transitions.js';
import { emptySummary } from '../../src/rules/table-summary.js';
import {
  ada,
  arn,
  fenced,
  fencedSteps,
  reading,
  required,
  returning,
  stateAt,
  stopped,
  switched,
  WORKFLOW,
} from '../support/cutover-states.js';
import { look } from '../support/look.js';
import { at } from '../support/operations.js';
import { archivedRecord } from '../support/records.js';

const steps: readonly CutoverStep[] = [
  'reserve',
  'inspect',
  'preflight',
  'await-lag',
  'measure',
  'await-approval',
  'await-window',
  'measure-again',
  'prepare-reverse',
  ...fencedSteps,
  'switch',
  'ask-after-switch',
  'decide-after-switch',
  'start-reverse',
  'verify',
  'await-verdict',
  'switch-back',
  'ask-after-switch-back',
  'decide-after-switch-back',
  'ask-before-unfence',
  'unfence',
  'replicate',
  'await-repair',
  'find-reset',
  'release',
  'end',
];

/** Lists what was said of each step. Steps of which the same was said share a line. */
function byWords(said: (step: CutoverStep) => string | null): string {
  const lines = new Map<string, string[]>();
  for (const step of steps) {
    const words = said(step) ?? '(accepted)';
    lines.set(words, [...(lines.get(words) ?? []), step]);
  }
  return [...lines].map(([words, at]) => `${words} <- ${at.join(', ')}`).join('\n');
}

describe('a cutover says', () => {
  test('what it waits for', () => {
    expect(byWords((step) => waitingFor(stateAt(step)))).toMatchInlineSnapshot(`
      "The reservation of the replications <- reserve
      The checks of the preflight <- inspect
      The hook preflight <- preflight
      A lag of at most 10 s in 3 samples in a row <- await-lag
      Approvals: 0 of 1 given <- measure, await-approval
      The window, which opens at null <- await-window
      The gates once more <- measure-again
      The hook prepareReverse <- prepare-reverse
      The hook fence <- fence
      The hook markSource <- mark-source
      Everything up to the marker on the target <- drain
      The final stop of each replication <- stop
      A look at the stopped replications <- assert-stopped, assert-still-stopped
      The hook syncIdentities <- sync-identities
      The hook switchToTarget <- switch
      The hook whereIsTraffic <- ask-after-switch, ask-after-switch-back, ask-before-unfence
      A person to decide which side the application uses <- decide-after-switch, decide-after-switch-back
      The hook startReverse <- start-reverse
      The hook verify <- verify
      A person to decide whether the application stays on the target <- await-verdict
      The hook switchToSource <- switch-back
      The hook unfence <- unfence
      Resuming the replications <- replicate
      A person to repair the way back <- await-repair
      The answer whether this workflow was reset <- find-reset
      The release of the replications <- release
      Nothing: the cutover has ended <- end"
    `);
    expect(
      byWords((step) =>
        waitingFor(
          stateAt(step, { ...switched, problem: 'refused', behind: '7 rows', isReady: false, nextAt: at(60) }),
        ),
      ),
    ).toMatchInlineSnapshot(`
      "The reservation of the replications <- reserve
      The checks of the preflight <- inspect
      The hook preflight <- preflight
      A lag of at most 10 s in 3 samples in a row <- await-lag
      The checks to be in order: refused <- measure, await-approval
      The window, which opens at 2026-01-01T00:01:00.000Z <- await-window
      The gates once more <- measure-again
      The hook prepareReverse <- prepare-reverse
      The hook fence <- fence
      The hook markSource <- mark-source
      Everything up to the marker on the target (behind: 7 rows) <- drain
      The final stop of each replication <- stop
      A look at the stopped replications <- assert-stopped, assert-still-stopped
      The hook syncIdentities <- sync-identities
      The hook switchToTarget <- switch
      The hook whereIsTraffic <- ask-after-switch, ask-after-switch-back, ask-before-unfence
      A person to decide which side the application uses: refused <- decide-after-switch, decide-after-switch-back
      The hook startReverse <- start-reverse
      The hook verify <- verify
      A person to decide whether the application stays on the target: refused <- await-verdict
      The hook switchToSource <- switch-back
      The hook unfence <- unfence
      Resuming the replications <- replicate
      A person to repair the way back: refused. Left: send the application back to the source, then let the source take writes again, then unseal the replications and resume them <- await-repair
      The answer whether this workflow was reset <- find-reset
      The release of the replications: refused <- release
      Nothing: the cutover has ended <- end"
    `);
    expect(waitingFor(stateAt('await-lag', {}, { gates: { lag: 'ignore' } }))).toBe('The lag');
    const approvals = [{ by: 'bob', reason: 'fine', at: at(0) }];
    expect(waitingFor(stateAt('await-approval', { approvals }, { approval: { approvers: 3 } }))).toBe(
      'Approvals: 1 of 3 given',
    );
  });

  const requests = {
    approve: { ...ada, confirm: 'orders' },
    revokeApproval: ada,
    abort: ada,
    change: { ...ada, writesStoppedSeconds: 60 },
    switchBack: ada,
    decide: { ...ada, undo: 'retry' },
  } as const;
  /** Lists why a request is refused in each step. */
  const refusals = (name: keyof typeof requests, more: Partial<CutoverState>) =>
    byWords((step) => {
      const phase = step === 'await-approval' ? 'waiting-for-approval' : 'draining';
      return refusal(stateAt(step, { phase, ...more }, { approval: {} }, cutoverHookNames), name, requests[name]);
    });

  test('why it refuses a request', () => {
    const approvals = [{ by: 'ada', reason: 'fine', at: at(0) }];
    const said = cutoverRequests.map(
      (name) => `# ${name}\n${refusals(name, { approvals: name === 'revokeApproval' ? approvals : [] })}`,
    );
    expect(said.join('\n')).toMatchInlineSnapshot(`
      "# approve
      it can be approved only in waiting-for-approval, not in draining <- reserve, inspect, preflight, await-lag, measure, await-window, measure-again, prepare-reverse, fence, mark-source, drain, stop, assert-stopped, sync-identities, assert-still-stopped, switch, ask-after-switch, decide-after-switch, start-reverse, verify, await-verdict, switch-back, ask-after-switch-back, decide-after-switch-back, ask-before-unfence, unfence, replicate, await-repair, find-reset, release
      (accepted) <- await-approval
      the cutover has ended <- end
      # revokeApproval
      (accepted) <- reserve, inspect, preflight, await-lag, measure, await-approval, await-window, measure-again, prepare-reverse
      \`fence\` was called already. Abort the cutover instead <- fence, mark-source, drain, stop, assert-stopped, sync-identities, assert-still-stopped
      the switch has begun. In verifying, send dms.switchBack <- switch, ask-after-switch, decide-after-switch, start-reverse, verify, await-verdict, switch-back, ask-after-switch-back, decide-after-switch-back, ask-before-unfence, unfence, replicate, await-repair, find-reset, release
      the cutover has ended <- end
      # abort
      (accepted) <- reserve, inspect, preflight, await-lag, measure, await-approval, await-window, measure-again, prepare-reverse, fence, mark-source, drain, stop, assert-stopped, sync-identities, assert-still-stopped
      the switch has begun. In verifying, send dms.switchBack <- switch, ask-after-switch, decide-after-switch, start-reverse, verify, await-verdict, switch-back, ask-after-switch-back, decide-after-switch-back, ask-before-unfence, unfence, replicate, await-repair, find-reset, release
      the cutover has ended <- end
      # change
      (accepted) <- reserve, inspect, preflight, await-lag, measure, await-approval, await-window, measure-again, prepare-reverse, fence, mark-source, drain, stop, assert-stopped, sync-identities, assert-still-stopped
      nothing can be changed in draining <- switch, ask-after-switch, decide-after-switch, start-reverse, verify, await-verdict, switch-back, ask-after-switch-back, decide-after-switch-back, ask-before-unfence, unfence, replicate, await-repair, find-reset, release
      the cutover has ended <- end
      # switchBack
      the application can be sent back only in verifying, not in draining <- reserve, inspect, preflight, await-lag, measure, await-window, measure-again, prepare-reverse, fence, mark-source, drain, stop, assert-stopped, sync-identities, assert-still-stopped, switch, ask-after-switch, decide-after-switch, switch-back, ask-after-switch-back, decide-after-switch-back, ask-before-unfence, unfence, replicate, await-repair, find-reset, release
      the application can be sent back only in verifying, not in waiting-for-approval <- await-approval
      (accepted) <- start-reverse, verify, await-verdict
      the cutover has ended <- end
      # decide
      there is nothing to decide in draining <- reserve, inspect, preflight, await-lag, measure, await-window, measure-again, prepare-reverse, fence, mark-source, drain, stop, assert-stopped, sync-identities, assert-still-stopped, switch, ask-after-switch, start-reverse, verify, switch-back, ask-after-switch-back, ask-before-unfence, unfence, replicate, find-reset, release
      there is nothing to decide in waiting-for-approval <- await-approval
      decide { traffic: "source" } or { traffic: "target" } <- decide-after-switch, decide-after-switch-back
      decide { traffic: "target" } to stay, or switch it back <- await-verdict
      (accepted) <- await-repair
      the cutover has ended <- end"
    `);
    const goingBack = cutoverRequests.map((name) => `# ${name}\n${refusals(name, { ...returning, approvals })}`);
    expect(goingBack.join('\n')).toMatchInlineSnapshot(`
      "# approve
      it is going back <- reserve, inspect, preflight, await-lag, measure, await-approval, await-window, measure-again, prepare-reverse, fence, mark-source, drain, stop, assert-stopped, sync-identities, assert-still-stopped, switch, ask-after-switch, decide-after-switch, start-reverse, verify, await-verdict, switch-back, ask-after-switch-back, decide-after-switch-back, ask-before-unfence, unfence, replicate, await-repair, find-reset, release
      the cutover has ended <- end
      # revokeApproval
      it is going back <- reserve, inspect, preflight, await-lag, measure, await-approval, await-window, measure-again, prepare-reverse, fence, mark-source, drain, stop, assert-stopped, sync-identities, assert-still-stopped, switch, ask-after-switch, decide-after-switch, start-reverse, verify, await-verdict, switch-back, ask-after-switch-back, decide-after-switch-back, ask-before-unfence, unfence, replicate, await-repair, find-reset, release
      the cutover has ended <- end
      # abort
      it is going back already <- reserve, inspect, preflight, await-lag, measure, await-approval, await-window, measure-again, prepare-reverse, fence, mark-source, drain, stop, assert-stopped, sync-identities, assert-still-stopped, switch, ask-after-switch, decide-after-switch, start-reverse, verify, await-verdict, switch-back, ask-after-switch-back, decide-after-switch-back, ask-before-unfence, unfence, replicate, await-repair, find-reset, release
      the cutover has ended <- end
      # change
      nothing can be changed in draining <- reserve, inspect, preflight, await-lag, measure, await-window, measure-again, prepare-reverse, fence, mark-source, drain, stop, assert-stopped, sync-identities, assert-still-stopped, switch, ask-after-switch, decide-after-switch, start-reverse, verify, await-verdict, switch-back, ask-after-switch-back, decide-after-switch-back, ask-before-unfence, unfence, replicate, await-repair, find-reset, release
      nothing can be changed in waiting-for-approval <- await-approval
      the cutover has ended <- end
      # switchBack
      the application can be sent back only in verifying, not in draining <- reserve, inspect, preflight, await-lag, measure, await-window, measure-again, prepare-reverse, fence, mark-source, drain, stop, assert-stopped, sync-identities, assert-still-stopped, switch, ask-after-switch, decide-after-switch, start-reverse, verify, await-verdict, switch-back, ask-after-switch-back, decide-after-switch-back, ask-before-unfence, unfence, replicate, await-repair, find-reset, release
      the application can be sent back only in verifying, not in waiting-for-approval <- await-approval
      the cutover has ended <- end
      # decide
      there is nothing to decide in draining <- reserve, inspect, preflight, await-lag, measure, await-window, measure-again, prepare-reverse, fence, mark-source, drain, stop, assert-stopped, sync-identities, assert-still-stopped, switch, ask-after-switch, start-reverse, verify, switch-back, ask-after-switch-back, ask-before-unfence, unfence, replicate, find-reset, release
      there is nothing to decide in waiting-for-approval <- await-approval
      decide { traffic: "source" } or { traffic: "target" } <- decide-after-switch, decide-after-switch-back
      decide { traffic: "target" } to stay, or switch it back <- await-verdict
      (accepted) <- await-repair
      the cutover has ended <- end"
    `);
    const withoutHook = stateAt('verify', { phase: 'verifying' });
    expect(refusal(withoutHook, 'switchBack', ada)).toBe('it has no hook switchToSource');
    expect(refusal(stateAt('await-approval'), 'approve', requests.approve)).toBe('this cutover needs no approval');
    expect(refusal(stateAt('await-approval'), 'revokeApproval', ada)).toBe('nobody has approved it');
  });

  test('what a dry run would do', () => {
    const lines = (state: CutoverState) => resultOf(state).plan.map(({ phase, what }) => `${phase}: ${what}`);
    const options = { dryRun: true, approval: {}, window: { notBefore: at(600) } };
    expect(lines(stateAt('end', {}, options, cutoverHookNames))).toMatchInlineSnapshot(`
      [
        "preflight: Reserve and check 1 replication",
        "preflight: Call preflight",
        "waiting-for-lag: Wait up to 86400 s for a lag of at most 10 s",
        "validating: Check tables (none-in-error) and validation (no-mismatch)",
        "validating: Call validate",
        "waiting-for-approval: Wait up to 604800 s for 1 approval",
        "waiting-for-window: Wait until 2026-01-01T00:10:00.000Z",
        "fencing: Check the gates once more",
        "fencing: Call prepareReverse",
        "fencing: Call fence",
        "fencing: From here on, go back after 300 s unless the switch has begun",
        "fencing: Call markSource",
        "draining: Call isDrained",
        "stopping: Stop 1 replication for good",
        "judging: Check the warnings of the stops, and that the replications are still stopped",
        "syncing: Call syncIdentities",
        "switching: Call switchToTarget",
        "switching: Call whereIsTraffic",
        "verifying: Call startReverse",
        "verifying: Call verify",
        "done: Release the replications",
      ]
    `);
    expect(lines(stateAt('end', {}, { dryRun: true, gates: { lag: 'ignore' } }, required))).toMatchInlineSnapshot(`
      [
        "preflight: Reserve and check 1 replication",
        "validating: Check tables (none-in-error) and validation (no-mismatch)",
        "fencing: Check the gates once more",
        "fencing: Call fence",
        "fencing: From here on, go back after 300 s unless the switch has begun",
        "draining: Call isDrained",
        "stopping: Stop 1 replication for good",
        "judging: Check the warnings of the stops, and that the replications are still stopped",
        "switching: Call switchToTarget",
        "switching: Call whereIsTraffic",
        "done: Release the replications",
      ]
    `);
  });

  test('what its checks have found', () => {
    const tables = {
      ...emptySummary(at(0)),
      total: 4,
      byState: { 'Table completed': 3, 'Table error': 1 },
      byValidationState: { Validated: 2, 'Mismatched records': 1, 'Pending records': 1 },
    };
    const replication = look({ status: 'stopped', replicationType: 'full-load', isReadOnly: true });
    const wrong = reading({
      replication,
      tables,
      lag: { sourceSeconds: 20, targetSeconds: 30, at: at(0) },
      ledger: { sealedBy: 'bob', reservedBy: 'another' },
    });
    const unknown = reading({ replication: null, tables: null, lag: null, ledger: null, problem: 'DMS is away' });
    const strict = stateAt('measure', {}, { gates: { validation: 'all-validated' } }).plan;
    const lines = (checks: ReturnType<typeof gateChecks>) =>
      checks.map(({ name, ok, detail }) => `${name} ${ok}: ${detail}`);
    expect(lines(preflightChecks([wrong, unknown], 'both', WORKFLOW))).toMatchInlineSnapshot(`
      [
        "running false: ORDERS is "stopped"; ORDERS was not looked at",
        "change-data-capture false: ORDERS has the type "full-load"; ORDERS was not looked at",
        "full-load-done false: ORDERS has loaded an unknown part; ORDERS was not looked at",
        "not-read-only false: ORDERS is managed by a zero-ETL integration; ORDERS was not looked at",
        "not-sealed false: ORDERS was stopped for good by bob",
        "not-reserved false: ORDERS is reserved by another",
        "permissions true: Not checked. With TEMPORAL_DMS_PERMISSIONS=iam, or \`permissions\`, the worker asks IAM whether it may stop and start the replications",
        "traffic false: The application uses both sides",
      ]
    `);
    expect(lines(gateChecks(strict, [wrong, unknown]))).toMatchInlineSnapshot(`
      [
        "running false: ORDERS is "stopped"; ORDERS was not looked at",
        "lag false: ORDERS is 20 s behind at the source and 30 s at the target; ORDERS has no known lag (DMS is away)",
        "tables false: ORDERS is not in order: 1 of 4 tables are in error; ORDERS has no table statistics (DMS is away)",
        "validation false: ORDERS is not in order: 1 of 4 tables are not validated yet, 1 of 4 tables have rows that differ or could not be compared; ORDERS has no table statistics (DMS is away)",
      ]
    `);
    expect(lines(preflightChecks([reading()], 'source', WORKFLOW))).toMatchInlineSnapshot(`
      [
        "running true: ORDERS: running",
        "change-data-capture true: ORDERS: cdc",
        "full-load-done true: ORDERS: no full load",
        "not-read-only true: In order for 1",
        "not-sealed true: In order for 1",
        "not-reserved true: In order for 1",
        "permissions true: Not checked. With TEMPORAL_DMS_PERMISSIONS=iam, or \`permissions\`, the worker asks IAM whether it may stop and start the replications",
        "traffic true: The application uses the source",
      ]
    `);
    const empty = reading({ tables: emptySummary(at(0)) });
    expect(lines(gateChecks(strict, [empty]))).toMatchInlineSnapshot(`
      [
        "running true: ORDERS: running",
        "lag true: ORDERS: 1 s at the source, 1 s at the target",
        "tables true: ORDERS: no tables",
        "validation true: ORDERS: no tables",
      ]
    `);
    const stop = { checkpoint: { ...archivedRecord(1), replicationConfigArn: arn }, warnings: [] };
    const warnings = [{ code: 'no-checkpoint' as const, message: 'DMS shows none' }];
    expect(stopCheck(strict, [stop])).toEqual({ name: 'stops', ok: true, detail: '1 stopped for good' });
    expect(stopCheck(strict, [{ ...stop, warnings }]).detail).toBe('ORDERS: no-checkpoint (DMS shows none)');
  });

  test('how it ends without a decision, and why it refuses a request', () => {
    const problem = 'the application uses both sides';
    const { message } = undecidedFailure(stateAt('end', { ...switched, phase: 'switch-unknown', problem }));
    expect(message).toMatchInlineSnapshot(
      `"The cutover "orders" ended in switch-unknown without a decision (the application uses both sides). The source is still fenced. The replications are still reserved. Find out which side the application uses. To stay on the target, leave the source fenced and the replications sealed. To go back by hand, close the token token in your hooks, then: send the application back to the source, then let the source take writes again, then unseal the replications and resume them. Then end each reservation: temporal dms break-reservation arn:aws:dms:eu-west-1:123456789012:replication-config:ORDERS (or: temporal workflow update execute --workflow-id dms-ledger:arn:aws:dms:eu-west-1:123456789012:replication-config:ORDERS --name dms.breakReservation --input '{"by":"<name>","reason":"<why>"}')."`,
    );
    expect(undecidedFailure(stateAt('end', { traffic: 'target' })).message).toMatchInlineSnapshot(
      `"The cutover "orders" ended in preflight without a decision. The replications are still reserved. Find out which side the application uses. Then end each reservation: temporal dms break-reservation arn:aws:dms:eu-west-1:123456789012:replication-config:ORDERS (or: temporal workflow update execute --workflow-id dms-ledger:arn:aws:dms:eu-west-1:123456789012:replication-config:ORDERS --name dms.breakReservation --input '{"by":"<name>","reason":"<why>"}')."`,
    );
    expect(
      refusedRequest(stateAt('drain', fenced), 'approve', 'it is too late', WORKFLOW).message,
    ).toMatchInlineSnapshot(
      `"The cutover orders refuses dms.approve: it is too late. Nothing was changed. Allowed now: dms.abort, dms.change. See what it waits for: temporal dms cutover status orders (or: temporal workflow query --workflow-id dms-cutover:orders --name dms.cutover)."`,
    );
    expect(refusedRequest(stateAt('end'), 'approve', 'it has ended', 'move-orders').message).toMatchInlineSnapshot(
      `"The cutover orders refuses dms.approve: it has ended. Nothing was changed. See what it waits for: temporal workflow query --workflow-id move-orders --name dms.cutover."`,
    );
  });

  test('everything in its current details', () => {
    const lag = [
      { replicationConfigArn: arn, lag: { sourceSeconds: 1, targetSeconds: null, at: at(0) } },
      { replicationConfigArn: arn, lag: null },
    ];
    const approvals = [{ by: 'bob', reason: 'fine', at: at(0) }];
    const checks = [
      { name: 'stock', ok: false, detail: 'is | low' },
      { name: 'fine', ok: true, detail: 'is fine' },
    ];
    const shown = (step: CutoverStep, more: Partial<CutoverState>) =>
      cutoverMarkdown(stateAt(step, more, {}, cutoverHookNames), WORKFLOW);
    expect(shown('drain', { ...fenced, lag, approvals, checks })).toMatchInlineSnapshot(`
      "**Cutover orders**: orders move

      | | |
      |---|---|
      | Phase | **preflight** since 2026-01-01T00:00:00.000Z |
      | Waits for | Everything up to the marker on the target |
      | Writes | **stopped since 2026-01-01T00:00:00.000Z**: the source is fenced |
      | Goes back by itself at | 2026-01-01T00:05:00.000Z |
      | Token | token |
      | Approvals | bob |
      | Lag | 1 s + ? s, unknown |
      | Check stock | is   low |

      Allowed now:

          temporal dms cutover abort orders
          temporal workflow update execute --workflow-id dms-cutover:orders --name dms.abort --input '{"by":"<name>","reason":"<why>"}'
          temporal dms cutover change orders --set '{"writesStoppedSeconds":600}'
          temporal workflow update execute --workflow-id dms-cutover:orders --name dms.change --input '{"by":"<name>","reason":"<why>","writesStoppedSeconds":600}'"
    `);
    expect(shown('await-verdict', { ...switched, phase: 'verifying', writesResumedAt: at(60) })).toMatchInlineSnapshot(`
      "**Cutover orders**: orders move

      | | |
      |---|---|
      | Phase | **verifying** since 2026-01-01T00:00:00.000Z |
      | Waits for | A person to decide whether the application stays on the target |
      | Writes | on the target, after 60 s without writes; the source stays fenced |
      | Token | token |

      Allowed now:

          temporal dms cutover switch-back orders
          temporal workflow update execute --workflow-id dms-cutover:orders --name dms.switchBack --input '{"by":"<name>","reason":"<why>"}'
          temporal dms cutover decide orders --traffic target
          temporal workflow update execute --workflow-id dms-cutover:orders --name dms.decide --input '{"by":"<name>","reason":"<why>","traffic":"target"}'"
    `);
    expect(shown('await-repair', { ...stopped, ...returning, writesResumedAt: at(60) })).toMatchInlineSnapshot(`
      "**Cutover orders**: orders move

      | | |
      |---|---|
      | Phase | **preflight** since 2026-01-01T00:00:00.000Z |
      | Waits for | A person to repair the way back. Left: let the source take writes again, then unseal the replications and resume them |
      | Writes | **the source is fenced** |
      | Goes back because | aborted: stop |
      | Token | token |

      Allowed now:

          temporal dms cutover decide orders --undo retry
          temporal workflow update execute --workflow-id dms-cutover:orders --name dms.decide --input '{"by":"<name>","reason":"<why>","undo":"retry"}'
          temporal dms cutover decide orders --undo done
          temporal workflow update execute --workflow-id dms-cutover:orders --name dms.decide --input '{"by":"<name>","reason":"<why>","undo":"done"}'"
    `);
    expect(shown('decide-after-switch', switched)).toMatchInlineSnapshot(`
      "**Cutover orders**: orders move

      | | |
      |---|---|
      | Phase | **preflight** since 2026-01-01T00:00:00.000Z |
      | Waits for | A person to decide which side the application uses |
      | Writes | **stopped since 2026-01-01T00:00:00.000Z**: the source is fenced |
      | Token | token |

      Allowed now:

          temporal dms cutover decide orders --traffic source
          temporal workflow update execute --workflow-id dms-cutover:orders --name dms.decide --input '{"by":"<name>","reason":"<why>","traffic":"source"}'
          temporal dms cutover decide orders --traffic target
          temporal workflow update execute --workflow-id dms-cutover:orders --name dms.decide --input '{"by":"<name>","reason":"<why>","traffic":"target"}'"
    `);
    expect(shown('end', {})).toMatchInlineSnapshot(`
      "**Cutover orders**: orders move

      | | |
      |---|---|
      | Phase | **preflight** since 2026-01-01T00:00:00.000Z |
      | Waits for | Nothing: the cutover has ended |
      | Writes | not stopped |"
    `);
  });

  const resumed = { writesStoppedAt: at(0), writesResumedAt: at(60) };
  const afterSwitch = 'on the target, after 60 s without writes; the source stays fenced';
  test.each<[string, Partial<CutoverState>, string]>([
    ['a cutover that has not fenced', {}, 'not stopped'],
    ['a switched one', { ...switched, ...resumed, traffic: 'target' }, afterSwitch],
    ['one that a person keeps on the target', { ...resumed, ...returning, undo: [], traffic: 'target' }, afterSwitch],
    [
      'a returned one',
      { ...resumed, ...returning, undo: [], traffic: 'source' },
      'on the source, after 60 s without writes',
    ],
  ])('where the writes of %s go', (_, more, writes) => {
    expect(cutoverMarkdown(stateAt('end', more), WORKFLOW)).toContain(`| Writes | ${writes} |`);
  });

  /** Carries out steps with these outcomes, one second each, and lists the timeline. */
  function timelineOf(begin: CutoverState, outcomes: readonly StepOutcome[]): readonly string[] {
    let state = begin;
    for (const [n, outcome] of outcomes.entries()) state = onOutcome(state, outcome, at(n + 1), WORKFLOW);
    return state.timeline.map(({ phase, what, by }) => `${phase}: ${what}${by === null ? '' : ` (${by})`}`);
  }

  const measured = { readings: [reading()], checks: [] };
  const stops = [{ checkpoint: { ...archivedRecord(1), replicationConfigArn: arn }, warnings: [] }];
  const untilSwitch: readonly StepOutcome[] = [
    { step: 'reserve', value: { reserved: [arn], since: null, problem: null } },
    { step: 'inspect', value: { readings: [reading()], traffic: 'source' } },
    { step: 'await-lag', value: [] },
    { step: 'measure', value: measured },
    { step: 'measure-again', value: measured },
    { step: 'fence', value: null },
    { step: 'drain', value: { drained: true } },
    { step: 'stop', value: { stops, problem: null } },
    { step: 'assert-stopped', value: null },
  ];

  test('what has happened, in the timeline of a switch', () => {
    expect(
      timelineOf(stateAt('reserve'), [
        ...untilSwitch,
        { step: 'switch', value: null },
        { step: 'ask-after-switch', value: 'target' },
        { step: 'release', value: null },
      ]),
    ).toMatchInlineSnapshot(`
      [
        "preflight: Begun: orders move (ada)",
        "waiting-for-lag: Entered waiting-for-lag",
        "waiting-for-approval: Entered waiting-for-approval",
        "fencing: Entered fencing",
        "draining: Entered draining",
        "stopping: Entered stopping",
        "judging: Entered judging",
        "switching: Entered switching",
        "switching: The application uses the target",
        "done: Entered done",
      ]
    `);
  });

  test('what has happened, in the timeline of a return', () => {
    expect(
      timelineOf(stateAt('reserve'), [
        ...untilSwitch,
        { step: 'switch', problem: 'refused' },
        { step: 'ask-after-switch', value: 'source' },
        { step: 'ask-before-unfence', value: 'source' },
        { step: 'unfence', problem: 'refused again' },
      ]).slice(8),
    ).toMatchInlineSnapshot(`
      [
        "switching: The switch failed: refused",
        "switching: Goes back: The application uses the source: refused",
        "returning: Entered returning",
        "returning: The way back is stuck: refused again",
        "return-failed: Entered return-failed",
      ]
    `);
  });

  test('what people have done, and which time limits have ended', () => {
    const approved = onRequest(
      stateAt('await-approval', { phase: 'waiting-for-approval' }, { approval: { approvers: 2 } }),
      'approve',
      { ...ada, confirm: 'orders' },
      at(1),
      false,
    );
    const revoked = onRequest(approved, 'revokeApproval', ada, at(2), false);
    const change = {
      ...ada,
      gates: { tables: 'ignore' },
      window: { notAfter: at(90) },
      approval: { approvers: 1 },
    } as const;
    const changed = onRequest(revoked, 'change', { ...change, writesStoppedSeconds: 9 }, at(3), false);
    const closed = onTime(changed, at(90), false);
    const late = onTime(stateAt('drain', { ...fenced, phase: 'draining' }), at(300), false);
    const undecided = onTime(stateAt('decide-after-switch', switched, { decisionTimeoutSeconds: 60 }), at(60), false);
    const said = [closed, late, undecided].map(({ timeline }) =>
      timeline.map(({ what, by }) => `${what}${by === null ? '' : ` (${by})`}`),
    );
    expect(said).toMatchInlineSnapshot(`
      [
        [
          "Begun: orders move (ada)",
          "Approved: as planned (ada)",
          "Revoked the approval: as planned (ada)",
          "Changed gates, approval, window, writesStoppedSeconds: as planned (ada)",
          "Goes back: The window closed at 2026-01-01T00:01:30.000Z",
          "Entered returning",
        ],
        [
          "Begun: orders move (ada)",
          "Goes back: Writes were stopped for 300 s in the phase draining",
          "Entered returning",
        ],
        [
          "Begun: orders move (ada)",
          "Ends undecided: nobody decided within 60 s",
        ],
      ]
    `);
  });

  test('which steps are alike', () => {
    const groups = { isWait, isDecision } as const;
    const ofState = { isBeforeFence, isFenced, isBeforeSwitch, isOnTarget } as const;
    const lines = [
      ...Object.entries(groups).map(([name, is]) => `${name}: ${steps.filter((step) => is(step)).join(', ')}`),
      ...Object.entries(ofState).map(([name, is]) => `${name}: ${steps.filter((step) => is({ step })).join(', ')}`),
    ];
    expect(lines).toMatchInlineSnapshot(`
      [
        "isWait: await-approval, await-window, decide-after-switch, await-verdict, decide-after-switch-back, await-repair",
        "isDecision: decide-after-switch, await-verdict, decide-after-switch-back, await-repair",
        "isBeforeFence: reserve, inspect, preflight, await-lag, measure, await-approval, await-window, measure-again, prepare-reverse",
        "isFenced: fence, mark-source, drain, stop, assert-stopped, sync-identities, assert-still-stopped",
        "isBeforeSwitch: reserve, inspect, preflight, await-lag, measure, await-approval, await-window, measure-again, prepare-reverse, fence, mark-source, drain, stop, assert-stopped, sync-identities, assert-still-stopped",
        "isOnTarget: start-reverse, verify, await-verdict",
      ]
    `);
  });

  /** Actions, with the state in which each is carried out. */
  const actions = steps.filter((step): step is CutoverAction => !isWait(step) && step !== 'end');
  const stateOf = (step: CutoverAction, more: Partial<CutoverState> = {}) => {
    const isBack = ['ask-before-unfence', 'unfence', 'replicate', 'find-reset'].includes(step);
    const undo = isFenced({ step })
      ? stopped
      : isBack
        ? { ...stopped, ...returning }
        : isBeforeFence({ step })
          ? {}
          : switched;
    return stateAt(step, { ...undo, ...more }, {}, cutoverHookNames);
  };
  const shown = ({ step, phase, cause, problem, checks, timeline }: CutoverState) =>
    [
      `${step} (${phase})`,
      cause === null ? null : `cause ${cause.code}: ${cause.detail}`,
      problem === null ? null : `problem: ${problem}`,
      ...checks.map(({ name, detail }) => `check ${name}: ${detail}`),
      `timeline: ${timeline
        .slice(-2)
        .map(({ what }) => what)
        .join(' | ')}`,
    ]
      .flatMap((line) => line ?? [])
      .join('; ');

  test('where the failure of each step leads', () => {
    const lines = actions.map((step) => {
      const next = onOutcome(stateOf(step), { step, problem: 'refused' }, at(1), WORKFLOW);
      return `${step} -> ${shown(next)}`;
    });
    expect(lines.join('\n')).toMatchInlineSnapshot(`
      "reserve -> find-reset (returning); cause preflight: refused; timeline: Goes back: refused | Entered returning
      inspect -> find-reset (returning); cause preflight: refused; timeline: Goes back: refused | Entered returning
      preflight -> find-reset (returning); cause preflight: preflight: refused; check preflight: refused; timeline: Goes back: preflight: refused | Entered returning
      await-lag -> find-reset (returning); cause lag-timeout: refused; timeline: Goes back: refused | Entered returning
      measure -> await-approval (validating); problem: refused; check measurement: refused; timeline: Not ready: refused | Entered validating
      measure-again -> await-lag (waiting-for-lag); problem: refused; check measurement: refused; timeline: No longer ready: refused | Entered waiting-for-lag
      prepare-reverse -> find-reset (returning); cause hook-failed: refused; timeline: Goes back: refused | Entered returning
      fence -> ask-before-unfence (returning); cause hook-failed: refused; timeline: Goes back: refused | Entered returning
      mark-source -> ask-before-unfence (returning); cause hook-failed: refused; timeline: Goes back: refused | Entered returning
      drain -> ask-before-unfence (returning); cause hook-failed: refused; timeline: Goes back: refused | Entered returning
      stop -> ask-before-unfence (returning); cause stop-failed: refused; timeline: Goes back: refused | Entered returning
      assert-stopped -> ask-before-unfence (returning); cause stop-reverted: refused; timeline: Goes back: refused | Entered returning
      sync-identities -> ask-before-unfence (returning); cause hook-failed: refused; timeline: Goes back: refused | Entered returning
      assert-still-stopped -> ask-before-unfence (returning); cause stop-reverted: refused; timeline: Goes back: refused | Entered returning
      switch -> ask-after-switch (switching); problem: refused; timeline: The switch failed: refused | Entered switching
      ask-after-switch -> decide-after-switch (switch-unknown); problem: whereIsTraffic gives no answer: refused; timeline: Begun: orders move | Entered switch-unknown
      start-reverse -> await-verdict (verifying); problem: startReverse: refused; check startReverse: refused; timeline: Not in order on the target: startReverse: refused | Entered verifying
      verify -> verify (preflight); problem: refused; check verify: refused; timeline: Begun: orders move
      switch-back -> ask-after-switch-back (returning); problem: refused; timeline: The way back failed: refused | Entered returning
      ask-after-switch-back -> decide-after-switch-back (switch-unknown); problem: whereIsTraffic gives no answer: refused; timeline: Begun: orders move | Entered switch-unknown
      ask-before-unfence -> await-repair (return-failed); cause aborted: stop; problem: the source stays fenced, because its traffic or its owner is not known: refused. Repair that, then decide { undo: 'retry' }; timeline: The way back is stuck: the source stays fenced, because its traffic or its owner is not known: refused. Repair that, then decide { undo: 'retry' } | Entered return-failed
      unfence -> await-repair (return-failed); cause aborted: stop; problem: refused; timeline: The way back is stuck: refused | Entered return-failed
      replicate -> await-repair (return-failed); cause aborted: stop; problem: refused; timeline: The way back is stuck: refused | Entered return-failed
      find-reset -> await-repair (return-failed); cause aborted: stop; problem: the cutover can't find out whether it was reset: refused. If no earlier run has fenced the source or stopped a replication, decide { undo: 'done' }; timeline: The way back is stuck: the cutover can't find out whether it was reset: refused. If no earlier run has fenced the source or stopped a replication, decide { undo: 'done' } | Entered return-failed
      release -> release (preflight); problem: refused; timeline: Begun: orders move | The reservation could not be released: refused"
    `);
  });

  test('where each answer about the traffic leads', () => {
    const asks = ['ask-after-switch', 'ask-after-switch-back', 'ask-before-unfence'] as const;
    const lines = asks.flatMap((step) =>
      (['source', 'target', 'both', 'neither'] as const).flatMap((value) =>
        [null, 'refused'].map((problem) => {
          const next = onOutcome(stateOf(step, { problem }), { step, value }, at(1), WORKFLOW);
          return `${step}, ${value}, ${problem ?? 'no problem'} -> ${shown(next)}`;
        }),
      ),
    );
    expect(lines.join('\n')).toMatchInlineSnapshot(`
      "ask-after-switch, source, no problem -> ask-before-unfence (returning); cause not-switched: The application uses the source: the switch reported success without effect; timeline: Goes back: The application uses the source: the switch reported success without effect | Entered returning
      ask-after-switch, source, refused -> ask-before-unfence (returning); cause not-switched: The application uses the source: refused; timeline: Goes back: The application uses the source: refused | Entered returning
      ask-after-switch, target, no problem -> start-reverse (verifying); timeline: The application uses the target | Entered verifying
      ask-after-switch, target, refused -> start-reverse (verifying); timeline: The application uses the target | Entered verifying
      ask-after-switch, both, no problem -> decide-after-switch (switch-unknown); problem: the application uses both sides; timeline: Begun: orders move | Entered switch-unknown
      ask-after-switch, both, refused -> decide-after-switch (switch-unknown); problem: the application uses both sides; timeline: Begun: orders move | Entered switch-unknown
      ask-after-switch, neither, no problem -> decide-after-switch (switch-unknown); problem: the application uses neither side; timeline: Begun: orders move | Entered switch-unknown
      ask-after-switch, neither, refused -> decide-after-switch (switch-unknown); problem: the application uses neither side; timeline: Begun: orders move | Entered switch-unknown
      ask-after-switch-back, source, no problem -> ask-before-unfence (returning); timeline: The application uses the source | Entered returning
      ask-after-switch-back, source, refused -> ask-before-unfence (returning); timeline: The application uses the source | Entered returning
      ask-after-switch-back, target, no problem -> await-repair (return-failed); problem: the application still uses the target; timeline: The way back is stuck: the application still uses the target | Entered return-failed
      ask-after-switch-back, target, refused -> await-repair (return-failed); problem: the application still uses the target: refused; timeline: The way back is stuck: the application still uses the target: refused | Entered return-failed
      ask-after-switch-back, both, no problem -> decide-after-switch-back (switch-unknown); problem: the application uses both sides; timeline: Begun: orders move | Entered switch-unknown
      ask-after-switch-back, both, refused -> decide-after-switch-back (switch-unknown); problem: the application uses both sides; timeline: Begun: orders move | Entered switch-unknown
      ask-after-switch-back, neither, no problem -> decide-after-switch-back (switch-unknown); problem: the application uses neither side; timeline: Begun: orders move | Entered switch-unknown
      ask-after-switch-back, neither, refused -> decide-after-switch-back (switch-unknown); problem: the application uses neither side; timeline: Begun: orders move | Entered switch-unknown
      ask-before-unfence, source, no problem -> unfence (returning); cause aborted: stop; timeline: Begun: orders move | Entered returning
      ask-before-unfence, source, refused -> unfence (returning); cause aborted: stop; problem: refused; timeline: Begun: orders move | Entered returning
      ask-before-unfence, target, no problem -> await-repair (return-failed); cause aborted: stop; problem: the application uses the target, so the source stays fenced; timeline: The way back is stuck: the application uses the target, so the source stays fenced | Entered return-failed
      ask-before-unfence, target, refused -> await-repair (return-failed); cause aborted: stop; problem: the application uses the target, so the source stays fenced; timeline: The way back is stuck: the application uses the target, so the source stays fenced | Entered return-failed
      ask-before-unfence, both, no problem -> await-repair (return-failed); cause aborted: stop; problem: the application uses both sides, so the source stays fenced; timeline: The way back is stuck: the application uses both sides, so the source stays fenced | Entered return-failed
      ask-before-unfence, both, refused -> await-repair (return-failed); cause aborted: stop; problem: the application uses both sides, so the source stays fenced; timeline: The way back is stuck: the application uses both sides, so the source stays fenced | Entered return-failed
      ask-before-unfence, neither, no problem -> await-repair (return-failed); cause aborted: stop; problem: the application uses neither side, so the source stays fenced; timeline: The way back is stuck: the application uses neither side, so the source stays fenced | Entered return-failed
      ask-before-unfence, neither, refused -> await-repair (return-failed); cause aborted: stop; problem: the application uses neither side, so the source stays fenced; timeline: The way back is stuck: the application uses neither side, so the source stays fenced | Entered return-failed"
    `);
  });

  test('which phase each step belongs to', () => {
    const phaseOf = (step: CutoverStep, more: Partial<CutoverState> = {}, dryRun = false) =>
      enter(stateAt(step, { phase: 'judging', ...more }, { dryRun }), step, at(1)).phase;
    expect(byWords((step) => phaseOf(step))).toMatchInlineSnapshot(`
      "preflight <- reserve, inspect, preflight
      waiting-for-lag <- await-lag
      waiting-for-approval <- measure, await-approval
      waiting-for-window <- await-window
      fencing <- measure-again, prepare-reverse, fence, mark-source
      draining <- drain
      stopping <- stop
      judging <- assert-stopped, release
      syncing <- sync-identities
      switching <- assert-still-stopped, switch, ask-after-switch
      switch-unknown <- decide-after-switch, decide-after-switch-back
      verifying <- start-reverse, verify, await-verdict
      returning <- switch-back, ask-after-switch-back, ask-before-unfence, unfence, replicate, find-reset
      return-failed <- await-repair
      done <- end"
    `);
    expect(byWords((step) => phaseOf(step, { ...returning, isReady: false }))).toMatchInlineSnapshot(`
      "preflight <- reserve, inspect, preflight
      waiting-for-lag <- await-lag
      validating <- measure, await-approval
      waiting-for-window <- await-window
      fencing <- measure-again, prepare-reverse, fence, mark-source
      draining <- drain
      stopping <- stop
      judging <- assert-stopped
      syncing <- sync-identities
      switching <- assert-still-stopped, switch, ask-after-switch
      switch-unknown <- decide-after-switch, decide-after-switch-back
      verifying <- start-reverse, verify, await-verdict
      returning <- switch-back, ask-after-switch-back, ask-before-unfence, unfence, replicate, find-reset, release
      return-failed <- await-repair
      returned <- end"
    `);
    expect([phaseOf('end', {}, true), phaseOf('end', { isUndecided: true })]).toEqual(['planned', 'judging']);
  });

  test('which time limit has ended', () => {
    const ended = (
      step: CutoverStep,
      more: Partial<CutoverState> = {},
      options: Parameters<typeof stateAt>[2] = {},
    ) => {
      const { cause, timeline } = onTime(stateAt(step, more, options), at(700_000), true);
      return `${step}: ${cause === null ? timeline.at(-1)?.what : `${cause.code}, ${cause.detail}`}`;
    };
    expect([
      ended('await-lag'),
      ended('measure'),
      ended('measure', { isReady: false }),
      ended('await-approval', { isReady: false, problem: 'lag: high' }),
      ended('preflight', {}, { window: { notAfter: at(60) } }),
      ended('stop', { ...stopped, phase: 'stopping' }),
      ended('await-verdict', switched, { decisionTimeoutSeconds: 60 }),
      ended('switch', switched, { window: { notAfter: at(60) }, decisionTimeoutSeconds: 60 }),
    ]).toMatchInlineSnapshot(`
      [
        "await-lag: lag-timeout, The lag was not in order within 86400 s",
        "measure: approval-timeout, The approval did not come within 604800 s",
        "measure: validation-timeout, The checks were not in order within 604800 s: not measured",
        "await-approval: validation-timeout, The checks were not in order within 604800 s: lag: high",
        "preflight: window-closed, The window closed at 2026-01-01T00:01:00.000Z",
        "stop: writes-stopped-too-long, Writes were stopped for 300 s in the phase stopping",
        "await-verdict: Ends undecided: nobody decided within 60 s",
        "switch: Begun: orders move",
      ]
    `);
  });

  test.each([
    ['drain', 0, 1.25],
    ['drain', 9, 3],
    ['drain', 100, 10],
    ['verify', 0, 5],
    ['verify', 100, 10],
    ['verify', 800, 60],
  ] as const)('%s after %i s once more %i s later', (step, elapsed, seconds) => {
    const outcome: StepOutcome =
      step === 'drain'
        ? { step, value: { drained: false } }
        : { step, value: [{ name: 'page', ok: false, detail: 'is empty' }] };
    const from = stateAt(
      step,
      { ...switched, since: at(0) },
      { verifySeconds: 3600, writesStoppedSeconds: 3600 },
      cutoverHookNames,
    );
    expect(onOutcome(from, outcome, at(elapsed), WORKFLOW)).toMatchObject({ step, nextAt: at(elapsed + seconds) });
  });

  test.each([
    [false, 0, 60],
    [true, 0, 300],
    [true, 6000, 600],
    [true, 60_000, 3600],
  ])('that it measures again later (ready: %s, after %i s: %i s later)', (isReady, waited, seconds) => {
    const readings = [isReady ? reading() : reading({ lag: null })];
    const from = stateAt('measure', { validatingSince: at(0) }, { approval: {} });
    const next = onOutcome(from, { step: 'measure', value: { readings, checks: [] } }, at(waited), WORKFLOW);
    expect(next).toMatchObject({ step: 'await-approval', nextAt: at(waited + seconds), validatingSince: at(0) });
  });

  test('a problem of the gates once, as long as only its numbers change', () => {
    const lagged = (targetSeconds: number) => [reading({ lag: { sourceSeconds: 0, targetSeconds, at: at(0) } })];
    const stock = (ok: boolean) => [{ name: 'stock', ok, detail: 'is low' }];
    let state = stateAt(
      'measure',
      { isReady: false, checks: [{ name: 'running', ok: true, detail: 'first' }] },
      { approval: {} },
    );
    const rounds = [
      { readings: lagged(20), checks: [] },
      { readings: lagged(31.5), checks: [] },
      { readings: lagged(31.5), checks: stock(false) },
      { readings: lagged(1), checks: [] },
    ];
    for (const [n, value] of rounds.entries())
      state = onOutcome({ ...state, step: 'measure' }, { step: 'measure', value }, at(n + 1), WORKFLOW);
    expect(state.timeline.map(({ what }) => what)).toMatchInlineSnapshot(`
      [
        "Begun: orders move",
        "Not ready: lag: ORDERS is 0 s behind at the source and 20 s at the target",
        "Entered validating",
        "Not ready: lag: ORDERS is 0 s behind at the source and 31.5 s at the target; stock: is low",
        "Entered waiting-for-approval",
      ]
    `);
    // A check that is no longer made is no longer shown.
    expect(state.checks.map(({ name }) => name)).toEqual(['running', 'lag', 'tables', 'validation']);
  });

  test('the addresses of the endpoints to its hooks', () => {
    const [source, target] = [{ host: 'old' }, { host: 'new' }] as unknown as NonNullable<
      ReturnType<typeof reading>['endpoints']
    >[];
    const other = `${arn}2`;
    const endpoints = { source, target } as unknown as NonNullable<ReturnType<typeof reading>['endpoints']>;
    const readings = [reading({ replicationConfigArn: other }), reading({ endpoints })];
    const from = stateAt('inspect', {}, { replicationConfigArns: [arn, other] });
    const begun = {
      ...from,
      replications: [arn, other].map((replicationConfigArn) => ({
        replicationConfigArn,
        source: null,
        target: null,
        checkpoint: null,
      })),
    };
    const { replications } = onOutcome(
      begun,
      { step: 'inspect', value: { readings, traffic: 'source' } },
      at(1),
      WORKFLOW,
    );
    expect(replications).toMatchObject([
      { source: { host: 'old' }, target: { host: 'new' } },
      { source: null, target: null },
    ]);
  });
});
