import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { runPlain } from '../support/plain-command.js';
import { failureOf, quick, Stage, until } from '../support/stage.js';

const brief = { settleSeconds: 0, selfRestartGraceSeconds: 0 };
const asked = { requestedBy: 'ada', reason: 'cut over' };
const endless = { ...quick, durations: { ...quick.durations, stopping: 1e6 } };

/** Reads the current details of a workflow, as the Web UI shows them. */
async function detailsOf({ client }: Stage, workflowId: string): Promise<string> {
  const handle = client.workflow.getHandle(workflowId);
  return (await handle.query<{ currentDetails: string }>('__temporal_workflow_metadata')).currentDetails;
}

describe('the details of an operation', () => {
  test('show who asked and the deadline, and after a timeout the failure and its hint', async () => {
    await using stage = await Stage.set(endless);
    await stage.work({ holdSeconds: 1 });
    const replicationConfigArn = stage.simulator.createReplication();
    const handle = await stage.dms.startStop({ replicationConfigArn, stopTimeoutSeconds: 3, ...asked, ...brief });
    const waiting = await until('it waits', async () => {
      const details = await detailsOf(stage, handle.workflowId);
      return details.startsWith('**stopping**') ? details : null;
    });
    expect(waiting).toContain('- requested by: `ada`');
    expect(waiting).toContain('- reason: `cut over`');
    const [, since = '', deadline = ''] = /since (\S+)\)[^]*- deadline: `(\S+)`/.exec(waiting) ?? [];
    expect(Date.parse(deadline) - Date.parse(since)).toBe(3000);
    expect(waiting).toContain(`\n    temporal dms cancel ${replicationConfigArn}\n`);
    expect(waiting).toContain(`\n    temporal workflow cancel --workflow-id dms:${replicationConfigArn}`);

    const failure = await failureOf(handle.result());
    expect(failure).toMatchObject({ type: 'DmsStopTimedOut', details: [{ status: 'stopping' }] });
    const ended = await detailsOf(stage, handle.workflowId);
    expect(ended).toMatch(/^\*\*failed\*\*, last seen `stopping` \(since /);
    expect(ended).toContain('- failure: `DmsStopTimedOut`');
    expect(ended).toContain(failure.details?.[0].hint);
    expect(ended).not.toContain('deadline:');
    expect(ended).not.toContain('temporal dms cancel');
    // The command in the hint follows the stop that is under way.
    await runPlain(ended, 'dmsStopReplication', { by: 'ada', reason: 'again' });
    const followed = await until('the stop goes on', async () => {
      const open = await stage.dms.openOperation(replicationConfigArn);
      return open !== null && /the ledger is finishing the stop/.test((await open.progress()).detail) ? open : null;
    });
    expect(followed).toMatchObject({ kind: 'stop', hostWorkflowId: expect.any(String) });
  });
});

test.each(['dmsStopReplication', 'dmsResumeReplication'])(
  'a %s that was started under an id of its own shows the progress of the operation it runs',
  async (type) => {
    const durations = { ...quick.durations, stopping: 1e6, replication_starting: 1e6 };
    await using stage = await Stage.set({ ...quick, durations });
    await stage.work({ holdSeconds: 1 });
    const isStop = type === 'dmsStopReplication';
    const arn = stage.simulator.createReplication(isStop ? {} : { status: 'stopped' });
    const input = { replicationConfigArn: arn, ...asked, ...(isStop ? brief : { force: true }) };
    const workflowId = `mine-${randomUUID()}`;
    const { workflow } = stage.client;
    const own = await workflow.start(type, { workflowId, taskQueue: stage.taskQueue, args: [input] });
    const phase = isStop ? 'stopping' : 'starting';
    const shown = await until('it shows the wait', async () => {
      const progress = await own.query<{ phase: string; lastStatus: string | null }>('dms.progress');
      return progress.phase === phase ? progress : null;
    });
    expect(shown).toEqual(await workflow.getHandle(`dms:${arn}`).query('dms.progress'));
    expect(await detailsOf(stage, workflowId)).toContain(`**${phase}**`);
    await own.cancel();
    await failureOf(own.result());
  },
);
