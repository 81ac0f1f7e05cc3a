import { describe, expect, test } from 'vitest';
import { stopMark } from '../../src/dms/checkpoint.js';
import type { Replication } from '../../src/dms/replication.js';
import { beginStartWait, judgeStart } from '../../src/operations/start-wait.js';
import { beginStopWait, judgeStop, type StopVerdict } from '../../src/operations/stop-wait.js';
import { look } from '../support/look.js';

const running = look({ status: 'running', replicationLastStopTime: '2026-01-01T00:00:00.000Z' });
const stopping = { ...running, status: 'stopping' };
const previous = { ...running, status: 'stopped' };
const rules = { settleSeconds: 10, selfRestartGraceSeconds: 1800, before: stopMark(running) };

/** The verdict after each look, given as [seconds, replication]. */
function verdicts(
  looks: readonly (readonly [number, Replication])[],
  over = rules as Parameters<typeof judgeStop>[2],
  wallClock: number | readonly number[] = 0,
): string[] {
  let memory = beginStopWait(false);
  return looks.map(([elapsedSeconds, replication], n) => {
    const now = typeof wallClock === 'number' ? wallClock : (wallClock[n] ?? 0);
    const judged = judgeStop(memory, { replication, elapsedSeconds, wallClock: now }, over);
    memory = JSON.parse(JSON.stringify(judged.memory)) as typeof memory;
    return shown(judged.verdict);
  });
}

function shown(verdict: StopVerdict): string {
  if (verdict.type === 'settled') return verdict.settled;
  return verdict.type === 'wait' ? verdict.phase : verdict.type;
}

describe('a stop is settled', () => {
  test('when two looks the settle time apart agree', () =>
    expect(
      verdicts([
        [0, stopping],
        [5, look()],
        [14, look()],
        [15, look()],
      ]),
    ).toEqual(['stopping', 'settling', 'settling', 'agreed']));

  test('counted anew when the checkpoint changes', () =>
    expect(
      verdicts([
        [0, stopping],
        [5, look({ recoveryCheckpoint: null })],
        [14, look()],
        [15, look()],
        [24, look()],
      ]),
    ).toEqual(['stopping', 'settling', 'settling', 'settling', 'agreed']));

  test('counted anew when the reason of the run before gives way to its own', () =>
    expect(
      verdicts([
        [0, stopping],
        [5, look({ stopReason: 'Stop Reason FATAL_ERROR' })],
        [14, look()],
        [16, look()],
        [24, look()],
      ]),
    ).toEqual(['stopping', 'settling', 'settling', 'settling', 'agreed']));

  test('by its age when it was found stopped, also where DMS may undo it', () => {
    const stoppedAt = Date.parse(look().replicationLastStopTime ?? '');
    const passing = look({ stopReason: 'Stop Reason RECYCLE_TASK' });
    const wallClock = stoppedAt + 1795_000;
    expect(
      verdicts(
        [
          [0, passing],
          [6, passing],
        ],
        { settleSeconds: 10, selfRestartGraceSeconds: 1800, before: null },
        [wallClock, wallClock + 6000],
      ),
    ).toEqual(['settling', 'agreed']);
  });

  test('not by the fields of the run before', () =>
    expect(
      verdicts([
        [0, stopping],
        [5, previous],
        [60, previous],
        [61, look()],
        [71, look()],
      ]),
    ).toEqual(['stopping', 'settling', 'settling', 'settling', 'agreed']));

  test('at the end of its grace, whatever is shown', () =>
    expect(
      verdicts([
        [0, stopping],
        [5, previous],
        [124, previous],
        [125, previous],
      ]),
    ).toEqual(['stopping', 'settling', 'settling', 'grace-expired']));

  test('not by its age when the wait saw it happening: the checkpoint is filled in after the time', () =>
    expect(
      verdicts(
        [
          [0, stopping],
          [5, look({ recoveryCheckpoint: null })],
          [7, look()],
          [17, look()],
        ],
        rules,
        Date.parse('2026-01-02T00:05:00.000Z'),
      ),
    ).toEqual(['stopping', 'settling', 'settling', 'agreed']));

  test('at once when it was over long before the wait began', () =>
    expect(verdicts([[0, look()]], { ...rules, before: null }, Date.parse('2026-01-02T01:00:00Z'))).toEqual([
      'agreed',
    ]));

  test('only once DMS has had its time to undo it', () => {
    const lowMemory = look({ stopReason: 'Stop Reason STOPPED_DUE_TO_LOW_MEMORY' });
    expect(
      verdicts([
        [0, stopping],
        [5, lowMemory],
        [15, lowMemory],
        [1804, lowMemory],
        [1805, lowMemory],
      ]),
    ).toEqual(['stopping', 'settling', 'settling', 'settling', 'agreed']);
    expect(
      verdicts([
        [0, stopping],
        [5, lowMemory],
        [60, { ...lowMemory, status: 'replication_starting' }],
      ]),
    ).toEqual(['stopping', 'settling', 'self-restarted']);
    expect(
      verdicts([
        [0, stopping],
        [60, { ...lowMemory, status: 'running' }],
      ]),
    ).toEqual(['stopping', 'self-restarted']);
  });
});

describe('a stop is', () => {
  test('not reverted by a stale look, only by two looks ten seconds apart', () => {
    expect(
      verdicts([
        [0, running],
        [60, running],
      ]),
    ).toEqual(['stopping', 'stopping']);
    expect(
      verdicts([
        [0, stopping],
        [2, running],
        [4, stopping],
        [13, running],
        [22, running],
      ]),
    ).not.toContain('reverted');
    expect(
      verdicts([
        [0, stopping],
        [2, running],
        [12, running],
      ]),
    ).toEqual(['stopping', 'stopping', 'reverted']);
  });

  test('over for good when it failed or is being deleted', () => {
    expect(verdicts([[0, { ...running, status: 'failed' }]])).toEqual(['failed']);
    expect(verdicts([[0, { ...running, status: 'deleting' }]])).toEqual(['deleting']);
  });

  test('waited for in a status nobody knows', () =>
    expect(verdicts([[0, { ...running, status: 'upgrading' }]])).toEqual(['stopping']));
});

describe('a start', () => {
  const before = { status: 'stopped', stop: stopMark(look()) };
  const judge = (looks: readonly (readonly [number, Replication])[], verifyProgressSeconds = 0, mark = before) => {
    let memory = beginStartWait();
    return looks.map(([seconds, replication]) => {
      const judged = judgeStart(memory, replication, seconds, { before: mark, verifyProgressSeconds });
      memory = judged.memory;
      return judged.verdict.type;
    });
  };

  test('is not over while DMS still shows the stop before it', () =>
    expect(
      judge([
        [0, look()],
        [90, look()],
        [91, { ...look(), status: 'running' }],
      ]),
    ).toEqual(['wait', 'wait', 'done']));

  test('that stops straight away is over', () =>
    expect(judge([[0, look({ replicationLastStopTime: '2026-01-03T00:00:00.000Z' })]])).toEqual(['done']));

  test('of a failed one is not failed by a stale look', () => {
    const failed = look({ status: 'failed' });
    const mark = { status: 'failed', stop: stopMark(failed) };
    expect(
      judge(
        [
          [0, failed],
          [61, failed],
        ],
        0,
        mark,
      ),
    ).toEqual(['wait', 'failed']);
    expect(
      judge(
        [
          [0, failed],
          [2, { ...failed, status: 'initializing' }],
          [4, failed],
        ],
        0,
        mark,
      ),
    ).toEqual(['wait', 'wait', 'failed']);
  });

  test('is looked at for as long as asked after it runs', () => {
    const runs = look({ status: 'running' });
    expect(
      judge(
        [
          [0, runs],
          [19, runs],
          [20, runs],
        ],
        20,
      ),
    ).toEqual(['verify', 'verify', 'done']);
    expect(
      judge(
        [
          [0, runs],
          [19, { ...runs, status: 'failed' }],
        ],
        20,
      ),
    ).toEqual(['verify', 'failed']);
  });
});
