import { randomUUID } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, expect } from 'vitest';
import type { CutoverHandle } from '../../src/client/cutovers.js';
import type { CutoverStatus } from '../../src/contract/cutover.js';
import type { CutoverInput } from '../../src/contract/cutover-input.js';
import { Application, cutoverInput, runningReplications, sharedActivities } from './cutover.js';
import { Stage, until } from './stage.js';

export const ada = { by: 'ada', reason: 'as planned' };

/** Fails as a hook does whose database is down. */
export const refuse = async () => {
  throw ApplicationFailure.create({ message: 'the database refuses connections' });
};

interface CutoverChoices extends Partial<CutoverInput> {
  readonly replications?: number;
  readonly arns?: readonly string[];
}

/** Simulator, client and worker that all cutovers of a test file share. */
export class CutoverStage {
  #stage: Stage | null = null;

  constructor() {
    beforeAll(async () => {
      this.#stage = await Stage.set();
      // eslint-disable-next-line typescript/require-await
      const read = async () => ({ sourceSeconds: 0, targetSeconds: 1, at: new Date().toISOString() });
      await this.#stage.work({ foreign: sharedActivities, lag: { read } });
    });
    afterAll(() => this.#stage?.[Symbol.asyncDispose]());
  }

  get stage(): Stage {
    if (this.#stage === null) throw new Error('The stage is set before the first test');
    return this.#stage;
  }

  /** Starts a cutover of running replications, with an application of its own. */
  async start(
    { replications = 1, arns = runningReplications(this.stage, replications), ...more }: CutoverChoices = {},
    application = new Application(),
  ) {
    const input = cutoverInput(arns, more);
    application.serve(input.cutoverId);
    const cutover = await this.stage.dms.startCutover(input);
    return { application, arns, input, cutover };
  }

  /** Expects that the source takes writes, and that the replications run, unsealed and free. */
  expectAsBefore(application: Application, arns: readonly string[]): Promise<void> {
    return expectAsBefore(this.stage, application, arns);
  }
}

/** Expects that the source takes writes, and that the replications run, unsealed and free. */
export async function expectAsBefore(stage: Stage, application: Application, arns: readonly string[]): Promise<void> {
  expect(application).toMatchObject({ isFenced: false, traffic: 'source', violations: [] });
  for (const arn of arns) {
    expect(stage.simulator.row(arn).Status).toBe('running');
    expect(await stage.dms.ledger(arn)).toMatchObject({ sealed: null, reservation: null });
  }
}

/** Returns the status of a cutover. `null`: its worker is busy or was killed, and gives no answer. */
export function statusOf(cutover: CutoverHandle): Promise<CutoverStatus | null> {
  return cutover.status().catch((err: unknown) => {
    if (!String(err).includes('gives no answer')) throw err;
    return null;
  });
}

/** Waits until a cutover is in a phase, and returns its status. */
export function inPhase(cutover: CutoverHandle, phase: string): Promise<CutoverStatus> {
  return until(`the cutover is ${phase}`, async () => {
    const status = await statusOf(cutover);
    return status?.phase === phase ? status : null;
  });
}

/**
 * Lets every look at a replication fail: lists leave it out, and DMS fails where it is named. Looks at other replications
 * succeed. Returns a function that ends this.
 */
export function preventLooks({ simulator }: Stage, replicationConfigArn: string): () => void {
  const fault = { operation: 'DescribeReplications', replicationConfigArn, times: 10_000 } as const;
  simulator.fault({ ...fault, type: 'error', name: 'InternalFailure', status: 500 });
  simulator.fault({ ...fault, type: 'row-missing', hides: 'from-lists' });
  return () => simulator.clearFaults(replicationConfigArn);
}

/** Keeps a cutover in the phase `judging`, whose look gets no answer. Returns a function that lets it go on. */
export async function holdInJudging(stage: Stage, cutover: CutoverHandle, arn: string): Promise<() => void> {
  await inPhase(cutover, 'stopping');
  const tables = { operation: 'DescribeReplicationTableStatistics', replicationConfigArn: arn } as const;
  stage.simulator.fault({ ...tables, type: 'latency', milliseconds: 13_000, times: 1 });
  await until('the stop is being recorded', async () =>
    (await stage.dms.openOperation(arn))?.progress().then(({ phase }) => phase === 'recording'),
  );
  const show = preventLooks(stage, arn);
  await inPhase(cutover, 'judging');
  return show;
}

/** `ResetReapplyExcludeType` of Temporal's API: updates after the reset point are not applied again. */
const EXCLUDE_UPDATES = 2;

/** Resets a cutover to the moment at which it entered a phase. Requests since then are forgotten. */
export async function resetTo(stage: Stage, workflowId: string, phase: string): Promise<void> {
  const handle = stage.client.workflow.getHandle(workflowId);
  const { timeline } = await handle.query<CutoverStatus>('dms.cutover');
  // A cutover begins in its preflight.
  const entered = timeline.find(
    ({ what }) => what === (phase === 'preflight' ? timeline[0]?.what : `Entered ${phase}`),
  );
  if (entered === undefined) throw new Error(`The cutover was never in ${phase}`);
  const { events = [] } = await handle.fetchHistory();
  // The time of a workflow is that of the newest start of a workflow task.
  const started = events?.find(
    ({ workflowTaskStartedEventAttributes: start, eventTime }) =>
      start != null && Number(eventTime?.seconds) * 1000 + (eventTime?.nanos ?? 0) / 1e6 >= Date.parse(entered.at),
  );
  const completed = events?.find(
    ({ workflowTaskCompletedEventAttributes: end }) => String(end?.startedEventId) === String(started?.eventId),
  );
  await stage.client.workflowService.resetWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId },
    workflowTaskFinishEventId: completed?.eventId ?? null,
    resetReapplyExcludeTypes: [EXCLUDE_UPDATES],
    requestId: randomUUID(),
    reason: 'test',
  });
}
