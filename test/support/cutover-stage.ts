import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, expect } from 'vitest';
import type { CutoverHandle } from '../../src/client/cutovers.js';
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
      await this.#stage.work({ foreign: sharedActivities });
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
  async expectAsBefore(application: Application, arns: readonly string[]): Promise<void> {
    expect(application).toMatchObject({ isFenced: false, traffic: 'source' });
    for (const arn of arns) {
      expect(this.stage.simulator.row(arn).Status).toBe('running');
      expect(await this.stage.dms.ledger(arn)).toMatchObject({ sealed: null, reservation: null });
    }
  }
}

/** Waits until a cutover is in a phase, and returns its status. A worker that is busy may give no answer in time. */
export function inPhase(cutover: CutoverHandle, phase: string) {
  return until(`the cutover is ${phase}`, async () => {
    const status = await cutover.status().catch((err: unknown) => {
      if (!String(err).includes('gives no answer')) throw err;
      return null;
    });
    return status?.phase === phase ? status : null;
  });
}
