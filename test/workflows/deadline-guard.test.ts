import { describe, expect, test } from 'vitest';
import type { Ledger } from '../../src/index.js';
import { withGuardedReplication, HOUR, onResumeDeadline, type Guarded } from '../support/deadlines.js';
import { ledgerOf, until } from '../support/stage.js';
import { startSkippingStage } from '../support/time-skipping.js';

const brief = { settleSeconds: 0, selfRestartGraceSeconds: 0 };

const eventsNamed = (events: Ledger['events']) => events.map(({ type }) => type);
const endOf = ({ dms, replicationConfigArn }: Guarded) =>
  until('the guard has ended', async () => {
    const ledger = await dms.ledger(replicationConfigArn);
    return ledger.guard === null ? ledger : null;
  });

describe.concurrent('the deadline guard', () => {
  test('warns from six hours before the deadline until the replication is resumed', () =>
    withGuardedReplication({}, async (paused) => {
      const { dms, input, env, replicationConfigArn, warnings } = paused;
      const { checkpoint } = await dms.stop(input);
      const { guard } = await dms.ledger(replicationConfigArn);
      expect(guard).toMatchObject({
        sequence: 1,
        resumeBy: checkpoint.resumeBy,
        plan: { policy: 'warn', leadSeconds: 21_600 },
      });
      await env.sleep(45 * HOUR);
      expect(warnings.length).toBeGreaterThanOrEqual(3);
      expect(warnings[0]).toMatchObject({ replicationConfigArn, checkpoint, policy: 'warn', problem: null });
      expect(Math.abs((warnings[0]?.secondsLeft ?? 0) - 21_600)).toBeLessThan(120);
      const between = warnings.slice(1, 3).map(({ secondsLeft }, n) => (warnings[n]?.secondsLeft ?? 0) - secondsLeft);
      for (const seconds of between) expect(Math.abs(seconds - 3600)).toBeLessThan(120);
      expect(eventsNamed((await dms.ledger(replicationConfigArn)).events)).toContain('deadline-warning');

      await dms.resume({ replicationConfigArn, verifyProgressSeconds: 0 });
      expect((await dms.ledger(replicationConfigArn)).guard).toBeNull();
      const before = warnings.length;
      await env.sleep(10 * HOUR);
      expect(warnings).toHaveLength(before);
    }));

  test.each([
    [
      'the replication is started outside the package',
      async ({ simulator, replicationConfigArn }: Guarded) => simulator.start(replicationConfigArn),
      ['guard-ended'],
    ],
    [
      'a final stop replaces the pause',
      ({ dms, replicationConfigArn }: Guarded) => dms.stop({ replicationConfigArn, intent: 'final', ...brief }),
      [],
    ],
  ])('ends when %s', (_, happens, named) =>
    withGuardedReplication({}, async (paused) => {
      const { dms, env, input, replicationConfigArn, warnings } = paused;
      const handle = await dms.startStop(input);
      await until('it is recorded', async () => (await ledgerOf(dms, replicationConfigArn))?.guard);
      await happens(paused);
      await handle.result();
      await env.sleep(48 * HOUR);
      const { guard, events } = await endOf(paused);
      expect([guard, eventsNamed(events).toReversed()]).toEqual([null, named]);
      expect(warnings).toEqual([]);
    }),
  );

  test('warns while the replication is missing, and ends with its deletion or with the resume window', () =>
    withGuardedReplication({}, async (paused) => {
      const { dms, env, input, simulator, replicationConfigArn, warnings } = paused;
      await dms.stop(input);
      const gone = { type: 'error', name: 'ResourceNotFoundFault', message: 'No such replication config' } as const;
      simulator.fault({ operation: '*', replicationConfigArn, times: 1e9, ...gone });
      await env.sleep(43 * HOUR);
      await until('it has warned', () => warnings.length > 0);
      expect(warnings[0]?.problem).toContain('could not be looked at');
      expect((await dms.ledger(replicationConfigArn)).guard).not.toBeNull();
      await env.sleep(30 * HOUR);
      const { events } = await endOf(paused);
      expect(['deleted', 'window-closed']).toContain(eventsNamed(events)[0]);
    }));

  test('ends with a last warning and an event when the resume window ends', () =>
    withGuardedReplication({ deadlineLeadSeconds: 600 }, async (paused) => {
      const { env, input, dms, warnings } = paused;
      await dms.stop(input);
      await env.sleep(50 * HOUR);
      const { events } = await endOf(paused);
      expect(eventsNamed(events)[0]).toBe('window-closed');
      expect(warnings.at(-1)?.secondsLeft).toBe(0);
    }));

  test('resumes the replication once, in its own name, if its policy is "resume"', () =>
    withGuardedReplication({ deadlinePolicy: 'resume' }, async (paused) => {
      const { dms, input, env, simulator, replicationConfigArn, warnings } = paused;
      await dms.stop(input);
      await env.sleep(43 * HOUR);
      await until('it is resumed', async () => (await dms.ledger(replicationConfigArn)).guard === null);
      await env.sleep(10 * HOUR);
      expect((await dms.ledger(replicationConfigArn)).operations[0]).toMatchObject({
        kind: 'resume',
        operationId: 'deadline:1',
        outcome: 'resumed',
        requestedBy: 'deadline guard',
      });
      expect(simulator.count('StartReplication')).toBe(1);
      expect(warnings).toEqual([]);
    }));

  test.each([
    ['six hours before the end', 6 * 3600],
    ['five minutes before the end', 300],
  ])('resumes the replication %s even if its look finds neither row nor config', (_, deadlineLeadSeconds) =>
    withGuardedReplication({ deadlinePolicy: 'resume', deadlineLeadSeconds }, async (paused) => {
      const { dms, input, env, simulator, replicationConfigArn, warnings } = paused;
      await dms.stop(input);
      await env.sleep(47 * HOUR - deadlineLeadSeconds * 1000);
      const gone = { type: 'error', name: 'ResourceNotFoundFault', message: 'No such replication config' } as const;
      for (const operation of ['DescribeReplications', 'DescribeReplicationConfigs'])
        simulator.fault({ operation, replicationConfigArn, ...gone });
      await env.sleep(HOUR + 120_000);
      await until('it is resumed', async () => (await dms.ledger(replicationConfigArn)).guard === null);
      expect((await dms.ledger(replicationConfigArn)).operations[0]).toMatchObject({
        operationId: 'deadline:1',
        outcome: 'resumed',
      });
      expect(simulator.calls.filter(({ outcome }) => outcome === 'ResourceNotFoundFault')).toHaveLength(2);
      expect(warnings).toEqual([]);
    }),
  );

  test('that may not resume warns with the reason and tries again', () =>
    withGuardedReplication({ deadlinePolicy: 'resume' }, async (paused) => {
      const { dms, input, env, simulator, taskQueue, replicationConfigArn, warnings } = paused;
      await dms.stop(input);
      const host = { workflowId: `cutover-${taskQueue}`, taskQueue, args: [replicationConfigArn] };
      await env.client.workflow.start('hostThatOnlyReserves', host);
      await until('it is reserved', async () => (await dms.ledger(replicationConfigArn)).reservation !== null);
      await env.sleep(43 * HOUR);
      expect(warnings[0]?.problem).toContain(`is reserved by cutover-${taskQueue}`);
      expect(simulator.count('StartReplication')).toBe(0);
      await dms.breakReservation(replicationConfigArn, { by: 'ada', reason: 'its host is gone' });
      await env.sleep(2 * HOUR);
      await until('it is resumed', async () => (await dms.ledger(replicationConfigArn)).guard === null);
      expect(simulator.count('StartReplication')).toBe(1);
    }));

  test('whose resume DMS rejects warns with the reason and retries with each warning', () =>
    withGuardedReplication({ deadlinePolicy: 'resume' }, async (paused) => {
      const { env, input, dms, simulator, warnings } = paused;
      await dms.stop(input);
      const refused = { type: 'error', name: 'InvalidParameterCombinationException', message: 'No' } as const;
      simulator.fault({ operation: 'StartReplication', ...refused, times: 1e9 });
      await env.sleep(49 * HOUR);
      const { events } = await endOf(paused);
      expect(eventsNamed(events)[0]).toBe('window-closed');
      expect(warnings.length).toBeGreaterThan(5);
      expect(warnings[0]?.problem).toContain('DMS refused to start');
      // The last warning reports the end of the resume window, without another try to resume.
      expect(simulator.count('StartReplication')).toBe(warnings.length - 1);
      expect(warnings.length).toBeLessThan(30);
    }));

  test("whose warning can't be delivered adds that to the ledger's events", async () => {
    await using stage = await startSkippingStage();
    const { dms, env, simulator } = stage;
    const replicationConfigArn = simulator.createReplication();
    const warnOperators = () => Promise.reject(new Error('the pager is down'));
    const worker = await stage.work({}, { warnOperators });
    await worker.runUntil(async () => {
      await dms.stop({ replicationConfigArn, ...brief, onResumeDeadline });
      await env.sleep(44 * HOUR);
      const [event] = await until('it is written', async () => {
        const { events } = await dms.ledger(replicationConfigArn);
        return events.length > 0 ? events : null;
      });
      expect(event).toMatchObject({ type: 'deadline-warning', detail: expect.stringContaining('not be delivered') });
    });
  });
});
