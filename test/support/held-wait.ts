import { isHeld, quick, until, type Stage } from './stage.js';

/** Worker options with which the next sweep comes a quarter of an hour after the first. */
export const SLOW = { looksPerSecond: 0.001, holdSeconds: 60 };
/** Simulator options with which a stop ends only when the test moves the clock. */
export const manual = {
  ...quick,
  speed: 0,
  durations: { ...quick.durations, describingStop: 0, flushingCheckpoint: 0 },
};
export const endStop = ({ simulator }: Stage) => simulator.clock.advance({ minutes: 1 });

/** Milliseconds without a look after which the first sweep is over. */
const QUIET_MS = 2500;

/** Starts a stop, and returns once a held attempt waits for it and the first sweep is over. */
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
