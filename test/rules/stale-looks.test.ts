import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Replication } from '../../src/dms/replication.js';
import { look } from '../support/look.js';
import { asked, created, found, startVerdicts, stopVerdicts, type Looks } from '../support/judged.js';

/** Life of a replication: what DMS knows of it from each second on. Negative seconds lie before the wait. */
type Life = readonly (readonly [from: number, replication: Replication])[];

/** Maximum age of a look in these tests. A change of the rules' own constant does not change it. */
const OLDEST_SECONDS = 60;
const EVERY_SECONDS = 2;
const LONGEST_SECONDS = 600;
const stopTime = (seconds: number) => new Date(Date.parse('2026-01-02T00:00:00.000Z') + seconds * 1000).toISOString();

/** A row that shows a status beside the last stop. */
const row = (status: string, lastStop: number, changes: Partial<Replication> = {}): Replication =>
  look({ status, replicationLastStopTime: stopTime(lastStop), ...changes });

function shownAt(life: Life, second: number): Replication {
  const shown = life.findLast(([from]) => from <= second) ?? life[0];
  if (shown === undefined) throw new Error('A life has a beginning');
  return shown[1];
}

/** Series of looks of one age, one series after another, before fresh looks. Age `null`: the looks are missing. */
const ages = fc.array(
  fc.record({
    row: fc.integer({ min: 1, max: 35 }),
    age: fc.option(fc.integer({ min: 0, max: OLDEST_SECONDS }), { freq: 6 }),
  }),
  { maxLength: 30 },
);

function looksOf(life: Life, rows: readonly { readonly row: number; readonly age: number | null }[]): Looks {
  const each = rows.flatMap(({ row: length, age }) => Array.from({ length }, () => age));
  return Array.from({ length: LONGEST_SECONDS / EVERY_SECONDS }, (_, n) => n).flatMap((n) => {
    const age = n < each.length ? (each[n] ?? null) : 0;
    const at = n * EVERY_SECONDS;
    return age === null ? [] : [[at, shownAt(life, at - age)] as const];
  });
}

const ended = (verdicts: readonly string[]) => verdicts.at(-1) ?? '';

/** Checks how a wait ends, with fresh looks alone and with looks of any age. */
function expectEnd(
  life: Life,
  end: string,
  judge: (looks: Looks) => readonly string[],
  orElse: readonly string[] = [],
) {
  expect(ended(judge(looksOf(life, [])))).toBe(end);
  fc.assert(
    fc.property(ages, (rows) => {
      expect([end, ...orElse]).toContain(ended(judge(looksOf(life, rows))));
    }),
    { numRuns: 300 },
  );
}

interface Lived {
  readonly life: Life;
  readonly end: string;
  /** Ends that older looks may lead to as well. */
  readonly orElse?: readonly string[];
}

describe('looks that are up to a minute old or missing only delay the end of a stop', () => {
  const rules = { ...asked, before: { ...asked.before, lastStopTime: stopTime(-400) } as typeof asked.before };
  const stop = (from: number, to: number): Life => [
    [from, row('stopping', -400)],
    [to, row('stopped', to)],
  ];

  test.each<[string, Lived]>([
    ['of a replication that runs', { life: [[-900, row('running', -400)], ...stop(4, 30)], end: 'agreed' }],
    [
      'of a replication that was stopped a moment ago',
      { life: [[-900, row('stopped', -400)], [-3, row('running', -400)], ...stop(1, 9)], end: 'agreed' },
    ],
    [
      'of a replication that had failed a moment ago',
      { life: [[-900, row('failed', -400)], [-3, row('running', -400)], ...stop(1, 9)], end: 'agreed' },
    ],
    [
      'of a replication that DMS showed as created a moment ago',
      { life: [[-900, created], [-3, row('running', -400)], ...stop(1, 9)], end: 'agreed' },
    ],
    ['that takes long', { life: [[-900, row('running', -400)], ...stop(4, 300)], end: 'agreed' }],
    [
      'that DMS describes in pieces',
      {
        life: [
          [-900, row('running', -400)],
          [3, row('stopped', -400)],
          [20, row('stopped', 3, { stopReason: null })],
          [40, row('stopped', 3, { recoveryCheckpoint: null })],
          [50, row('stopped', 3)],
        ],
        end: 'agreed',
      },
    ],
    [
      'that DMS never describes',
      {
        life: [
          [-900, row('running', -400)],
          [2, row('stopping', -400)],
          [9, row('stopped', -400)],
        ],
        end: 'grace-expired',
      },
    ],
    [
      'that is reverted',
      {
        life: [[-900, row('running', -400)], ...stop(2, 9), [11, row('initializing', 9)], [40, row('running', 9)]],
        end: 'reverted',
        // The stop is a fact, and looks may show it for long enough.
        orElse: ['agreed'],
      },
    ],
    [
      'that ends in a failure',
      {
        life: [
          [-900, row('running', -400)],
          [2, row('stopping', -400)],
          [9, row('failed', 9)],
        ],
        end: 'failed',
      },
    ],
    [
      'that ends in a failure without a time',
      {
        life: [
          [-900, row('running', -400)],
          [2, row('stopping', -400)],
          [9, row('failed', -400)],
        ],
        end: 'failed',
      },
    ],
  ])('%s', (_, { life, end, orElse }) => expectEnd(life, end, (looks) => stopVerdicts(looks, rules), orElse));

  test('of a replication that somebody started at the console, if the settle time is a minute', () => {
    const life: Life = [
      [-900, row('stopped', -400)],
      [-2, row('initializing', -400)],
      [20, row('running', -400)],
    ];
    const settles = { ...found, settleSeconds: OLDEST_SECONDS };
    expectEnd(life, 'running-again', (looks) => stopVerdicts(looks, settles));
  });
});

describe('looks that are up to a minute old or missing only delay the end of a start', () => {
  const stopped: Life = [
    [-900, row('running', -400)],
    [-9, row('stopping', -400)],
    [-4, row('stopped', -4)],
  ];
  const starts: Life = [...stopped, [5, row('initializing', -4)], [40, row('running', -4)]];
  const before = row('stopped', -4);

  test.each<[string, Lived]>([
    ['of a replication that runs', { life: starts, end: 'done' }],
    [
      'of a replication that is stopped at the console',
      { life: [...starts, [45, row('stopping', -4)], [50, row('stopped', 50)]], end: 'reverted' },
    ],
    [
      'of a replication that reaches its stop position',
      {
        life: [...starts, [50, row('stopped', 50, { stopReason: 'Stop Reason STOPPED_AT_COMMIT_TIME' })]],
        end: 'done',
      },
    ],
    [
      'of a replication that fails',
      { life: [...stopped, [5, row('initializing', -4)], [9, row('failed', -4)]], end: 'failed' },
    ],
  ])('%s', (_, { life, end, orElse }) =>
    expectEnd(life, end, (looks) => startVerdicts(looks, { before, verifyProgressSeconds: 120 }), orElse),
  );

  test('of a replication that failed before', () => {
    const life: Life = [
      [-900, row('running', -400)],
      [-9, row('failed', -400)],
      [5, row('initializing', -400)],
      [40, row('running', -400)],
    ];
    expectEnd(life, 'done', (looks) =>
      startVerdicts(looks, { before: row('failed', -400), verifyProgressSeconds: 60 }),
    );
  });

  test('that is not verified, and never end it before the replication runs', () => {
    fc.assert(
      fc.property(ages, (rows) => {
        const looks = looksOf(starts, rows);
        const verdicts = startVerdicts(looks, { before });
        expect(ended(verdicts)).toBe('done');
        expect(looks[verdicts.length - 1]?.[0]).toBeGreaterThanOrEqual(40);
      }),
      { numRuns: 300 },
    );
  });
});
