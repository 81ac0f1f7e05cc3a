import { describe, expect, test } from 'vitest';
import { isNeverPickedUp, type PickUpFacts } from '../../src/operations/never-picked-up.js';

const [SCHEDULED, STARTED] = [1, 2];
const waiting: PickUpFacts = {
  status: { name: 'RUNNING' },
  historyLength: 2,
  raw: { pendingWorkflowTask: { state: SCHEDULED, attempt: 1 } },
};
const task = (state: number, attempt: number) => ({ pendingWorkflowTask: { state, attempt } });

describe('an execution was never picked up', () => {
  test.each<[string, Partial<PickUpFacts>, boolean]>([
    ['when its first task is scheduled', {}, true],
    ['when it was also cancelled', { historyLength: 3 }, true],
    ['but not when a worker has the task', { raw: task(STARTED, 1), historyLength: 3 }, false],
    ['but not when a worker had the task before', { raw: task(SCHEDULED, 2) }, false],
    ['but not when its history goes on', { historyLength: 5 }, false],
    ['but not when nothing is pending', { raw: {} }, false],
    ['but not when its task is null', { raw: { pendingWorkflowTask: null } }, false],
    ['but not when it is closed', { status: { name: 'TERMINATED' } }, false],
    ['but not when it is paused', { status: { name: 'PAUSED' } }, false],
  ])('%s', (_, facts, isSo) => expect(isNeverPickedUp({ ...waiting, ...facts })).toBe(isSo));
});
