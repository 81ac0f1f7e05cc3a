/** Descriptions of messages, as the Web UI and other tools read them from running workflows. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { messageNames } from '../../src/contract/names.js';
import { Application, cutoverInput, runningReplications, sharedActivities } from '../support/cutover.js';
import { quick, Stage, until } from '../support/stage.js';

interface Definition {
  readonly name?: string;
  readonly description?: string;
}
interface Metadata {
  readonly definition?: Readonly<
    Partial<Record<'queryDefinitions' | 'signalDefinitions' | 'updateDefinitions', readonly Definition[]>>
  >;
}

let stage: Stage;
/** Messages of each workflow, by a name for the workflow. */
const messages = new Map<string, readonly Definition[]>();

beforeAll(async () => {
  stage = await Stage.set({ ...quick, durations: { ...quick.durations, stopping: 1e6 } });
  await stage.work({ holdSeconds: 1, foreign: sharedActivities });
  const { client, dms, taskQueue } = stage;
  const [stopped, grouped, moved] = [stage.simulator.createReplication(), stage.simulator.createReplication()].concat(
    runningReplications(stage, 1),
  );
  const replicationConfigArn = stopped ?? '';
  const byName = `stop-${randomUUID()}`;
  await client.workflow.start('dmsStopReplication', {
    workflowId: byName,
    taskQueue,
    args: [{ replicationConfigArn }],
  });
  const fleet = await dms.startStopFleet({ replicationConfigArns: [grouped ?? ''] });
  const input = cutoverInput([moved ?? ''], { approval: {} });
  new Application().serve(input.cutoverId);
  const cutover = await dms.startCutover(input);
  const operation = `dms:${replicationConfigArn}`;
  await until('the stop waits', async () => {
    const open = await dms.openOperation(replicationConfigArn);
    return open !== null && (await open.progress()).phase === 'stopping';
  });
  const workflows = { 'a stop': operation, 'its parent': byName, fleet: fleet.workflowId, cutover: cutover.workflowId };
  for (const [name, workflowId] of Object.entries({ ...workflows, ledger: `dms-ledger:${replicationConfigArn}` })) {
    const metadata = await client.workflow.getHandle(workflowId).query<Metadata>('__temporal_workflow_metadata');
    const { queryDefinitions = [], signalDefinitions = [], updateDefinitions = [] } = metadata.definition ?? {};
    messages.set(name, [...queryDefinitions, ...signalDefinitions, ...updateDefinitions]);
  }
  await client.workflow.getHandle(cutover.workflowId).terminate();
});
afterAll(() => stage[Symbol.asyncDispose]());

test.each(['a stop', 'its parent', 'ledger', 'fleet', 'cutover'])('every message of %s has a description', (name) => {
  const shown = messages.get(name) ?? [];
  expect(shown.filter(({ name: message = '' }) => message.startsWith('dms.'))).not.toEqual([]);
  expect(shown.filter(({ description = '' }) => !/^\w+ .*\.$/s.test(description))).toEqual([]);
});

test('the workflows handle every message of the contract, and no other one', () => {
  const handled = new Set([...messages.values()].flat().map(({ name = '' }) => name));
  const named = [...handled].filter((name) => !name.startsWith('__'));
  expect(named.toSorted()).toEqual(Object.values(messageNames).toSorted());
});
