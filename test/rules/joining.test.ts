import { describe, expect, test } from 'vitest';
import {
  requestKeyOf,
  firstRunIdOf,
  mayPreempt,
  openOperation,
  operationOfExecution,
  relationTo,
  wantedOperation,
  type OpenOperation,
} from '../../src/rules/joining.js';
import { memoKeys, workflowTypes } from '../../src/contract/names.js';
import { arn } from '../support/operations.js';

const memo = { [memoKeys.kind]: 'stop', [memoKeys.operationId]: 'a', [memoKeys.requestKey]: 'final' };
const described = {
  type: workflowTypes.stop,
  workflowId: `dms:${arn}`,
  runId: 'run-2',
  status: { name: 'RUNNING' },
  memo,
  parentExecution: { workflowId: 'host' },
  raw: { workflowExecutionInfo: { firstRunId: 'run-1' } },
};
const shown: OpenOperation = {
  kind: 'stop',
  operationId: 'a',
  asks: 'final',
  workflowId: `dms:${arn}`,
  runId: 'run-2',
  firstRunId: 'run-1',
  hostWorkflowId: 'host',
};

describe('an execution that holds the id of a replication', () => {
  test.each([
    ['RUNNING', true],
    ['PAUSED', true],
    ['COMPLETED', false],
    ['FAILED', false],
    ['TERMINATED', false],
  ])('that is %s is open: %s', (name, isOpen) => {
    expect(openOperation({ ...described, status: { name } })).toEqual(isOpen ? shown : null);
  });

  test('that has closed still shows the operation and the request of its memo', () => {
    expect(operationOfExecution({ ...described, status: { name: 'COMPLETED' } })).toEqual(shown);
  });

  test.each([
    [workflowTypes.stop, 'stop'],
    [workflowTypes.resume, 'resume'],
    ['somethingElse', 'somethingElse'],
  ])('of type %s without a memo runs a %s with unknown details', (type, kind) => {
    const { memo: _memo, parentExecution: _parent, ...bare } = described;
    const unknown = { kind, operationId: null, asks: null, hostWorkflowId: null };
    expect(operationOfExecution({ ...bare, type })).toEqual({ ...shown, ...unknown });
    expect(operationOfExecution({ ...bare, type, memo: { [memoKeys.kind]: 7 }, parentExecution: {} })).toMatchObject(
      unknown,
    );
  });

  test.each([
    [{ workflowExecutionInfo: { firstRunId: 'run-1' } }, 'run-1'],
    [{ workflowExecutionInfo: { firstRunId: '' } }, 'run-2'],
    [{ workflowExecutionInfo: null }, 'run-2'],
    [{}, 'run-2'],
  ])('of which the server shows %j began with %s', (raw, firstRunId) => {
    expect(firstRunIdOf({ raw, runId: 'run-2' })).toBe(firstRunId);
  });
});

describe('the key of a request', () => {
  test.each([
    ['stop', {}, 'pause'],
    ['stop', { intent: null }, 'pause'],
    ['stop', { intent: 'final' }, 'final'],
    ['resume', {}, '||[null,null,null]'],
    ['resume', { startReplicationType: 'resume-processing' }, 'resume-processing||[null,null,null]'],
    ['resume', { startReplicationType: 'reload-target' }, 'reload-target||[null,null,null]'],
    ['resume', { checkpoint: { sequence: 7 } }, '|7|[null,null,null]'],
    ['resume', { checkpoint: 'latest' }, '||[null,null,null]'],
    ['resume', { checkpoint: null }, '||[null,null,null]'],
    ['resume', { cdcStartPosition: 'p' }, '||["p",null,null]'],
    ['resume', { cdcStartTime: 't' }, '||[null,"t",null]'],
    ['resume', { cdcStopPosition: 's' }, '||[null,null,"s"]'],
  ] as const)('of a %s with %j is %s', (kind, input, asks) => {
    expect(requestKeyOf(kind, input)).toBe(asks);
    const wanted = { kind, operationId: null, asks };
    expect(wantedOperation(kind, { replicationConfigArn: arn, ...input })).toEqual(wanted);
    expect(wantedOperation(kind, { replicationConfigArn: arn, operationId: 'a', ...input })).toEqual({
      ...wanted,
      operationId: 'a',
    });
  });
});

describe('an operation that finds another one open', () => {
  const pause = { ...shown, asks: 'pause' };
  const resume = { ...shown, kind: 'resume', asks: requestKeyOf('resume', {}) };
  const reload = requestKeyOf('resume', { startReplicationType: 'reload-target' });
  const unknown = { operationId: null, asks: null };

  test.each<[string, OpenOperation, Parameters<typeof relationTo>[1], string]>([
    ['a stop joins an equal one', shown, { kind: 'stop', operationId: null, asks: 'final' }, 'join'],
    ['a stop joins the one of its id', pause, { kind: 'stop', operationId: 'a', asks: 'pause' }, 'join'],
    ['a stop with another id is refused', pause, { kind: 'stop', operationId: 'b', asks: 'pause' }, 'refuse'],
    ['a final stop waits for a pause', pause, { kind: 'stop', operationId: null, asks: 'final' }, 'wait'],
    ['a final stop waits for a pause of its id', pause, { kind: 'stop', operationId: 'a', asks: 'final' }, 'wait'],
    [
      'a final stop waits for an unknown one',
      { ...pause, ...unknown },
      { ...wantedOperation('stop', { replicationConfigArn: arn }), asks: 'final' },
      'wait',
    ],
    ['a pause does not join a final stop', shown, { kind: 'stop', operationId: null, asks: 'pause' }, 'refuse'],
    [
      'a pause joins an unknown stop',
      { ...pause, ...unknown },
      { kind: 'stop', operationId: 'b', asks: 'pause' },
      'join',
    ],
    ['a stop does not join a resume', resume, { kind: 'stop', operationId: null, asks: 'pause' }, 'refuse'],
    ['a resume does not join a stop', pause, { kind: 'resume', operationId: null, asks: 'pause' }, 'refuse'],
    ['a resume joins an equal one', resume, { kind: 'resume', operationId: null, asks: resume.asks }, 'join'],
    [
      'a resume joins an unknown one',
      { ...resume, ...unknown },
      { kind: 'resume', operationId: 'b', asks: resume.asks },
      'join',
    ],
    ['a reload does not join a resume', resume, { kind: 'resume', operationId: null, asks: reload }, 'refuse'],
    [
      'a reload does not join an unknown resume',
      { ...resume, ...unknown },
      { kind: 'resume', operationId: null, asks: reload },
      'refuse',
    ],
    [
      'a resume that asks for "final" does not wait',
      resume,
      { kind: 'resume', operationId: null, asks: 'final' },
      'refuse',
    ],
  ])('%s', (_, open, wanted, relation) => expect(relationTo(open, wanted)).toBe(relation));

  const reloads = { startReplicationType: 'reload-target' } as const;
  const goesOn = { startReplicationType: 'resume-processing' } as const;
  const third = { checkpoint: { sequence: 3 } };

  test.each<[string, object, object, string]>([
    ['the start type that the other names', {}, goesOn, 'join'],
    ['the start type that it names itself', goesOn, {}, 'join'],
    ['another start type', goesOn, { startReplicationType: 'start-replication' }, 'refuse'],
    ['a reload that it does not name', {}, reloads, 'refuse'],
    ['no reload although it names one', reloads, {}, 'refuse'],
    ['the same reload', reloads, reloads, 'join'],
    ['the record that the other names', {}, third, 'join'],
    ['the record that it names itself', third, {}, 'join'],
    ['the same record', third, third, 'join'],
    ['another record', third, { checkpoint: { sequence: 33 } }, 'refuse'],
    ['a start position that it does not name', {}, { cdcStartPosition: 'a|b' }, 'refuse'],
    ['another start position', { cdcStartPosition: 'a|c' }, { cdcStartPosition: 'a|b' }, 'refuse'],
    ['the same start position', { cdcStartPosition: 'a|b' }, { cdcStartPosition: 'a|b' }, 'join'],
    ['another end', { cdcStopPosition: 's' }, {}, 'refuse'],
  ])('a resume that finds a resume with %s (%j, %j): %s', (_, wanted, open, relation) => {
    const openAsks = requestKeyOf('resume', open);
    expect(
      relationTo(
        { ...resume, asks: openAsks },
        { kind: 'resume', operationId: null, asks: requestKeyOf('resume', wanted) },
      ),
    ).toBe(relation);
  });

  test.each([
    ['stop', 'resume', true],
    ['stop', 'stop', false],
    ['resume', 'stop', false],
    ['resume', 'resume', false],
  ] as const)('a %s may end a %s: %s', (kind, open, may) => {
    expect(mayPreempt({ ...shown, kind: open }, kind)).toBe(may);
  });
});
