import { describe, expect, test } from 'vitest';
import { isDmsFailure } from '../../src/operations/failures.js';
import { planWindow, type WindowInput } from '../../src/operations/windows.js';
import { arn } from '../support/operations.js';

const nightly: WindowInput = {
  windowId: 'night',
  replicationConfigArn: arn,
  stop: { at: '22:00' },
  resume: { at: '06:30' },
};
const planned = (more: Partial<WindowInput> = {}) => planWindow({ ...nightly, ...more });
const refusal = (more: object): string => {
  try {
    planned(more);
  } catch (err) {
    return isDmsFailure(err, 'DmsInvalidInput') ? err.message : String(err);
  }
  return 'planned';
};
const weekdays = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday'] as const;

describe('a window', () => {
  test('knows its longest pause, with clocks that are set back', () => {
    expect(planned()).toMatchObject({ longestPauseHours: 8.5, timeZone: 'UTC' });
    expect(planned({ timeZone: 'Europe/Berlin' })).toMatchObject({ longestPauseHours: 9.5 });
    const stop = { at: '20:00', days: weekdays };
    // The pause of a Friday ends on Saturday; the others on the next day.
    expect(planned({ stop, resume: { at: '04:00' } }).longestPauseHours).toBe(8);
  });

  test('warns that capacity is billed while it is stopped', () => {
    expect(planned().warnings).toMatchObject([{ code: 'capacity-still-billed' }]);
  });

  test('is refused when a pause comes near the 48 hours', () => {
    const weekend = { stop: { at: '20:00', days: ['friday'] }, resume: { at: '06:00', days: ['monday'] } };
    expect(refusal(weekend)).toMatch(
      /from friday 20:00 to monday 06:00 it is stopped for 58 hours, and DMS deprovisions it after 48, and the 6 hours before/,
    );
    const long = { stop: { at: '12:00', days: ['friday'] }, resume: { at: '06:00', days: ['sunday'] } };
    expect(refusal(long)).toBe('planned'); // 42 hours
    expect(refusal({ ...long, timeZone: 'Europe/Berlin' })).toContain('it is stopped for 43 hours');
    expect(refusal({ ...long, timeZone: 'Europe/Berlin', deadlineLeadSeconds: 3600 })).toBe('planned');
    const everyDayButNever = { resume: { at: '06:30', days: ['monday'] } };
    expect(refusal(everyDayButNever)).toContain('from monday 22:00 to monday 06:30 it is stopped for 152.5 hours');
  });

  test.each([
    ['a time that is none', { stop: { at: '25:00' } }, 'stop.at is a time such as 22:30'],
    ['no time', { resume: undefined }, 'resume.at is a time'],
    ['a day that is none', { stop: { at: '22:00', days: ['Monday'] } }, 'stop.days are some of monday, tuesday'],
    ['no day', { stop: { at: '22:00', days: [] } }, 'stop.days are some of'],
    ['one time for both', { stop: { at: '06:30', days: ['friday'] } }, 'at the same time, friday 06:30'],
    ['a name with blanks', { windowId: 'my window' }, 'windowId is 1 to 100 letters'],
    ['a field that is none', { stopp: { at: '22:00' } }, 'there is no field "stopp"'],
    ['a lead that is none', { deadlineLeadSeconds: '1h' }, 'deadlineLeadSeconds is from 0 to 172800'],
    ['a name of two parts', { windowId: 'orders:weekend' }, 'windowId is 1 to 100 letters'],
    ['a policy that is none', { deadlinePolicy: 'resum' }, 'deadlinePolicy is warn, resume or none'],
    ['a name that is too long', { requestedBy: 'x'.repeat(257) }, 'requestedBy and owner are 1 to 256'],
    ['a reason that is too long', { reason: 'x'.repeat(1001) }, 'reason is 1 to 1,000'],
    ['an activity that is none', { onResumeDeadline: { bogus: 1 } }, 'onResumeDeadline is { activityType'],
    ['another ARN', { replicationConfigArn: 'arn:aws:dms:eu-west-1:1:task:x' }, 'replication-config'],
  ])('is refused with %s', (_, more, message) => {
    expect(refusal(more)).toContain(message);
  });
});
