import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { hostThatReads } from '../support/hosts.js';
import { failureOf, quick, Stage } from '../support/stage.js';

/** Runs the steps `readTableStatistics` and `readLag` in a host. */
const read = ({ client, taskQueue }: Stage, arn: string) =>
  client.workflow.execute<typeof hostThatReads>('hostThatReads', { workflowId: randomUUID(), taskQueue, args: [arn] });

describe.concurrent('the reading steps of a host', () => {
  test("return the number of tables in each state, and the lag that the worker's source reads", async () => {
    await using stage = await Stage.set(quick);
    const lag = { sourceSeconds: 5, targetSeconds: 7, at: '2026-11-30T10:00:00.000Z' };
    await stage.work({ lag: { read: async () => lag } });
    const arn = stage.simulator.createReplication({ tables: { count: 3, inError: 1 } });
    const readings = await read(stage, arn);
    expect(readings).toMatchObject({ tables: { total: 3, byState: { 'Table error': 1 }, truncated: false }, lag });
  });

  test('return no lag without a source of it, and no tables before the first start', async () => {
    await using stage = await Stage.set(quick);
    await stage.work();
    expect(await read(stage, stage.simulator.createReplication({ status: 'created' }))).toMatchObject({
      tables: { total: 0, flagged: [] },
      lag: null,
    });
  });

  test('refuse an invalid ARN before anything is called', async () => {
    await using stage = await Stage.set(quick);
    await stage.work();
    expect(await failureOf(read(stage, 'orders'))).toMatchObject({ cause: { type: 'DmsInvalidInput' } });
    expect(stage.simulator.calls).toEqual([]);
  });
});
