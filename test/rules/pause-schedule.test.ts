import { expect, test } from 'vitest';
import { pauseProblem } from '../../src/rules/pause-schedule.js';

const at = (time: string) => new Date(`2026-11-${time}:00Z`);
const pause = (stopAt: string, resumeAt: string | null) => ({
  stopAt: at(stopAt),
  resumeAt: resumeAt === null ? null : at(resumeAt),
});

test.each([
  ['a night', [pause('02T22:00', '03T06:00')], null],
  ['a stop that no resume follows', [pause('06T20:00', null)], /stops at 2026-11-06T20:00:00.000Z and does not resume/],
  ['one such stop among others', [pause('05T20:00', '06T06:00'), pause('06T20:00', null)], /stops at 2026-11-06T20:00/],
  ['a stop and a resume at the same time', [pause('02T22:00', '02T22:00')], /at the same time, 2026-11-02T22:00/],
  ['no stop at all', [], /never stops/],
])('the problem of a pause schedule with %s', (_, pauses, problem) => {
  if (problem === null) expect(pauseProblem(pauses)).toBeNull();
  else expect(pauseProblem(pauses)).toMatch(problem);
});
