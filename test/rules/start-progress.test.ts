import { describe, expect, test } from 'vitest';
import { callMark } from '../../src/dms/checkpoint.js';
import type { Replication } from '../../src/dms/replication.js';
import { beginStartWait, judgeStart, withTableReading } from '../../src/rules/start-progress.js';
import { look } from '../support/look.js';
import { created, PREVIOUS_STOP, startVerdicts, stopped, type Looks } from '../support/judged.js';

const LATER = '2026-01-03T00:00:00.000Z';
const starting = { ...stopped, status: 'replication_starting' };
const runs = { ...stopped, status: 'running' };
const older = look({ status: 'running', replicationLastStopTime: PREVIOUS_STOP });
const stoppedAgain = (stopReason: string | null) => look({ stopReason, replicationLastStopTime: LATER });
const normal = stoppedAgain('Stop Reason NORMAL');
const failed = look({ status: 'failed' });
const startedAt = (replication: Replication, startDate: string) => ({
  ...replication,
  replicationStats: { startDate } as never,
});

interface Case {
  readonly looks: Looks;
  readonly verdicts: readonly string[];
  readonly before?: Replication | null;
  readonly verifyProgressSeconds?: number;
}

const cases = (table: Readonly<Record<string, Case>>) =>
  test.each(Object.entries(table))('%s', (_, { looks, verdicts, ...rules }) =>
    expect(startVerdicts(looks, rules)).toEqual(verdicts),
  );

describe('a start', () => {
  cases({
    'waits while DMS still shows the stop before it': {
      looks: [
        [0, stopped],
        [200, stopped],
        [201, starting],
        [400, runs],
      ],
      verdicts: ['starting', 'starting', 'starting', 'done'],
    },
    'waits until it runs when older looks show the stop again': {
      looks: [
        [0, starting],
        [2, stopped],
        [4, stopped],
        [6, starting],
        [90, runs],
      ],
      verdicts: ['starting', 'starting', 'starting', 'starting', 'done'],
    },
    'waits in an unknown status and while DMS shows no run': {
      looks: [
        [0, { ...stopped, status: 'modifying' }],
        [2, created],
        [4, { ...stopped, status: 'upgrading' }],
      ],
      verdicts: ['starting', 'starting', 'starting'],
    },
    'waits while a look shows the run that was under way before it': {
      looks: [
        [0, runs],
        [60, runs],
        [61, runs],
      ],
      verdicts: ['starting', 'starting', 'done'],
      before: runs,
    },
    'is not reverted by the stop before it after a transition that is no start': {
      looks: [
        [0, { ...stopped, status: 'modifying' }],
        [5, stopped],
        [125, stopped],
      ],
      verdicts: ['starting', 'starting', 'starting'],
    },
    'does not end on an older look at the run before the last stop': {
      looks: [
        [0, older],
        [30, older],
        [60, older],
        [61, starting],
        [62, runs],
      ],
      verdicts: ['starting', 'starting', 'starting', 'starting', 'done'],
    },
    'ends when it still shows an older stop after staleness has passed': {
      looks: [
        [0, older],
        [61, older],
      ],
      verdicts: ['starting', 'done'],
    },
    'ends at once when DMS shows a newer run without a stop': {
      looks: [[0, startedAt(look({ status: 'running', replicationLastStopTime: null }), LATER)]],
      verdicts: ['done'],
      before: startedAt(stopped, '2026-01-01T13:00:00.000Z'),
    },
    'of a replication that never ran ends when it runs': {
      looks: [
        [0, created],
        [5, { ...created, status: 'initializing' }],
        [9, { ...created, status: 'running' }],
      ],
      verdicts: ['starting', 'starting', 'done'],
      before: created,
    },
    'by someone else ends when the replication runs': { looks: [[0, older]], verdicts: ['done'], before: null },
    'ends at once when it is being deleted': {
      looks: [[0, { ...stopped, status: 'deleting' }]],
      verdicts: ['deleting'],
    },
  });
});

describe('a start that is verified', () => {
  const verifyProgressSeconds = 20;
  cases({
    'ends when the replication has run for the requested time': {
      looks: [
        [0, runs],
        [19, runs],
        [20, runs],
      ],
      verdicts: ['verify', 'verify', 'done'],
      verifyProgressSeconds,
    },
    'continues through looks that may be older and suspends its deadline meanwhile': {
      looks: [
        [0, runs],
        [5, starting],
        [9, stopped],
        [12, created],
        [15, older],
        [20, runs],
      ],
      verdicts: ['verify', 'verifying', 'verifying', 'verifying', 'verifying', 'done'],
      verifyProgressSeconds,
    },
    'restarts its verification once looks agree that the replication does not run': {
      looks: [
        [0, runs],
        [5, starting],
        [65, starting],
        [66, starting],
        [70, runs],
        [90, runs],
      ],
      verdicts: ['verify', 'verifying', 'verifying', 'starting', 'verify', 'done'],
      verifyProgressSeconds,
    },
    'is reverted by a stop five seconds after it runs': {
      looks: [
        [0, starting],
        [30, runs],
        [35, { ...runs, status: 'stopping' }],
        [40, normal],
        [49, normal],
        [50, normal],
      ],
      verdicts: ['starting', 'verify', 'verifying', 'verifying', 'verifying', 'reverted'],
      verifyProgressSeconds,
    },
    'is reverted by a fatal error': {
      looks: [
        [0, runs],
        [5, stoppedAgain('Stop Reason FATAL_ERROR')],
        [15, stoppedAgain('Stop Reason FATAL_ERROR')],
      ],
      verdicts: ['verify', 'verifying', 'reverted'],
      verifyProgressSeconds,
    },
    'is judged by the reason of its own stop, not by the one that was shown before': {
      looks: [
        [0, stoppedAgain('Stop Reason STOPPED_AT_COMMIT_TIME')],
        [5, normal],
        [10, normal],
        [15, normal],
      ],
      verdicts: ['verifying', 'verifying', 'verifying', 'reverted'],
    },
    'is reverted after the settle grace when DMS does not describe the stop': {
      looks: [
        [0, runs],
        [5, stoppedAgain(null)],
        [124, stoppedAgain(null)],
        [125, stoppedAgain(null)],
      ],
      verdicts: ['verify', 'verifying', 'verifying', 'reverted'],
      verifyProgressSeconds,
    },
    'is reverted after the settle grace when DMS shows no newer stop': {
      looks: [
        [0, starting],
        [5, stopped],
        [124, stopped],
        [125, stopped],
      ],
      verdicts: ['starting', 'starting', 'starting', 'reverted'],
    },
    'waits for DMS to undo a stop by itself': {
      looks: [
        [0, runs],
        [5, stoppedAgain('Stop Reason RECOVERABLE_ERROR')],
        [600, stoppedAgain('Stop Reason RECOVERABLE_ERROR')],
        [700, { ...stoppedAgain('Stop Reason RECOVERABLE_ERROR'), status: 'running' }],
        [720, { ...stoppedAgain('Stop Reason RECOVERABLE_ERROR'), status: 'running' }],
      ],
      verdicts: ['verify', 'verifying', 'starting', 'verify', 'done'],
      verifyProgressSeconds,
    },
  });

  test.each([
    'FULL_LOAD_ONLY_FINISHED',
    'STOPPED_AFTER_FULL_LOAD',
    'STOPPED_AFTER_CACHED_EVENTS',
    'STOPPED_AT_SERVER_TIME',
    'STOPPED_AT_COMMIT_TIME',
    'STOPPED_AFTER_DDL_APPLY',
  ])('succeeds if the replication stopped with %s', (code) => {
    const ended = stoppedAgain(`Stop Reason ${code}`);
    expect(
      startVerdicts([
        [0, ended],
        [9, ended],
        [10, ended],
      ]),
    ).toEqual(['verifying', 'verifying', 'done']);
    // Somebody else began it, so the stop may be the one before it.
    const looks = [
      [0, ended],
      [119, ended],
      [120, ended],
    ] as const;
    expect(startVerdicts(looks, { before: null })).toEqual(['starting', 'starting', 'done']);
  });
});

describe('a start that fails', () => {
  cases({
    'fails at once when it was stopped before': { looks: [[0, failed]], verdicts: ['failed'] },
    'fails at once with a newer stop': {
      looks: [[0, look({ status: 'failed', replicationLastStopTime: LATER })]],
      verdicts: ['failed'],
      before: failed,
    },
    'fails at once with a newer run': {
      looks: [[0, startedAt(failed, LATER)]],
      verdicts: ['failed'],
      before: startedAt(failed, PREVIOUS_STOP),
    },
    'does not fail by an older look at the failure before it': {
      looks: [
        [0, failed],
        [2, starting],
        [4, failed],
        [123, failed],
        [124, failed],
      ],
      verdicts: ['starting', 'starting', 'starting', 'starting', 'failed'],
      before: failed,
    },
    'does not fail by an older look at the same run': {
      looks: [[0, startedAt(failed, LATER)]],
      verdicts: ['starting'],
      before: startedAt(failed, LATER),
    },
    'of a failed replication ends only after staleness if the run shows no newer stop': {
      looks: [
        [0, runs],
        [60, runs],
        [61, runs],
      ],
      verdicts: ['starting', 'starting', 'done'],
      before: failed,
    },
    'is verified until looks agree on the failure for two minutes': {
      looks: [
        [0, runs],
        [10, failed],
        [71, failed],
        [129, failed],
        [130, failed],
      ],
      verdicts: ['verify', 'verifying', 'verifying', 'verifying', 'failed'],
      before: null,
      verifyProgressSeconds: 20,
    },
    'by someone else fails once looks agree for two minutes': {
      looks: [
        [0, failed],
        [119, failed],
        [120, failed],
      ],
      verdicts: ['starting', 'starting', 'failed'],
      before: null,
    },
  });
});

test('a start says when the next look can decide', () => {
  const rules = { before: callMark(stopped), verifyProgressSeconds: 0 };
  const begun = judgeStart(beginStartWait(false), starting, 0, rules);
  expect(begun.verdict).toMatchObject({ type: 'wait', lookInSeconds: null });
  const settling = judgeStart(begun.memory, normal, 5, rules);
  expect(settling.verdict).toMatchObject({ lookInSeconds: 10 });
  expect(judgeStart(settling.memory, normal, 8, rules).verdict).toMatchObject({ lookInSeconds: 7 });
  const undescribed = judgeStart(begun.memory, stopped, 5, rules);
  expect(judgeStart(undescribed.memory, stopped, 8, rules).verdict).toMatchObject({ lookInSeconds: 117 });
});

test('rows that differ from the first ones stay marked as moving', () => {
  const first = withTableReading(beginStartWait(false), 'a');
  expect([first.firstRows, first.isMoving, withTableReading(first, 'a').isMoving]).toEqual(['a', false, false]);
  expect(withTableReading(withTableReading(first, 'b'), 'a').isMoving).toBe(true);
});
