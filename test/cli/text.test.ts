import { describe, expect, test } from 'vitest';
import { commandLines, distance, duration, fields, shortName, table } from '../../src/cli/text.js';

const now = Date.parse('2026-11-30T10:00:00.000Z');
const at = (seconds: number) => new Date(now + seconds * 1000).toISOString();

describe('a text for people', () => {
  test.each([
    [0, 'in 0 s'],
    [-1, '1 s ago'],
    [59, 'in 59 s'],
    [3600, 'in 1 h'],
    [7500, 'in 2 h 5 min'],
    [-90_061, '1 d 1 h ago'],
    [172_799, 'in 1 d 23 h'],
  ])('says a time %i s from now as "%s"', (seconds, text) => expect(distance(at(seconds), now)).toBe(text));

  test('says a duration without fractions', () => expect(duration(61.9)).toBe('1 min 1 s'));

  test('aligns fields, leaves out what is not known, and breaks lines at 80 characters', () => {
    const long = `${'word '.repeat(20)}end`;
    const text = fields([
      ['phase', 'stopping'],
      ['sealed', null],
      ['resume by', long],
    ]);
    expect(text).toBe(
      [
        '  phase      stopping',
        `  resume by  ${'word '.repeat(13).trim()}`,
        `             ${'word '.repeat(7)}end`,
      ].join('\n'),
    );
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  test('keeps a word that is longer than a line whole, so that it can be copied', () => {
    const checkpoint = 'c'.repeat(100);
    expect(fields([['checkpoint', checkpoint]])).toContain(checkpoint);
  });

  test('fits a table into 80 characters, whose last column is broken', () => {
    const text = table(
      ['NAME', 'WHY'],
      [
        ['one', 'w '.repeat(60).trim()],
        ['another', 'short'],
      ],
    );
    const lines = text.split('\n');
    expect(lines[0]).toBe('NAME     WHY');
    expect(lines.at(-1)).toBe('another  short');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  const cell = {
    name: 'N'.repeat(44),
    arn: 'arn:aws:dms:eu-west-1:123456789012:replication-config:ORDERS-TO-AURORA',
    person: 'Ada Lovelace of the data platform team in Berlin',
    session: 'arn:aws:sts::123456789012:assumed-role/operators/ada.lovelace@example.com',
    time: '2026-11-30 10:00:00',
    type: 'reservation-broken',
    prose: 'the owner has gone home and does not come back before Monday',
  };
  test.each([
    ['prose in every column', [cell.prose, cell.prose, cell.prose]],
    ['a long name in a middle column', [cell.time, cell.type, cell.person, cell.prose]],
    ['a word in a middle column that is longer than it', [cell.time, cell.type, cell.session, cell.prose]],
    ['a whole ARN in the first column', [cell.arn, 'running', 'in 1 d 23 h', cell.prose]],
    ['two names that are long', [cell.name, cell.name, cell.time, 'active']],
    ['long words in every column but the last', [cell.arn, cell.session, cell.name, cell.prose]],
  ])('fits a table with %s into 80 characters, and loses no word', (_, row) => {
    const header = ['FIRST', 'SECOND', 'THIRD', 'FOURTH'].slice(0, row.length);
    const text = table(header, [row, header.map(() => 'short')]);
    const lines = text.split('\n');
    expect(lines.filter((line) => line.length > 80 || line.trim() === '')).toEqual([]);
    const words = (what: string) => what.split(/\s+/).toSorted();
    expect(words(text)).toEqual(words([...header, ...row, ...header.map(() => 'short')].join(' ')));
    // Every column begins below its header.
    const ends = lines.at(-1) ?? '';
    expect(ends.split(/ +/)).toEqual(header.map(() => 'short'));
    for (const name of header) expect(ends[(lines[0] ?? '').indexOf(name)]).toBe('s');
  });

  test('goes on below the header after a word that is longer than its column', () =>
    expect(
      table(
        ['REPLICATION', 'STATE', 'NOTES'],
        [
          [cell.arn, 'stopped', 'sealed, reserved by ada'],
          ['USERS', 'running', ''],
        ],
      ),
    ).toBe(
      [
        'REPLICATION  STATE    NOTES',
        cell.arn,
        '             stopped  sealed, reserved by ada',
        'USERS        running',
      ].join('\n'),
    ));

  test('leaves a table that fits as it is', () =>
    expect(table(['A', 'B'], [['a'.repeat(60), 'b'.repeat(18)]])).toBe(
      `${'A'.padEnd(60)}  B\n${'a'.repeat(60)}  ${'b'.repeat(18)}`,
    ));

  test('never breaks a command', () =>
    expect(commandLines('Next:', ['x '.repeat(60)])).toBe(`Next:\n  ${'x '.repeat(60)}`));

  test('names a replication by the last part of its ARN', () =>
    expect(shortName('arn:aws:dms:eu-west-1:123456789012:replication-config:ORDERS')).toBe('ORDERS'));
});
