/** Schemas of a cutover's input. The schemas set all bounds and defaults. */
import * as v from 'valibot';
import type { CutoverHookName, CutoverOptions } from './cutover-input.js';
import { hookFields, MAX_SHARED, stopFields } from './input-schemas.js';
import {
  arn,
  exactObject,
  isPlain,
  listOf,
  oneOf,
  optionalFlag,
  readWith,
  seconds,
  describeMismatch,
  text,
  timeWithZone,
  wholeNumber,
} from './schema-parts.js';
import type { WarningCode } from './results.js';

const DAY = 86_400;
const WEEK = 7 * DAY;

/** Warnings of a final stop: true if the warning blocks a cutover that does not accept it. */
export const blocksCutover: Readonly<Record<WarningCode, boolean>> = {
  'not-normal-stop': true,
  'may-restart': true,
  unsettled: true,
  'no-checkpoint': true,
  'full-load-interrupted': true,
  'cached-changes-not-applied': true,
  'tables-in-error': true,
  'validation-pending': true,
  'validation-mismatch': true,
  'statistics-unavailable': true,
  'short-window': false,
  'capacity-still-billed': false,
  'checkpoint-text-differs': false,
  'endpoint-override': false,
  'source-log-short': false,
  'lag-unknown': false,
  'endpoints-unknown': false,
  'custom-start-position': false,
  'not-moving': false,
  'probe-failed': false,
};
const [firstCode, ...otherCodes] = Object.keys(blocksCutover) as [WarningCode, ...WarningCode[]];

const wantedId = describeMismatch('1 to 100 letters, digits and ._-');
const cutoverId = v.pipe(v.string(wantedId), v.regex(/^[\w.-]{1,100}$/, wantedId));

const lagGate = exactObject({
  maxSeconds: seconds(10, DAY),
  samples: v.nullish(wholeNumber(100), 3),
  everySeconds: v.nullish(wholeNumber(3600), 60),
  timeoutSeconds: seconds(DAY),
});
const defaultLagGate = { maxSeconds: 10, samples: 3, everySeconds: 60, timeoutSeconds: DAY };
const lag = v.lazy((input) =>
  typeof input === 'string' ? v.literal('ignore', describeMismatch('"ignore" or a gate')) : lagGate,
);

/** Fields of the gates, of the approval and of the window, without their defaults. A change takes them, too. */
export const gateFields = {
  lag,
  tables: oneOf(['none-in-error', 'ignore']),
  validation: oneOf(['all-validated', 'no-mismatch', 'ignore']),
  acceptWarnings: listOf(oneOf([firstCode, ...otherCodes]), 100, 'codes of warnings'),
};
export const approvalFields = {
  required: v.boolean(describeMismatch('true or false')),
  approvers: wholeNumber(20),
  timeoutSeconds: wholeNumber(366 * DAY),
};
export const windowFields = { notBefore: timeWithZone(), notAfter: timeWithZone() };
export const writesStoppedSeconds = wholeNumber(DAY);

const gates = exactObject({
  lag: v.nullish(gateFields.lag, defaultLagGate),
  tables: v.nullish(gateFields.tables, 'none-in-error'),
  validation: v.nullish(gateFields.validation, 'no-mismatch'),
  acceptWarnings: v.nullish(gateFields.acceptWarnings, []),
});
const approval = exactObject({
  required: v.nullish(approvalFields.required, true),
  approvers: v.nullish(approvalFields.approvers, 1),
  timeoutSeconds: v.nullish(approvalFields.timeoutSeconds, WEEK),
});
const window = exactObject({
  notBefore: v.nullish(windowFields.notBefore, null),
  notAfter: v.nullish(windowFields.notAfter, null),
});
const orderedWindow = v.check(
  ({ notBefore, notAfter }: { readonly notBefore: string | null; readonly notAfter: string | null }) =>
    notBefore === null || notAfter === null || Date.parse(notBefore) < Date.parse(notAfter),
  'ends before it begins',
);

const hook = exactObject({
  ...hookFields,
  timeoutSeconds: v.nullish(wholeNumber(DAY), 60),
  heartbeatSeconds: v.nullish(wholeNumber(DAY), null),
  attempts: v.nullish(wholeNumber(100), null),
});
const optionalHook = v.nullish(hook, null);
const hookEntries = {
  fence: hook,
  unfence: hook,
  isDrained: hook,
  switchToTarget: hook,
  whereIsTraffic: hook,
  preflight: optionalHook,
  validate: optionalHook,
  markSource: optionalHook,
  syncIdentities: optionalHook,
  prepareReverse: optionalHook,
  startReverse: optionalHook,
  verify: optionalHook,
  switchToSource: optionalHook,
  notify: optionalHook,
} satisfies Record<CutoverHookName, unknown>;
const hooks = exactObject(hookEntries);

/** Names of all hooks. */
export const cutoverHookNames = Object.keys(hookEntries) as readonly CutoverHookName[];

const { stoppableTimeoutSeconds, stopTimeoutSeconds, settleSeconds, selfRestartGraceSeconds } = stopFields;
const stop = exactObject({ stoppableTimeoutSeconds, stopTimeoutSeconds, settleSeconds, selfRestartGraceSeconds });

const isListed = v.check(
  (arns: string[]) => arns.length > 0 && new Set(arns).size === arns.length,
  'is empty, or names a replication twice',
);

const optionFields = {
  cutoverId,
  replicationConfigArns: v.pipe(listOf(arn, MAX_SHARED, 'ARNs'), isListed),
  requestedBy: text(256),
  reason: text(1000),
  dryRun: optionalFlag(),
  gates: v.nullish(gates, {}),
  approval: v.nullish(approval, {}),
  window: v.nullish(v.pipe(window, orderedWindow), {}),
  writesStoppedSeconds,
  verifySeconds: seconds(300, DAY),
  onVerifyFailed: v.nullish(oneOf(['ask', 'switch-back']), 'ask'),
  decisionTimeoutSeconds: seconds(null),
  stop: v.nullish(stop, {}),
};

const NEEDS_A_WAY_BACK = 'is "switch-back", which needs the hook switchToSource';

/** Schema of the input of `dmsCutover`. */
export const cutoverInput = v.pipe(
  exactObject({ ...optionFields, hooks }),
  v.check(
    ({ onVerifyFailed, hooks: { switchToSource } }) => onVerifyFailed === 'ask' || switchToSource !== null,
    `onVerifyFailed ${NEEDS_A_WAY_BACK}`,
  ),
);
const cutoverOptions = exactObject(optionFields);

/** Options of a cutover with every default filled in. */
export type CutoverPlan = v.InferOutput<typeof cutoverOptions>;
/** Hooks of a cutover with every default filled in. */
export type CutoverHookPlans = v.InferOutput<typeof hooks>;
/** Hook with every default filled in. */
export type CutoverHookPlan = v.InferOutput<typeof hook>;

/** Checks the input of `dmsCutover`, and fills in its defaults. Throws DmsInvalidInput. */
export function readCutoverInput(input: unknown): { readonly plan: CutoverPlan; readonly hooks: CutoverHookPlans } {
  const { hooks, ...plan } = readWith(cutoverInput, about(input), input);
  return { plan, hooks };
}

/** Checks the input of the step `cutOver`, and fills in its defaults. Throws DmsInvalidInput. */
export function readCutoverOptions(input: CutoverOptions, hasSwitchToSource: boolean): CutoverPlan {
  const wayBack = v.check(
    ({ onVerifyFailed }: CutoverPlan) => onVerifyFailed === 'ask' || hasSwitchToSource,
    `onVerifyFailed ${NEEDS_A_WAY_BACK}`,
  );
  return readWith(v.pipe(cutoverOptions, wayBack), about(input), input);
}

function about(input: unknown) {
  const arns: unknown = isPlain(input) ? Reflect.get(input, 'replicationConfigArns') : null;
  const first: unknown = Array.isArray(arns) ? arns[0] : null;
  return {
    what: 'input of the cutover',
    ...(typeof first === 'string' ? { replicationConfigArn: first.slice(0, 200) } : {}),
  };
}
