import { describe, expect, test } from 'vitest';
import { beginStopWait, judgeSettling, judgeStop, type StopWaitRules } from '../../src/rules/stop-settling.js';
import { look } from '../support/look.js';
import {
  asked,
  created,
  found,
  PREVIOUS_STOP,
  running,
  stopped,
  stopping,
  stopVerdicts,
  undescribed,
  type Looks,
} from '../support/judged.js';

const fatal = look({ stopReason: 'Stop Reason FATAL_ERROR' });
const lowMemory = look({ stopReason: 'Stop Reason STOPPED_DUE_TO_LOW_MEMORY' });
const failed = look({ status: 'failed', replicationLastStopTime: PREVIOUS_STOP });
/** A look at a run that still shows the last stop, or no stop at all, as DMS may. */
const again = { ...stopped, status: 'running' };
const withoutStop = look({ status: 'running', replicationLastStopTime: null, stopReason: null });

const withoutRow = { ...created, replicationCreateTime: null };
const FIRST = '2026-01-01T13:00:00.000Z';
const LATER = '2026-01-03T00:00:00.000Z';
const run = (startDate: string) => ({ ...withoutStop, replicationStats: { startDate } as never });

interface Case {
  readonly looks: Looks;
  readonly verdicts: readonly string[];
  readonly rules?: StopWaitRules;
  readonly hasSeenStop?: boolean;
}

const cases = (table: Readonly<Record<string, Case>>) =>
  test.each(Object.entries(table))('%s', (_, { looks, verdicts, rules, hasSeenStop }) =>
    expect(stopVerdicts(looks, rules, hasSeenStop)).toEqual(verdicts),
  );

describe('a requested stop', () => {
  cases({
    'settles when two looks the settle time apart agree': {
      looks: [
        [0, stopping],
        [5, stopped],
        [14, stopped],
        [15, stopped],
      ],
      verdicts: ['stopping', 'settling', 'settling', 'agreed'],
    },
    'settles anew when the checkpoint changes': {
      looks: [
        [0, stopping],
        [5, look({ recoveryCheckpoint: null })],
        [14, stopped],
        [23, stopped],
        [24, stopped],
      ],
      verdicts: ['stopping', 'settling', 'settling', 'settling', 'agreed'],
    },
    'settles anew when the reason of the previous run gives way to its own': {
      looks: [
        [0, stopping],
        [5, fatal],
        [14, stopped],
        [23, stopped],
        [24, stopped],
      ],
      verdicts: ['stopping', 'settling', 'settling', 'settling', 'agreed'],
    },
    'does not settle on the fields of the previous run': {
      looks: [
        [0, stopping],
        [5, undescribed],
        [60, undescribed],
        [61, stopped],
        [71, stopped],
      ],
      verdicts: ['stopping', 'settling', 'settling', 'settling', 'agreed'],
    },
    'is recorded after its grace when DMS does not describe it': {
      looks: [
        [0, stopping],
        [5, undescribed],
        [124, undescribed],
        [125, undescribed],
      ],
      verdicts: ['stopping', 'settling', 'settling', 'grace-expired'],
    },
    'may settle after the grace when DMS describes it late': {
      looks: [
        [5, undescribed],
        [120, stopped],
        [129, stopped],
        [130, stopped],
      ],
      verdicts: ['settling', 'settling', 'settling', 'agreed'],
    },
    'is recorded after its grace when its description keeps changing': {
      looks: Array.from({ length: 30 }, (_, n) => [5 * n, look({ recoveryCheckpoint: `${n}` })] as const),
      verdicts: [...Array.from({ length: 25 }, () => 'settling'), 'grace-expired'],
    },
    'waits on when an older look shows it stopped after looks showed it running': {
      looks: [
        [0, lowMemory],
        [1795, lowMemory],
        [1798, running],
        [1801, lowMemory],
      ],
      verdicts: ['settling', 'settling', 'settling', 'settling'],
    },
    'settles when its description changed between looks': {
      looks: [
        [0, look({ recoveryCheckpoint: null })],
        [900, stopped],
        [910, stopped],
      ],
      verdicts: ['settling', 'settling', 'agreed'],
    },
    'settles when its description changes for the last time after the grace': {
      looks: [
        [0, look({ recoveryCheckpoint: null })],
        [121, stopped],
        [125, stopped],
        [131, stopped],
      ],
      verdicts: ['settling', 'settling', 'settling', 'agreed'],
    },
    'settles by its own times when it took long': {
      looks: [
        [0, running],
        [150, stopping],
        [300, look({ recoveryCheckpoint: null })],
        [305, stopped],
        [315, stopped],
      ],
      verdicts: ['stopping', 'stopping', 'settling', 'settling', 'agreed'],
    },
    'settles at the first look without a settle time': {
      looks: [[1, stopped]],
      verdicts: ['agreed'],
      rules: { ...asked, settleSeconds: 0 },
    },
    'waits in an unknown status': {
      looks: [
        [0, { ...running, status: 'upgrading' }],
        [200, { ...running, status: 'modifying' }],
      ],
      verdicts: ['stopping', 'stopping'],
    },
    'waits while DMS still shows it running, however long': {
      looks: [
        [0, running],
        [61, running],
        [900, running],
      ],
      verdicts: ['stopping', 'stopping', 'stopping'],
    },
  });

  test.each([
    ['DMS is stopping it', stopping],
    ['it is in transition ("modifying")', { ...running, status: 'modifying' }],
    ['DMS still shows "running"', running],
    ['it is stopped; its checkpoint is settling', stopped],
    ['it is stopped; DMS has not described this stop yet', undescribed],
  ])('says what it waits for: %s', (why, replication) =>
    expect(judgeStop(beginStopWait(false), { replication, elapsedSeconds: 0 }, asked).verdict).toMatchObject({ why }),
  );

  test('says when the next look can decide', () => {
    const left = (seconds: number, memory = beginStopWait(true), replication = stopped) => {
      const judged = judgeStop(memory, { replication, elapsedSeconds: seconds }, asked);
      return [judged.memory, 'lookInSeconds' in judged.verdict ? judged.verdict.lookInSeconds : null] as const;
    };
    const [memory, first] = left(5);
    expect([first, left(9, memory)[1], left(9, memory, stopping)[1]]).toEqual([10, 6, null]);
    expect(left(9, memory, running)[1]).toBe(60);
    expect(left(29, left(9, memory, running)[0], running)[1]).toBe(40);
  });
});

describe('a stop that is undone', () => {
  const looksEvery = (seconds: number, from: number, to: number, replication = running) =>
    Array.from({ length: (to - from) / seconds + 1 }, (_, n) => [from + n * seconds, replication] as const);

  cases({
    'is not reverted by twelve seconds of older looks': {
      looks: [[0, stopping], ...looksEvery(2, 2, 14), [16, stopping], [20, stopped], [30, stopped]],
      verdicts: ['stopping', ...Array.from({ length: 7 }, () => 'stopping'), 'stopping', 'settling', 'agreed'],
    },
    'is reverted once looks agree for longer than staleness': {
      looks: [
        [0, stopping],
        [2, running],
        [62, running],
        [63, running],
      ],
      verdicts: ['stopping', 'stopping', 'stopping', 'reverted'],
    },
    'is reverted also when the stop was seen only by its time': {
      looks: [
        [0, again],
        [60, again],
        [61, again],
      ],
      verdicts: ['stopping', 'stopping', 'reverted'],
    },
    'is reverted when the replication runs before the settle time is over': {
      looks: [
        [0, stopped],
        [5, withoutStop],
        [65, withoutStop],
        [66, withoutStop],
      ],
      verdicts: ['settling', 'settling', 'settling', 'reverted'],
    },
    'is not reverted while any look contradicts': {
      looks: [
        [0, stopping],
        [2, running],
        [40, stopping],
        [42, running],
        [100, running],
        [104, stopped],
      ],
      verdicts: ['stopping', 'stopping', 'stopping', 'stopping', 'stopping', 'settling'],
    },
    'counts only after its grace when DMS usually undoes it': {
      looks: [
        [0, stopping],
        [5, lowMemory],
        [15, lowMemory],
        [1804, lowMemory],
        [1805, lowMemory],
      ],
      verdicts: ['stopping', 'settling', 'settling', 'settling', 'agreed'],
    },
    'keeps that grace through an older look': {
      looks: [
        [5, lowMemory],
        [20, stopping],
        [40, lowMemory],
        [1804, lowMemory],
        [1805, lowMemory],
      ],
      verdicts: ['settling', 'settling', 'settling', 'settling', 'agreed'],
    },
    'is requested again at once when the look shows the stop that DMS undid': {
      looks: [
        [0, stopping],
        [60, { ...lowMemory, status: 'replication_starting' }],
      ],
      verdicts: ['stopping', 'running-again'],
    },
    'is requested again when DMS undid it and no longer shows that stop': {
      looks: [
        [0, lowMemory],
        [5, withoutStop],
        [65, withoutStop],
        [66, withoutStop],
      ],
      verdicts: ['settling', 'settling', 'settling', 'running-again'],
    },
    'is requested again if no look showed it and looks agree on a later run': {
      looks: [
        [0, run(FIRST)],
        [5, run(LATER)],
        [60, run(LATER)],
        [61, run(LATER)],
      ],
      verdicts: ['stopping', 'stopping', 'stopping', 'running-again'],
      rules: { ...asked, startedAt: FIRST },
    },
    'is waited for while looks show the run to stop, or a run without a start time': {
      looks: [
        [0, run(FIRST)],
        [90, run(FIRST)],
        [180, running],
      ],
      verdicts: ['stopping', 'stopping', 'stopping'],
      rules: { ...asked, startedAt: FIRST },
    },
    'is waited for while the run to stop is unknown': {
      looks: [
        [0, run(LATER)],
        [90, run(LATER)],
      ],
      verdicts: ['stopping', 'stopping'],
    },
    'counts at once after a fatal error': {
      looks: [
        [0, stopping],
        [5, fatal],
        [15, fatal],
      ],
      verdicts: ['stopping', 'settling', 'agreed'],
    },
    'is requested again when DMS restarts it eight seconds after a fatal error': {
      looks: [
        [0, stopping],
        [5, fatal],
        [13, { ...fatal, status: 'initializing' }],
      ],
      verdicts: ['stopping', 'settling', 'running-again'],
    },
  });
});

describe('a stop of a replication found at rest', () => {
  cases({
    'settles by two looks however long ago it stopped': {
      looks: [
        [0, stopped],
        [9, stopped],
        [10, stopped],
      ],
      verdicts: ['settling', 'settling', 'agreed'],
      rules: found,
    },
    'is asked for when three older looks had shown it stopped': {
      looks: [
        [0, stopped],
        [2, stopped],
        [4, stopped],
        [6, again],
      ],
      verdicts: ['settling', 'settling', 'settling', 'running-again'],
      rules: found,
    },
    'is asked for when the first look shows it starting': {
      looks: [[0, { ...stopped, status: 'initializing' }]],
      verdicts: ['running-again'],
      rules: found,
    },
    'is reverted when the replication was seen stopping and then runs': {
      looks: [
        [0, running],
        [60, running],
        [61, running],
      ],
      verdicts: ['stopping', 'stopping', 'reverted'],
      rules: found,
      hasSeenStop: true,
    },
    'does not count while its stop is older than its run': {
      looks: [[0, look({ replicationStats: { startDate: '2026-01-03T00:00:00.000Z' } as never })]],
      verdicts: ['settling'],
      rules: { ...found, settleSeconds: 0 },
    },
  });
});

describe('a stop of a replication that failed', () => {
  cases({
    'fails at once when the failure comes with a newer stop': {
      looks: [[0, look({ status: 'failed' })]],
      verdicts: ['failed'],
    },
    'fails once looks agree for longer than staleness when there is no newer stop': {
      looks: [
        [0, failed],
        [60, failed],
        [61, failed],
      ],
      verdicts: ['stopping', 'stopping', 'failed'],
    },
    'does not fail by a failure from before its last start': {
      looks: [
        [0, failed],
        [8, stopping],
        [20, stopped],
        [30, stopped],
      ],
      verdicts: ['stopping', 'stopping', 'settling', 'agreed'],
    },
    'does not fail at once by a stop time when no stop is known from before': {
      looks: [
        [0, look({ status: 'failed' })],
        [61, look({ status: 'failed' })],
      ],
      verdicts: ['stopping', 'failed'],
      rules: found,
    },
    'ends at once when it is being deleted': {
      looks: [[0, { ...running, status: 'deleting' }]],
      verdicts: ['deleting'],
    },
  });
});

describe('a stop of a replication that shows no run', () => {
  cases({
    'ends when two looks agree and no run was ever seen': {
      looks: [
        [0, created],
        [9, created],
        [10, created],
      ],
      verdicts: ['settling', 'settling', 'never-started'],
      rules: found,
    },
    'waits past the settle time while there is no row, although no ledger has seen it run': {
      looks: [
        [0, withoutRow],
        [10, withoutRow],
        [30, withoutRow],
        [40, running],
      ],
      verdicts: ['stopping', 'stopping', 'stopping', 'running-again'],
      rules: found,
    },
    'is asked for when a row turns up that runs': {
      looks: [
        [0, created],
        [5, running],
      ],
      verdicts: ['settling', 'running-again'],
      rules: found,
    },
    'takes the look for a missing one when DMS accepted the call': {
      looks: [
        [0, created],
        [20, stopping],
        [30, stopped],
        [40, stopped],
      ],
      verdicts: ['stopping', 'stopping', 'settling', 'agreed'],
    },
    'takes the look for a missing one when the ledger saw it run': {
      looks: [
        [0, created],
        [60, created],
        [61, created],
      ],
      verdicts: ['stopping', 'stopping', 'never-started'],
      rules: { ...found, hasRun: true },
    },
    'takes the look for a missing one when it was seen stopping': {
      looks: [
        [0, created],
        [30, created],
        [61, created],
      ],
      verdicts: ['stopping', 'stopping', 'never-started'],
      rules: found,
      hasSeenStop: true,
    },
  });
});

describe('the deadline of a stop', () => {
  cases({
    'does not count again when an older look comes after the stop': {
      looks: [
        [0, stopped],
        [5, stopping],
        [8, running],
        [9, { ...running, status: 'modifying' }],
      ],
      verdicts: ['settling', 'settling', 'settling', 'settling'],
    },
    'counts again once looks agree on something else': {
      looks: [
        [0, stopped],
        [5, stopping],
        [65, stopping],
        [66, stopping],
      ],
      verdicts: ['settling', 'settling', 'settling', 'stopping'],
    },
  });
});

test('a failed replication settles by the same rules', () => {
  const rules = { settleSeconds: 10, selfRestartGraceSeconds: 0, before: asked.before };
  const shown = look({ status: 'failed' });
  const first = judgeSettling(beginStopWait(false), { replication: shown, elapsedSeconds: 0 }, rules);
  expect(first.verdict).toEqual({
    type: 'wait',
    phase: 'settling',
    lookInSeconds: 10,
    why: 'it is failed; its checkpoint is settling',
  });
  const second = judgeSettling(first.memory, { replication: shown, elapsedSeconds: 10 }, rules);
  expect(second.verdict).toEqual({ type: 'settled', settled: 'agreed' });
  expect(second.memory.hasSeenStop).toBe(true);
});
