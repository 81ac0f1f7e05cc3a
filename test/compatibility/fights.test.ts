/**
 * Lets fifty operations compete for one replication, while workers are killed and answers are lost.
 *
 * `test/exploration` does the same in a small Temporal. This test uses a real server.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { CancelledFailure, TerminatedFailure } from '@temporalio/common';
import { expect, test } from 'vitest';
import { isDmsFailure, type StopReplicationResult } from '../../src/index.js';
import { findDmsFailure } from '../../src/contract/failures.js';
import { seededRandom } from '../../src/simulator/engine/clock.js';
import { quick, Stage, until } from '../support/stage.js';
import { endProcess, startWorkerProcess } from '../support/worker-process.js';

const OPERATIONS = 50;
const FIGHT_SECONDS = 150;
const KILLS = 5;
const brief = { settleSeconds: 0, selfRestartGraceSeconds: 0, deadlinePolicy: 'none' } as const;

/** Returns true if an operation, or a workflow that it ran, was cancelled or terminated. */
function wasEnded(err: unknown): boolean {
  for (let at = err; at instanceof Error; at = at.cause)
    if (at instanceof CancelledFailure || at instanceof TerminatedFailure) return true;
  return false;
}

test.concurrent.each([1, 2, 3])(
  'every accepted stop of fifty competing operations is recorded once while workers are killed: seed %i',
  async (seed) => {
    const random = seededRandom(seed);
    const chance = (share: number) => random() < share;
    await using stage = await Stage.set({ ...quick, seed });
    const { simulator, taskQueue, dms, client } = stage;
    const replicationConfigArn = simulator.createReplication();
    const work = () => startWorkerProcess(taskQueue, simulator);
    let worker = work();
    const results: StopReplicationResult[] = [];
    const unexplained: unknown[] = [];
    const operate = async (at: number, isStop: boolean, fate: 'cancel' | 'terminate' | null, preempt: boolean) => {
      await delay(at * 1000);
      try {
        const handle = isStop
          ? await dms.startStop({ replicationConfigArn, preempt, ...brief })
          : await dms.startResume({ replicationConfigArn, verifyProgressSeconds: 0 });
        if (fate !== null) {
          await delay(random() * 3000);
          if (fate === 'cancel') await handle.cancel().catch(() => undefined);
          else
            await client.workflow
              .getHandle(handle.workflowId)
              .terminate('test')
              .catch(() => undefined);
        }
        const result = await handle.result();
        if ('checkpoint' in result) results.push(result);
      } catch (err) {
        // Operations that compete may be refused, cancelled or terminated.
        if (findDmsFailure(err) === undefined && !wasEnded(err)) unexplained.push(err);
      }
    };
    const fight = Array.from({ length: OPERATIONS }, () => {
      const fate = chance(0.06) ? ('cancel' as const) : chance(0.06) ? ('terminate' as const) : null;
      return operate(random() * FIGHT_SECONDS, chance(0.55), fate, chance(0.3));
    });
    try {
      for (let kill = 0; kill < KILLS; kill++) {
        await delay((FIGHT_SECONDS / KILLS) * 1000 * (0.5 + random()));
        const operation = chance(0.5) ? 'StopReplication' : 'StartReplication';
        if (chance(0.7)) simulator.fault({ operation, type: 'answer-lost', replicationConfigArn });
        await endProcess(worker, 'SIGKILL');
        worker = work();
      }
      await Promise.all(fight);
      const ledger = await until(
        'no stop is left unrecorded',
        async () => {
          // The query may have gone to a worker that was just killed.
          const now = await dms.ledger(replicationConfigArn).catch((err: unknown) => {
            if (isDmsFailure(err, 'DmsLedgerUnavailable')) return null;
            throw err;
          });
          return now === null || now.pendingCall?.kind === 'stop' ? null : now;
        },
        200,
      );
      const { checkpoints } = ledger;
      const isMade = (outcome: string) => outcome === 'ok' || outcome === 'connection broken';
      const accepted = simulator.calls.filter((call) => call.operation === 'StopReplication' && isMade(call.outcome));
      const stops = new Set(checkpoints.map(({ stoppedAt }) => stoppedAt));
      expect(unexplained).toEqual([]);
      expect(accepted.length).toBeGreaterThan(0);
      // Each accepted stop has a record, and no operation has recorded a stop twice.
      expect(stops.size).toBe(accepted.length);
      const names = checkpoints.map(({ operationId, stoppedAt }) => `${operationId} ${stoppedAt}`);
      expect(new Set(names).size).toBe(names.length);
      for (const { checkpoint } of results) expect(checkpoints).toContainEqual(checkpoint);
    } finally {
      await endProcess(worker, 'SIGKILL');
    }
  },
  600_000,
);
