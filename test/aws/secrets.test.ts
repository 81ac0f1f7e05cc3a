import { describe, expect, test } from 'vitest';
import { maskSecrets, maskValues, sanitizeMessage, sanitizeMessages } from '../../src/aws/secrets.js';

const token = 'IQoJb3JpZ2luX2VjEXAMPLE/TOKEN+with=all';
const key = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';

describe('masking', () => {
  test.each([
    ['nothing', 'Stop Reason NORMAL', 'Stop Reason NORMAL'],
    ['a known value', `token ${token} is expired`, 'token *** is expired'],
    ['a known value, twice', `${key} ${key}`, '*** ***'],
    ['a known value in a URL', `x?t=${encodeURIComponent(token)}&y=1`, 'x?t=***&y=1'],
    ['a known value in JSON', `{"t":"${token.replaceAll('/', '\\/')}"}`, '{"t":"***"}'],
    ['password=', 'Server=a;password=hunter2;Encrypt=yes', 'Server=a;password=***;Encrypt=yes'],
    ['PWD=', 'DRIVER={x};UID=sa;PWD=hunter2;', 'DRIVER={x};UID=sa;PWD=***;'],
    ['PWD= in braces', 'UID=sa;PWD={hun;ter}}2};X=1', 'UID=sa;PWD=***;X=1'],
    ['a quoted password', `password = "hun ter\\"2" next`, 'password = *** next'],
    ['a quote that was cut off', `password='hun ter`, 'password=***'],
    ['a password with odd characters', `Password=a,b'c)"d rest`, 'Password=*** rest'],
    ['a password in a query', '?user=a&password=hunter2&tls=1', '?user=a&password=***&tls=1'],
    ['a password in JSON', '{"password":"hunter2", "port":1}', '{"password":***, "port":1}'],
    ['a prefixed name', 'DB_PASSWORD=hunter2 dbPwd: hunter2', 'DB_PASSWORD=*** dbPwd: ***'],
    ['AWS keys', 'SecretAccessKey="abc" sessionToken: abc', 'SecretAccessKey=*** sessionToken: ***'],
    ['user info', 'mysql://root:hunter2@db:3306/x', 'mysql://***@db:3306/x'],
    ['user info with odd characters', 'to postgres://u:p@ss/w:rd@db/x failed', 'to postgres://***@db/x failed'],
    ['user info of several characters with odd ones', 'postgres://user:p@ss/w:rd@db/x', 'postgres://***@db/x'],
    ['user info without a password', 'https://token@host/path', 'https://***@host/path'],
    ['several URLs', 'a://u:p@h b://v:q@i', 'a://***@h b://***@i'],
    ['a URL without user info', 'see https://host:443/path', 'see https://host:443/path'],
    [
      'no password at all',
      "Access denied for user 'dms'@'h' (using password: YES)",
      "Access denied for user 'dms'@'h' (using password: YES)",
    ],
    ['no password either', 'invalid username/password; logon denied', 'invalid username/password; logon denied'],
  ])('changes %s in: %s', (_, text, masked) => expect(maskSecrets(text, [key, token])).toBe(masked));

  test('leaves a short value alone, because it may be a word', () =>
    expect(maskSecrets('a simulated answer', ['simulated'])).toBe('a simulated answer'));

  test('covers values of sixteen characters and more', () => {
    expect(maskSecrets('the 16-character-key', ['16-character-key'])).toBe('the ***');
    expect(maskSecrets('the 15-characterkey', ['15-characterkey'])).toBe('the 15-characterkey');
  });

  test('covers a value wherever it is in an answer, and changes nothing else', () => {
    const at = new Date();
    const answer = { list: [{ text: `a ${token} b`, at, count: 3, none: undefined, nil: null }], [`k`]: key };
    expect(maskValues(answer, [token, key])).toEqual({
      list: [{ text: 'a *** b', at, count: 3, none: undefined, nil: null }],
      k: '***',
    });
    expect(maskValues(answer, [])).toBe(answer);
  });
});

describe('a message of AWS', () => {
  test('is cut to 2,000 characters, and says how long it was', () => {
    const said = sanitizeMessage('x'.repeat(600_000));
    expect(said).toBe(`${'x'.repeat(2000)}… (600000 characters in all)`);
    expect(sanitizeMessage(`${'x'.repeat(1999)}😀😀`)).toBe(`${'x'.repeat(1999)}… (2003 characters in all)`);
    expect(sanitizeMessage('x'.repeat(2000))).toHaveLength(2000);
  });

  test('is cut between characters, not between two code units of one', () => {
    expect(sanitizeMessage(`😀${'x'.repeat(2000)}`)).toBe(`😀${'x'.repeat(1998)}… (2002 characters in all)`);
  });

  test('is read up to 16,000 characters, and a secret that is cut there is not shown', () => {
    const secret = (length: number) => `password=${'y'.repeat(length - 9)}`;
    expect(sanitizeMessage(secret(16_000))).toBe('password=***');
    expect(sanitizeMessage(`${'x'.repeat(2500)} ${secret(13_499)}`)).toBe(
      `${'x'.repeat(2000)}… (16000 characters in all)`,
    );
    expect(sanitizeMessage(secret(16_001))).toBe('… (16001 characters in all)');
    expect(sanitizeMessage(`${secret(15_990)} ${'z'.repeat(5000)}`)).toBe('… (20991 characters in all)');
    const whole = `${'x'.repeat(1500)} ${secret(9000)} ${'z'.repeat(5500)}`;
    expect(sanitizeMessage(whole)).toBe(
      `${'x'.repeat(1500)} password=*** ${'z'.repeat(486)}… (16002 characters in all)`,
    );
  });

  test('is masked before it is cut', () => {
    const said = sanitizeMessage(`${'x'.repeat(1990)}${token}`, [token]);
    expect(said).toBe(`${'x'.repeat(1990)}***`);
  });

  test.each(['a.', 'a://', 'a://b:', 'password ', 'password="', 'PWD={', '@:/'])(
    'made of 600,000 characters of "%s" is cut to its bound',
    (part) => {
      const hostile = part.repeat(600_000 / part.length);
      expect(sanitizeMessage(hostile, [token]).length).toBeLessThan(2100);
    },
  );

  test('comes in a list of at most ten, whose last entry counts the rest', () => {
    const messages = Array.from({ length: 12 }, (_, n) => `message ${n + 1}, password=hunter2`);
    const kept = sanitizeMessages(messages);
    expect(kept).toHaveLength(10);
    expect(kept.slice(-2)).toEqual(['message 9, password=***', '… and 3 more messages']);
    expect(sanitizeMessages(messages.slice(0, 10)).at(-1)).toBe('message 10, password=***');
  });
});
