import type { Client } from '@temporalio/client';
import { CancelledFailure, type ApplicationFailure } from '@temporalio/common';
import { expect, describe, test } from 'vitest';
import { DmsApiError, type DmsApi } from '../../src/activities/index.js';
import type { RecordedOperation, RecordOperation } from '../../src/contract/activity-protocol.js';
import type { CheckpointDraft } from '../../src/contract/records.js';
import { activitiesOf, attempt, dmsShowing } from '../support/attempts.js';
import { emptyLedger } from '../../src/ledger/entries.js';
import { FakeLedger } from '../support/fake-ledger.js';
import { withBegun } from '../support/ledger-requests.js';
import { look } from '../support/look.js';
import { arn as replicationConfigArn, operation as operationOf } from '../support/operations.js';
import { failureOf, until } from '../support/stage.js';

const operation = operationOf('one');
const about = { replicationConfigArn, operation, finishedBy: null, awsRequestIds: [], isAnswered: true } as const;

describe('an attempt to record', () => {
  const statistics = (describe: DmsApi['describeTableStatistics']) => {
    const recorded: string[] = [];
    const executeUpdate = async (_: string, { args }: { args: [{ type: string; checkpoint?: object }] }) => {
      recorded.push(args[0].type);
      return { checkpoint: { ...args[0].checkpoint, sequence: 1 } };
    };
    const client = {
      workflow: { getHandle: () => ({ executeUpdate }) },
      withDeadline: (_: number, ask: () => unknown) => ask(),
    } as unknown as Client;
    const dms = { ...dmsShowing('stopped'), describeTableStatistics: describe };
    const { 'dms.recordOperation': record } = activitiesOf({ dms, client });
    const settled = { replication: look(), settled: 'agreed', dmsTime: Date.UTC(2026, 0, 2), lagAtStop: null } as const;
    const request: RecordOperation = { ...about, ...settled, end: 'stopped', intent: 'pause', outcome: 'stopped' };
    return { recorded, record, request };
  };

  test.each([
    ['denied', new DmsApiError('access-denied', 'AccessDeniedException', 'no')],
    ['unavailable', new DmsApiError('unavailable', 'TimeoutError', 'slow')],
  ])('records the checkpoint first, and succeeds when table statistics are %s', async (_, err) => {
    const { recorded, record, request } = statistics(() => Promise.reject(err));
    const result: RecordedOperation = await attempt().run(record, request);
    expect(recorded).toEqual(['stopped']);
    expect(result).toMatchObject({ checkpoint: { sequence: 1 }, result: { tables: null } });
    expect(result.result?.warnings.map(({ code }) => code)).toContain('statistics-unavailable');
  });

  test('reads table statistics after DMS has throttled them', async () => {
    let asked = 0;
    const { recorded, record, request } = statistics(async () => {
      if (asked++ === 0) throw new DmsApiError('throttled', 'ThrottlingException', 'Rate exceeded');
      return { items: [{ tableName: 'a', tableState: 'Table completed' } as never], marker: null, dmsTime: 0 };
    });
    const result: RecordedOperation = await attempt({ startToCloseTimeoutMs: 150_000 }).run(record, request);
    expect(result.result).toMatchObject({ tables: { total: 1, truncated: false } });
    expect(recorded).toEqual(['stopped']);
    expect(asked).toBe(2);
  });

  test('adds the statistics to a checkpoint that an earlier attempt recorded without them', async () => {
    const { recorded, record, request } = statistics(async () => ({
      items: [{ tableName: 'a', tableState: 'Table completed' } as never],
      marker: null,
      dmsTime: 0,
    }));
    const heartbeatDetails = { checkpoint: { sequence: 7 }, problem: null };
    const result: RecordedOperation = await attempt({ heartbeatDetails }).run(record, request);
    expect(recorded).toEqual(['tables']);
    expect(result).toMatchObject({ checkpoint: { sequence: 7 }, result: { tables: { total: 1 } } });
  });

  test('keeps what it has read when a later page fails', async () => {
    const { recorded, record, request } = statistics(async (_, marker) => {
      if (marker !== null) throw new DmsApiError('unavailable', 'InternalFailure', 'Oh');
      return { items: [{ tableName: 'a', tableState: 'Table completed' } as never], marker: 'next', dmsTime: 0 };
    });
    const result: RecordedOperation = await attempt().run(record, request);
    expect(recorded).toEqual(['stopped']);
    expect(result.result).toMatchObject({ tables: { total: 1, truncated: true } });
  });

  test('sends the ledger only as many tables in error as it keeps, and returns all of them', async () => {
    const details = 'The rows differ. '.repeat(100);
    const inError = (tableName: string) => ({ tableName, tableState: 'Table error', validationStateDetails: details });
    const items = Array.from({ length: 200 }, (_, n) => inError(`table_${n}`) as never);
    const ledger = new FakeLedger(withBegun(emptyLedger(replicationConfigArn), operation, 1));
    const dms = {
      ...dmsShowing('stopped'),
      describeTableStatistics: async () => ({ items, marker: null, dmsTime: 0 }),
    } as Partial<DmsApi> as DmsApi;
    const { 'dms.recordOperation': record } = activitiesOf({ dms, client: ledger.client });
    const { request } = statistics(() => Promise.reject(new Error('not asked')));
    const currentAttemptScheduledTimestampMs = ledger.now + 9000;
    const result: RecordedOperation = await attempt({ currentAttemptScheduledTimestampMs }).run(record, request);
    expect(result.result).toMatchObject({ tables: { flagged: { length: 200 } } });
    expect(ledger.state?.operations[0]?.tables).toMatchObject({ total: 200, flagged: { length: 20 }, truncated: true });
  });

  test('leaves the statistics to another worker when its own shuts down', async () => {
    let isReading = false;
    const { record, request } = statistics(
      (_arn, _marker, { signal } = {}) =>
        new Promise((_, reject) => {
          isReading = true;
          signal?.addEventListener('abort', () => reject(new DmsApiError('unavailable', 'AbortError', 'aborted')));
        }),
    );
    const environment = attempt();
    const failure = failureOf(environment.run(record, request));
    await until('the statistics are read', () => isReading);
    environment.cancel('WORKER_SHUTDOWN');
    expect(await failure).toMatchObject({ type: 'DmsStillWaiting' });
    expect(await failure).not.toBeInstanceOf(CancelledFailure);
  });

  const failedLook = (changes: object = {}) =>
    look({ status: 'failed', failureMessages: ['Disk is gone'], ...changes });
  const ofRunBefore = { replicationLastStopTime: '2026-01-01T00:00:00.000Z', recoveryCheckpoint: 'of the run before' };
  const stop = {
    intent: 'final',
    lagAtStop: null,
    before: {
      lastStopTime: ofRunBefore.replicationLastStopTime,
      replicationCreateTime: look().replicationCreateTime,
      freshStartDate: null,
    },
    // Three looks, about two seconds apart, take a little longer.
    settleSeconds: 3.5,
    seen: failedLook(ofRunBefore),
  } as const;

  /** Records a failure, with an attempt every two seconds. Each attempt sees the next of `looks`, or the last one. */
  async function recordFailure(...looks: (ReturnType<typeof look> | DmsApiError)[]) {
    const drafts: CheckpointDraft[] = [];
    const executeUpdate = async (_: string, { args }: { args: [{ checkpoint: CheckpointDraft }] }) => {
      drafts.push(args[0].checkpoint);
      return { checkpoint: { ...args[0].checkpoint, sequence: 1 } };
    };
    const client = {
      workflow: { getHandle: () => ({ executeUpdate }) },
      withDeadline: (_: number, ask: () => unknown) => ask(),
    } as unknown as Client;
    let n = 0;
    const next = async () => {
      const shown = looks[Math.min(n++, looks.length - 1)];
      if (shown instanceof DmsApiError) throw shown;
      return { replication: shown ?? failedLook(), dmsTime: Date.UTC(2026, 0, 3) };
    };
    const dms = { describeReplication: next } as Partial<DmsApi> as DmsApi;
    const { 'dms.recordOperation': record } = activitiesOf({ dms, client });
    const failed: RecordOperation = { ...about, ...stop, end: 'failed-replication', failureMessage: 'Disk is gone' };
    let heartbeatDetails: unknown;
    for (let seconds = 0; drafts.length === 0 && seconds < 300; seconds += 2) {
      const environment = attempt({
        scheduledTimestampMs: 0,
        currentAttemptScheduledTimestampMs: seconds * 1000,
        heartbeatDetails,
      });
      environment.on('heartbeat', (details: unknown) => (heartbeatDetails = details));
      await environment.run(record, failed).catch((err: ApplicationFailure) => {
        if (err.nonRetryable) throw err;
      });
    }
    return { draft: drafts[0], looks: n };
  }

  test('waits until looks describe the stop of the failed run, not that of the run before', async () => {
    const { draft, looks } = await recordFailure(failedLook(ofRunBefore), failedLook(ofRunBefore), failedLook());
    expect(draft).toMatchObject({
      settled: 'agreed',
      status: 'failed',
      intent: 'final',
      stoppedAt: look().replicationLastStopTime,
      recoveryCheckpoint: look().recoveryCheckpoint,
    });
    expect(looks).toBe(5);
  });

  test.each([
    ['somebody started it again', look({ status: 'running' })],
    ['DMS never describes how it stopped', look({ status: 'failed', stopReason: null, replicationLastStopTime: null })],
    ['it is gone', new DmsApiError('not-found', 'ResourceNotFoundFault', 'gone')],
    ['looks fail for half a minute', new DmsApiError('unavailable', 'TimeoutError', 'slow')],
  ])('records what was seen of a failed replication when %s', async (_, shown) => {
    expect((await recordFailure(shown)).draft).toMatchObject({ settled: 'grace-expired', status: 'failed' });
  });
});
