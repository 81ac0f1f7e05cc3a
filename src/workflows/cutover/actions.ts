import { ApplicationFailure, CancellationScope, log, sleep, workflowInfo } from '@temporalio/workflow';
import type { ReadingPart, ReplicationReading } from '../../contract/reading-protocol.js';
import { readHookAnswer } from '../../contract/cutover-answers.js';
import type { CutoverContext, CutoverFunctions } from '../../contract/cutover-hooks.js';
import type { CutoverAction, CutoverState, CutoverStop, StepValues, ValueOf } from '../../contract/cutover-state.js';
import { isDmsFailure } from '../../contract/failures.js';
import type { StopReplicationInput } from '../../contract/inputs.js';
import { contextOf } from '../../rules/cutover/report.js';
import { quickActivities, soughtActivities, soughtWaits } from '../operation/activity-proxies.js';
import { unwrapFailure } from '../operation/failures.js';
import {
  assertStopped,
  releaseReplication,
  reserveReplication,
  resumeReplication,
  stopReplication,
} from '../operation/steps.js';

/** Seconds for which a replication that runs again is watched. */
const VERIFY_PROGRESS_SECONDS = 10;
/** Longest time for which the way back waits for the end of a cancelled stop. */
const STOP_END_SECONDS = 15;
/** Longest time for which a resume on the way back waits for the end of a stop, and of one attempt of that wait. */
const [IDLE_SECONDS, IDLE_HOLD_SECONDS] = [300, 30];
/** Longest time one attempt waits for the lag. */
const LAG_HOLD_SECONDS = 300;

/** Carries out each step of a cutover. An action returns what the step found, or throws. */
export type CutoverActions = { readonly [Step in CutoverAction]: (state: CutoverState) => Promise<ValueOf<Step>> };

/** Task queue of the package's worker, and what learns that its workers lack an activity. */
interface Place {
  readonly taskQueue: string;
  readonly onMissing: (problem: string | null) => void;
}

/** Returns the actions of a cutover with these hooks. */
export function cutoverActions(hooks: CutoverFunctions, options: Place): CutoverActions {
  const { taskQueue, onMissing } = options;
  const read = ({ plan }: CutoverState, parts: readonly ReadingPart[]): Promise<readonly ReplicationReading[]> => {
    const { replicationConfigArns } = plan;
    const activities = soughtActivities('Read the replications', sought(replicationConfigArns, options));
    return activities['dms.readReplications']({ replicationConfigArns, parts });
  };
  const askTraffic = async (state: CutoverState) =>
    answerOf('whereIsTraffic', 'traffic', await hooks.whereIsTraffic(contextOf(state)));
  const checksOf = async (name: 'preflight' | 'validate' | 'verify', state: CutoverState) =>
    answerOf(name, 'checks', await hooks[name]?.(contextOf(state)));
  const call = (hook: ((context: CutoverContext) => Promise<unknown>) | undefined) => async (state: CutoverState) => {
    await hook?.(contextOf(state));
    return null;
  };
  const measure = async (state: CutoverState) => {
    const { lag } = state.plan.gates;
    const parts: readonly ReadingPart[] =
      lag === 'ignore' ? ['replication', 'tables'] : ['replication', 'lag', 'tables'];
    const [readings, checks] = await Promise.all([read(state, parts), checksOf('validate', state)]);
    return { readings, checks };
  };
  const assertAllStopped = async ({ replications }: CutoverState) => {
    await all(replications, async ({ checkpoint }) => {
      if (checkpoint !== null) await assertStopped(checkpoint, options);
    });
    return null;
  };
  return {
    reserve: async ({ plan }) => {
      const reason = `cutover ${plan.cutoverId}: ${plan.reason}`.slice(0, 1000);
      // A cancelled attempt could reserve after the release.
      const { values, problem } = await CancellationScope.nonCancellable(() =>
        settle(plan.replicationConfigArns, async (replicationConfigArn) => {
          const reservation = await reserveReplication({ replicationConfigArn, reason }, options).catch(sayUncertain);
          return { replicationConfigArn, ...reservation };
        }),
      );
      // A host may have reserved by itself, for more than this cutover. That reservation stays the host's.
      const own = values.filter((each) => each.reason?.startsWith(`cutover ${plan.cutoverId}: `) === true);
      const since = own.map(({ at }) => at).toSorted()[0] ?? null;
      return { reserved: own.map(({ replicationConfigArn }) => replicationConfigArn), since, problem };
    },
    inspect: async (state) => {
      const [readings, traffic] = await Promise.all([
        read(state, ['replication', 'ledger', 'endpoints', 'permissions']),
        askTraffic(state),
      ]);
      return { readings, traffic };
    },
    preflight: (state) => checksOf('preflight', state),
    'await-lag': async ({ plan }) => {
      const { gates, replicationConfigArns } = plan;
      if (gates.lag === 'ignore') return [];
      const { maxSeconds, samples, everySeconds } = gates.lag;
      const { replicationConfigArn } = sought(replicationConfigArns, options);
      const wait = { holdSeconds: LAG_HOLD_SECONDS, taskQueue };
      const activities = soughtWaits('Wait until the lag is low', wait, replicationConfigArn, onMissing);
      return activities['dms.awaitLag']({ replicationConfigArns, maxSeconds, samples, everySeconds });
    },
    measure,
    'measure-again': measure,
    'prepare-reverse': call(hooks.prepareReverse?.bind(hooks)),
    fence: call(hooks.fence.bind(hooks)),
    'mark-source': async (state) => answerOf('markSource', 'marker', await hooks.markSource?.(contextOf(state))),
    drain: async (state) => answerOf('isDrained', 'drain', await hooks.isDrained(contextOf(state))),
    stop: (state) => stopAll(state, taskQueue),
    'assert-stopped': assertAllStopped,
    'sync-identities': call(hooks.syncIdentities?.bind(hooks)),
    'assert-still-stopped': assertAllStopped,
    switch: call(hooks.switchToTarget.bind(hooks)),
    'ask-after-switch': askTraffic,
    'start-reverse': call(hooks.startReverse?.bind(hooks)),
    verify: (state) => checksOf('verify', state),
    'switch-back': call(hooks.switchToSource?.bind(hooks)),
    'ask-after-switch-back': askTraffic,
    'ask-before-unfence': async (state) => {
      const [traffic] = await Promise.all([askTraffic(state), requireNoOtherOwner(state, taskQueue)]);
      return traffic;
    },
    'find-reset': () => quickActivities('Look for a reset', taskQueue)['dms.wasReset'](),
    unfence: call(hooks.unfence.bind(hooks)),
    replicate: (state) => replicateAll(state, options),
    release: async ({ reserved }) => {
      await all(reserved, (replicationConfigArn) => releaseReplication({ replicationConfigArn }, options));
      return null;
    },
  };
}

/**
 * Throws if another workflow has reserved a replication. That happens to a cutover that was reset after its end. The
 * fence is then not its own.
 *
 * Writes wait for `unfence`, so a ledger that gives no answer does not keep the source fenced.
 */
async function requireNoOtherOwner({ plan }: CutoverState, taskQueue: string): Promise<void> {
  const { replicationConfigArns } = plan;
  const activities = quickActivities('Read the reservations', taskQueue);
  const readings = await activities['dms.readReplications']({ replicationConfigArns, parts: ['ledger'] }).catch(
    (err: unknown) => {
      log.warn('The reservations could not be read', { error: messageOf(err) });
      return [];
    },
  );
  for (const { replicationConfigArn, ledger } of readings) {
    const { reservedBy = null } = ledger ?? {};
    if (reservedBy !== null && reservedBy !== workflowInfo().workflowId)
      throw new Error(`${reservedBy} has reserved ${replicationConfigArn}, so the fence may be its own`);
  }
}

/** Names the first replication, in whose name a missing worker is reported. */
function sought(replicationConfigArns: readonly string[], place: Place) {
  return { replicationConfigArn: replicationConfigArns[0] ?? '', ...place };
}

/** Throws a failed reservation with the remark that it may have taken effect, unless somebody else has reserved. */
function sayUncertain(err: unknown): never {
  if (isDmsFailure(err, 'DmsReplicationReserved')) throw err;
  throw new Error(`${messageOf(err)} (the replication may be reserved all the same)`, { cause: err });
}

/**
 * Stops all replications for good. The first failure cancels the other stops, because then all go back.
 *
 * A cancelled stop ends at once, unless it is being recorded. That may take minutes, and writes do not wait for it.
 */
async function stopAll({ plan }: CutoverState, taskQueue: string): Promise<StepValues['stop']> {
  const { replicationConfigArns, requestedBy, reason, stop } = plan;
  const stops: CutoverStop[] = [];
  let problem: string | null = null;
  const scope = new CancellationScope();
  const stopping = scope.run(() =>
    Promise.all(
      replicationConfigArns.map(async (replicationConfigArn) => {
        try {
          const input: StopReplicationInput = { ...stop, replicationConfigArn, intent: 'final', requestedBy, reason };
          const { checkpoint, warnings } = await stopReplication(input, { taskQueue });
          stops.push({ checkpoint, warnings });
        } catch (err) {
          problem ??= messageOf(err);
          scope.cancel();
        }
      }),
    ),
  );
  const givenUp = new Promise<void>((resolve) => {
    scope.cancelRequested.catch(async () => {
      await CancellationScope.nonCancellable(() => sleep(STOP_END_SECONDS * 1000));
      problem ??= `a stop did not end within ${STOP_END_SECONDS} s of its cancel`;
      resolve();
    });
  });
  await Promise.race([stopping, givenUp]);
  return { stops: [...stops], problem };
}

/** Unseals all replications and resumes them. All are tried, although one fails. */
async function replicateAll({ plan, cause }: CutoverState, place: Place): Promise<null> {
  const { taskQueue, onMissing } = place;
  const { replicationConfigArns, requestedBy, cutoverId } = plan;
  const reason = `The cutover ${cutoverId} goes back: ${cause?.detail ?? ''}`.slice(0, 1000);
  const idle = { holdSeconds: IDLE_HOLD_SECONDS, timeoutSeconds: IDLE_SECONDS, taskQueue };
  await all(replicationConfigArns, async (replicationConfigArn) => {
    const request = { replicationConfigArn, by: requestedBy, reason };
    // A stop of this cutover, or of an earlier run of it, may still be recorded.
    const waits = soughtWaits('Wait until no operation is open', idle, replicationConfigArn, onMissing);
    await waits['dms.awaitIdle']({ replicationConfigArn });
    const activities = soughtActivities('Lift the seal', { replicationConfigArn, ...place });
    await activities['dms.unsealReplication'](request);
    const resume = { replicationConfigArn, requestedBy, reason, verifyProgressSeconds: VERIFY_PROGRESS_SECONDS };
    await resumeReplication(resume, { taskQueue });
  });
  return null;
}

/** Runs the work for each item, and waits for all. Throws one error that names every failure. */
async function all<Item>(items: readonly Item[], work: (item: Item) => Promise<unknown>): Promise<void> {
  const { problem } = await settle(items, work);
  if (problem !== null) throw new Error(problem);
}

/** Runs the work for each item, and waits for all. Returns what succeeded, and what went wrong with the others. */
async function settle<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<{ readonly values: readonly Result[]; readonly problem: string | null }> {
  const ended = await Promise.allSettled(items.map(work));
  const failures = ended.flatMap((each) => (each.status === 'rejected' ? [messageOf(each.reason)] : []));
  const values = ended.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  return { values, problem: failures.length === 0 ? null : failures.join('; ') };
}

/** Reads the answer of a hook. Throws if it is not of the kind that the hook has to give. */
function answerOf<Kind extends Parameters<typeof readHookAnswer>[0]>(hook: string, kind: Kind, answer: unknown) {
  const read = readHookAnswer<Kind>(kind, answer);
  if ('problem' in read)
    throw ApplicationFailure.nonRetryable(`${hook} has given a wrong answer: ${read.problem}`, 'HookFailed');
  return read.answer;
}

/** Returns the message of an error, without the wrappers that Temporal put around it. */
export function messageOf(err: unknown): string {
  const failure = unwrapFailure(err);
  const cause = failure instanceof Error && failure.cause instanceof Error ? failure.cause : failure;
  return cause instanceof Error ? cause.message : String(cause);
}
