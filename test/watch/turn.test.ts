import { setMaxListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { DmsApiError } from '../../src/dms/api.js';
import { ReplicationWatcher, RequestBudget, takeTurn } from '../../src/watch/index.js';
import { arnOf, SimulatedDms } from './support/simulated-dms.js';

const arn = arnOf(0);

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

/** A look at a replication, and a budget that grants one token in 17 seconds once its burst is spent. */
async function beforeTurn() {
  const dms = new SimulatedDms(1, () => 0);
  const budget = new RequestBudget(0.02);
  const watcher = new ReplicationWatcher(dms.api, budget);
  const looking = watcher.look(arn);
  await vi.advanceTimersByTimeAsync(200);
  const look = await looking;
  /** Lets other changes take the burst, and `more` tokens after it. */
  const spend = async (more = 0) => {
    const isOver = new AbortController();
    setMaxListeners(0, isOver.signal);
    for (let n = 0; n < 200; n++) budget.take('change', isOver.signal).catch(() => {});
    await vi.advanceTimersByTimeAsync(0);
    isOver.abort();
    for (let n = 0; n < more; n++) void budget.take('change');
  };
  return { dms, budget, watcher, look, spend };
}

describe('the turn of a change', () => {
  test('that comes at once needs no further look', async () => {
    const { dms, look, ...place } = await beforeTurn();
    expect(await takeTurn(place, arn, look)).toBe(look);
    expect(dms.calls).toHaveLength(1);
  });

  test('that comes late brings the newest look of the sweeps', async () => {
    const { dms, look, spend, ...place } = await beforeTurn();
    await spend();
    const turn = takeTurn(place, arn, look);
    await vi.advanceTimersByTimeAsync(120_000);
    const looks = dms.at('describe');
    expect(looks).toHaveLength(2);
    expect(await turn).not.toBe(look);
  });

  test('that comes when the look is stale waits for another look', async () => {
    const { dms, look, spend, ...place } = await beforeTurn();
    await spend(3);
    const failing = vi.spyOn(dms.api, 'describeReplication');
    failing.mockRejectedValueOnce(new DmsApiError('unavailable', 'TimeoutError', 'down'));
    const turn = takeTurn(place, arn, look);
    await vi.advanceTimersByTimeAsync(40_000);
    expect(failing).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(120_000);
    expect(await turn).not.toBe(look);
    expect(failing).toHaveBeenCalledTimes(2);
  });

  test('is given back when the look that it needs fails', async () => {
    const { dms, look, spend, budget, watcher } = await beforeTurn();
    await spend(3);
    const denied = new DmsApiError('access-denied', 'AccessDeniedException', 'no');
    vi.spyOn(dms.api, 'describeReplication').mockRejectedValue(denied);
    const giveBack = vi.spyOn(budget, 'giveBack');
    const failure = takeTurn({ budget, watcher }, arn, look).catch((err: unknown) => err);
    await vi.advanceTimersByTimeAsync(200_000);
    expect(await failure).toBe(denied);
    expect(giveBack).toHaveBeenCalledExactlyOnceWith('change');
  });

  test('is not waited for once the signal aborts', async () => {
    const { dms, look, spend, ...place } = await beforeTurn();
    await spend();
    const leaving = new AbortController();
    const turn = takeTurn(place, arn, look, leaving.signal);
    leaving.abort(new Error('left'));
    await expect(turn).rejects.toThrow('left');
    const before = dms.calls.length;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(dms.calls).toHaveLength(before);
  });
});
