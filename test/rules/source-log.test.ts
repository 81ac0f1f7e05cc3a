import { describe, expect, test } from 'vitest';
import { judgeSourceLog } from '../../src/rules/source-log.js';

const HOUR = 3600;
const now = Date.UTC(2026, 0, 2);
const stoppedAt = new Date(now - 10 * HOUR * 1000).toISOString();
const lag = (sourceSeconds: number | null, targetSeconds: number | null = 0) => ({
  sourceSeconds,
  targetSeconds,
  at: stoppedAt,
});
const judged = (
  lagAtStop: Parameters<typeof judgeSourceLog>[1],
  sourceLogRetentionSeconds: number | null,
  oldestOpenTransactionSeconds: number | null = null,
  stop: string | null = stoppedAt,
) => {
  const known = { sourceLogRetentionSeconds, oldestOpenTransactionSeconds };
  const verdict = judgeSourceLog(stop, lagAtStop, known, now);
  return verdict.expired === null ? verdict.warnings.map(({ code }) => code) : 'expired';
};

describe('the source log of a replication that stopped ten hours ago', () => {
  test.each([
    ['is not judged without a retention time', judged(lag(0), null), []],
    ['is not judged without a stop time', judged(lag(0), HOUR, null, null), ['lag-unknown']],
    ['is there when it is kept for a day', judged(lag(5), 24 * HOUR), []],
    ['is gone when it is kept for less', judged(lag(0), 9.9 * HOUR), 'expired'],
    ['is there to the last second', judged(lag(0), 10 * HOUR), ['source-log-short']],
    ['is not near its end at four fifths', judged(lag(0), 12.5 * HOUR), []],
    [
      'is needed only for the lag when the stop time lies in the future',
      judged(lag(0), 0.5, null, new Date(now + 9000).toISOString()),
      [],
    ],
    ['is near its end from four fifths on', judged(lag(0), 12 * HOUR), ['source-log-short']],
    ['is needed from where the source was read', judged(lag(2.5 * HOUR), 12 * HOUR), 'expired'],
    ['is needed from what was not applied yet', judged(lag(HOUR, 1.5 * HOUR), 12 * HOUR), 'expired'],
    ['is needed from the oldest transaction on', judged(lag(0), 12 * HOUR, 2.5 * HOUR), 'expired'],
    ['may be needed from earlier when the lag is not known', judged(null, 24 * HOUR), ['lag-unknown']],
    ['may be needed from earlier when half of the lag is known', judged(lag(null, 3), 24 * HOUR), ['lag-unknown']],
    [
      'is near its end and may be needed from earlier when the lag is not known',
      judged(undefined, 12 * HOUR),
      ['source-log-short', 'lag-unknown'],
    ],
  ])('%s', (_, seen, expected) => {
    expect(seen).toEqual(expected);
  });

  test('is reported with its parts', () => {
    const known = { sourceLogRetentionSeconds: 9 * HOUR, oldestOpenTransactionSeconds: 120 };
    expect(judgeSourceLog(stoppedAt, lag(60, 30), known, now).expired).toBe(
      `the log is needed from 10.1 h ago on (stopped at ${stoppedAt}, 90 s behind then, oldest transaction open for 120 s), and the source keeps 9.0 h`,
    );
  });

  test('is reported in seconds below two hours', () => {
    const said = (oldestOpenTransactionSeconds: number) => {
      const known = { sourceLogRetentionSeconds: HOUR, oldestOpenTransactionSeconds };
      return judgeSourceLog(stoppedAt, lag(null, null), known, now).expired;
    };
    expect(said(7199.4)).toContain('0 s behind then, oldest transaction open for 7199 s');
    expect(said(7200)).toContain('oldest transaction open for 2.0 h');
  });
});
