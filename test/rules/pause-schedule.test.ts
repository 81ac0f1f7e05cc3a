import { expect, test } from 'vitest';
import { pauseProblem } from '../../src/rules/pause-schedule.js';

const at = (time: string) => new Date(`2026-11-${time}:00Z`);
const pause = (stopAt: string, resumeAt: string | null) => ({
  stopAt: at(stopAt),
  resumeAt: resumeAt === null ? null : at(resumeAt),
});

test.each([
  ['that pauses for a night has no problem', [pause('02T22:00', '03T06:00')], null],
  [
    'without a resume after its stop is refused',
    [pause('06T20:00', null)],
    /stops at 2026-11-06T20:00:00.000Z and does not resume/,
  ],
  [
    'with one such stop among others is refused',
    [pause('05T20:00', '06T06:00'), pause('06T20:00', null)],
    /stops at 2026-11-06T20:00/,
  ],
  ['that stops and resumes at once is refused', [pause('02T22:00', '02T22:00')], /at the same time, 2026-11-02T22:00/],
  ['without any stop is refused', [], /never stops/],
])('a pause schedule %s', (_, pauses, problem) => {
  if (problem === null) expect(pauseProblem(pauses)).toBeNull();
  else expect(pauseProblem(pauses)).toMatch(problem);
});
