import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { operation } from '../support/operations.js';
import { failureOf, Stage } from '../support/stage.js';

test('describe, stop, start and the waits work as standalone activities, and recording is refused', async () => {
  await using stage = await Stage.set();
  await stage.work();
  const replicationConfigArn = stage.simulator.createReplication();
  const run = <Result>(activity: string, input: object = {}) =>
    stage.client.activity.execute<Result>(activity, {
      id: randomUUID(),
      taskQueue: stage.taskQueue,
      startToCloseTimeout: 45_000,
      retry: { maximumAttempts: 20 },
      args: [{ replicationConfigArn, ...input }],
    });
  expect(await run('dms.describeReplication')).toMatchObject({ status: 'running' });
  const stop = await run<{ before: object }>('dms.requestStop');
  expect(stop).toMatchObject({ outcome: 'stopped', mayHaveCalled: true });
  const stopped = await run('dms.awaitStopped', { before: stop.before, settleSeconds: 0 });
  expect(stopped).toMatchObject({ end: 'settled', replication: { status: 'stopped' } });
  const start = await run<{ before: object }>('dms.requestStart');
  expect(start).toMatchObject({ outcome: 'resumed', startReplicationType: 'resume-processing' });
  const running = await run('dms.awaitRunning', { before: start.before, verifyProgressSeconds: 0 });
  expect(running).toMatchObject({ replication: { status: 'running' } });
  expect([stage.simulator.count('StopReplication'), stage.simulator.count('StartReplication')]).toEqual([1, 1]);

  const refused = await failureOf(
    run('dms.recordOperation', {
      end: 'ended',
      operation: operation('x'),
      failureType: 'DmsStopTimedOut',
      failureMessage: null,
      finishedBy: null,
      awsRequestIds: [],
      isAnswered: false,
    }),
  );
  expect(refused.cause).toMatchObject({ message: expect.stringContaining('works only as a step of an operation') });
  expect(await failureOf(stage.dms.ledger(replicationConfigArn))).toMatchObject({ type: 'DmsLedgerNotFound' });
});
