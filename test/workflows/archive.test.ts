import { expect, test } from 'vitest';
import type { CheckpointArchive } from '../../src/activities/index.js';
import { RecordRefused } from '../../src/activities/index.js';
import type { ArchivedRecord } from '../../src/index.js';
import { until } from '../support/stage.js';
import { startSkippingStage } from '../support/time-skipping.js';

const MINUTE = 60_000;
const brief = { settleSeconds: 0, selfRestartGraceSeconds: 0, deadlinePolicy: 'none' } as const;

/** Archive that can be unavailable, and that refuses some records. */
function fragile(refuses: (record: ArchivedRecord) => boolean = () => false) {
  const records: ArchivedRecord[] = [];
  const state = { isDown: true, asked: 0 };
  const archive: CheckpointArchive = {
    async append(record) {
      state.asked++;
      if (state.isDown) throw new Error('no route to host');
      if (refuses(record)) throw new RecordRefused('it is too large');
      records.push(record);
    },
    list: () => Promise.resolve(records),
  };
  return { archive, records, state };
}

test.concurrent(
  'twenty stops finish during a ten-minute outage of the archive and are archived afterwards',
  async () => {
    await using stage = await startSkippingStage();
    const { archive, records, state } = fragile();
    const worker = await stage.work({ archive });
    const arns = Array.from({ length: 20 }, () => stage.simulator.createReplication());
    await worker.runUntil(async () => {
      const stopped = await Promise.all(arns.map((arn) => stage.dms.stop({ replicationConfigArn: arn, ...brief })));
      await until('each was tried', () => state.asked >= 20);
      const waits = await stage.dms.ledger(arns[0] ?? '');
      expect(waits).toMatchObject({ checkpoints: [{ sequence: 1 }], archive: { waiting: [{ sequence: 1 }] } });
      await stage.env.sleep(10 * MINUTE);
      expect(records).toEqual([]);
      state.isDown = false;
      await stage.env.sleep(3 * MINUTE);
      await until('all are archived', () => records.length === 20);
      const byArn = (one: { replicationConfigArn: string }, other: { replicationConfigArn: string }) =>
        one.replicationConfigArn < other.replicationConfigArn ? -1 : 1;
      expect(records.toSorted(byArn)).toMatchObject(stopped.map(({ checkpoint }) => checkpoint).toSorted(byArn));
      await until('the ledger knows', async () => {
        const { archive: owed } = await stage.dms.ledger(arns[0] ?? '');
        return owed?.waiting.length === 0;
      });
    });
    // The retry backs off: on average, fewer than twenty tries for each record.
    expect(state.asked).toBeLessThan(20 * 20);
  },
);

test.concurrent('a record that the archive refuses becomes an event and does not block the next record', async () => {
  await using stage = await startSkippingStage();
  const { archive, records, state } = fragile(({ sequence }) => sequence === 1);
  state.isDown = false;
  const worker = await stage.work({ archive });
  const replicationConfigArn = stage.simulator.createReplication();
  await worker.runUntil(async () => {
    await stage.dms.stop({ replicationConfigArn, ...brief });
    await stage.dms.resume({ replicationConfigArn, verifyProgressSeconds: 0 });
    await stage.dms.stop({ replicationConfigArn, ...brief });
    await until('the second is archived', () => records.length === 1);
    const { events, checkpoints } = await stage.dms.ledger(replicationConfigArn);
    expect(records).toMatchObject([{ ...checkpoints[0], sequence: 2, sealed: null }]);
    const detail = expect.stringMatching(/^Record 1 is not in the archive: .*it is too large$/);
    expect(events).toMatchObject([{ type: 'archive-refused', detail }]);
    expect(state.asked).toBe(2);
  });
});
