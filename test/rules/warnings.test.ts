import { describe, expect, test } from 'vitest';
import type { Replication } from '../../src/dms/replication.js';
import { stopReasonCode } from '../../src/dms/stop-reasons.js';
import type { CheckpointDraft } from '../../src/contract/records.js';
import { endpointsUnknown, stopWarnings } from '../../src/rules/warnings.js';
import { look } from '../support/look.js';

const now = Date.parse('2026-01-02T01:00:00.000Z');
const draft = (changes: Partial<CheckpointDraft> = {}): CheckpointDraft => {
  const stopReason = changes.stopReason === undefined ? 'Stop Reason NORMAL' : changes.stopReason;
  return {
    stopReason,
    stopReasonCode: stopReasonCode(stopReason),
    resumeBy: '2026-01-04T00:00:00.000Z',
    replicationType: 'full-load-and-cdc',
    recoveryCheckpoint: 'checkpoint:V1#1',
    settled: 'agreed',
    ...changes,
  } as CheckpointDraft;
};
const codes = (checkpoint: CheckpointDraft, replication: Replication = look()) =>
  stopWarnings(checkpoint, replication, now).map(({ code }) => code);

describe('the warnings of a stop', () => {
  test.each<[string, Partial<CheckpointDraft>, Partial<Replication>, string[]]>([
    ['are none for an ordinary stop', {}, {}, []],
    [
      'name capacity that is still billed',
      {},
      { provisionData: { provisionState: 'provisioned' } as never },
      ['capacity-still-billed'],
    ],
    [
      'name the end of the resume window after deprovisioning, and no billed capacity',
      { resumeBy: null },
      { provisionData: { provisionState: 'deprovisioned' } as never },
      ['short-window'],
    ],
    ['do not name an unknown resume deadline', { resumeBy: null }, {}, []],
    ['are none for a stop at a position', { stopReason: 'Stop Reason STOPPED_AT_COMMIT_TIME' }, {}, []],
    ['name a fatal error', { stopReason: 'Stop Reason FATAL_ERROR' }, {}, ['not-normal-stop', 'may-restart']],
    ['name an unknown stop reason', { stopReason: 'Stop Reason BORED' }, {}, ['not-normal-stop']],
    ['are none without a stop reason', { stopReason: null }, {}, []],
    [
      'name a stop that DMS may undo',
      { stopReason: 'Stop Reason RECYCLE_TASK' },
      {},
      ['not-normal-stop', 'may-restart'],
    ],
    [
      'name changes cached during the full load',
      { stopReason: 'Stop Reason STOPPED_AFTER_FULL_LOAD' },
      {},
      ['not-normal-stop', 'cached-changes-not-applied'],
    ],
    ['name a stop that did not settle', { settled: 'grace-expired' }, {}, ['unsettled']],
    ['name a missing checkpoint', { recoveryCheckpoint: null }, {}, ['no-checkpoint']],
    [
      'do not name the missing checkpoint of a full load',
      { recoveryCheckpoint: null, replicationType: 'full-load' },
      {},
      [],
    ],
    [
      'name a full load that was cut short',
      {},
      { replicationStats: { fullLoadProgressPercent: 99 } as never },
      ['full-load-interrupted'],
    ],
    [
      'do not name an unknown load once its statistics are lost',
      {},
      {
        replicationStats: { fullLoadProgressPercent: 0 } as never,
        provisionData: { provisionState: 'deprovisioned' } as never,
      },
      ['short-window'],
    ],
    ['are none for a finished full load', {}, { replicationStats: { fullLoadProgressPercent: 100 } as never }, []],
    [
      'do not name a full load for CDC alone',
      { replicationType: 'cdc' },
      { replicationStats: { fullLoadProgressPercent: 0 } as never },
      [],
    ],
    ['are none if half a day to resume is left', { resumeBy: '2026-01-02T13:00:00.000Z' }, {}, []],
    ['name a resume window of less than half a day', { resumeBy: '2026-01-02T12:59:00.000Z' }, {}, ['short-window']],
    ['name a resume window that ends now', { resumeBy: '2026-01-02T01:00:00.000Z' }, {}, ['short-window']],
    ['name a resume window that has ended', { resumeBy: '2026-01-02T00:59:00.000Z' }, {}, ['short-window']],
    [
      'are none for a replication that never ran',
      { recoveryCheckpoint: null, stopReason: null },
      { status: 'created' },
      [],
    ],
  ])('%s', (_, checkpoint, replication, expected) => {
    expect(codes(draft(checkpoint), look(replication))).toEqual(expected);
  });

  test('say what to do, and how long is left', () => {
    const said = stopWarnings(draft({ stopReason: 'Stop Reason FATAL_ERROR' }), look(), now)[0]?.message;
    expect(said).toContain('Next: read its log');
    expect(said).toContain('after some of them, DMS starts it again by itself');
    const short = (resumeBy: string) => stopWarnings(draft({ resumeBy }), look(), now)[0]?.message;
    expect(short('2026-01-02T04:30:00.000Z')).toContain('another 3.5 hours');
    expect(short('2026-01-02T00:00:00.000Z')).toContain('ended at 2026-01-02T00:00:00.000Z');
    expect(short('2026-01-02T01:00:00.000Z')).toContain('ended at 2026-01-02T01:00:00.000Z');
    const unknown = stopWarnings(draft({ stopReason: 'Stop Reason BORED' }), look(), now)[0]?.message;
    expect(unknown).toBe('DMS gives "Stop Reason BORED", which is not a known stop reason');
    const half = look({ replicationStats: { fullLoadProgressPercent: 50 } as never });
    expect(stopWarnings(draft(), half, now)[0]?.message).toContain('the full load was at 50 %');
    const billed = look({ provisionData: { provisionState: 'provisioned' } as never });
    const billedUntil = (resumeBy: string | null) => stopWarnings(draft({ resumeBy }), billed, now)[0]?.message;
    expect(billedUntil('2026-01-04T00:00:00.000Z')).toContain('billed until 2026-01-04T00:00:00.000Z');
    expect(billedUntil(null)).toContain('billed until DMS deprovisions it');
    const gone = look({ provisionData: { provisionState: 'deprovisioning' } as never });
    expect(stopWarnings(draft({ resumeBy: null }), gone, now)[0]?.message).toContain('DMS has deprovisioned it');
  });
});

test('a warning about unknown endpoint addresses names the consequence', () => {
  expect(endpointsUnknown(null, 'nothing is compared')).toEqual([]);
  expect(endpointsUnknown('IAM denies it', 'nothing is compared')).toEqual([
    {
      code: 'endpoints-unknown',
      message: 'The addresses of its endpoints are unknown (IAM denies it), so nothing is compared',
    },
  ]);
});
