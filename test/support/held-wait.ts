import { isHeld, quick, until, type Stage } from './stage.js';

/** After a sweep the next comes in a quarter of an hour. */
export const SLOW = { looksPerSecond: 0.001, holdSeconds: 60 };
/** A stop ends when the test says so. */
export const manual = {
  ...quick,
  speed: 0,
  durations: { ...quick.durations, describingStop: 0, flushingCheckpoint: 0 },
};
export const endStop = ({ simulator }: Stage) => simulator.clock.advance({ minutes: 1 });

/** Longer than the attempt waits with its first sweep. */
const QUIET_MS = 2500;

/** A stop whose wait is held by a worker that has just spent its only sweep. */
export async function heldWait(stage: Stage) {
  const replicationConfigArn = stage.simulator.createReplication();
  const handle = await stage.dms.startStop({ replicationConfigArn, settleSeconds: 0, selfRestartGraceSeconds: 0 });
  const workflow = stage.client.workflow.getHandle(handle.workflowId);
  await until('its wait is held', () => isHeld(workflow));
  const looks = () => stage.simulator.count('DescribeReplications');
  await until('the sweep has gone by', async () => {
    const before = looks();
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    return looks() === before;
  });
  return { replicationConfigArn, handle, workflow, looks };
}
