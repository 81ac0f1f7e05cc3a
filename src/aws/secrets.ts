/** Prepares AWS's words for records and messages: removes secrets and bounds the length. */

const MASK = '***';
/** Shortest value to mask. Shorter values are not AWS secrets, and masking them would spoil ordinary text. */
const SHORTEST_SECRET = 16;
const MAX_MESSAGE = 2000;
/** Maximum number of characters of a message that are searched for secrets. The rest is cut off unread. */
const MAX_READ = 16_000;
const LONGEST_SECRET = 4000;
const MAX_MESSAGES = 10;

/**
 * Matches `scheme://user:password@`. The password may hold any character but spaces and quotes. Every repetition has a
 * bound, so that no answer keeps a worker busy.
 */
const URL_USER_INFO = /(\b[a-z][a-z0-9+.-]{0,30}:\/\/)(?:[^\s/?#'"@:]{0,200}:[^\s'"]{0,500}|[^\s/?#'"]{1,500})@/gi;

const NAMES =
  'password|passwd|passphrase|pwd|secret(?:[ _-]?access)?[ _-]?key|(?:session|security|auth|access)[ _-]?token';
const VALUE = String.raw`"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|\{(?:[^}]|\}\})*\}?|[^\s;&]+`;
/** Matches `name=value` and `name: value`. Skips YES and NO, because MySQL's "using password: YES" shows no secret. */
const NAMED_SECRET = new RegExp(String.raw`((?:${NAMES})["']?\s{0,9}[=:]\s{0,9})(?!(?:yes|no)\b)(?:${VALUE})`, 'gi');

/**
 * Replaces secrets by `***`. Secrets are the given values wherever they occur, also as part of a URL or of JSON. Other
 * secrets are found by their notation, such as `password=`, `PWD=` or `://user:password@`.
 */
export function maskSecrets(text: string, values: readonly string[] = []): string {
  return maskValues(text, values).replace(URL_USER_INFO, `$1${MASK}@`).replace(NAMED_SECRET, `$1${MASK}`);
}

/** Returns a copy of an answer in which the given values are masked wherever they occur. */
export function maskValues<T>(answer: T, values: readonly string[]): T {
  const spellings = values
    .filter((value) => value.length >= SHORTEST_SECRET)
    .flatMap((value) => [value, encodeURIComponent(value), value.replaceAll('/', String.raw`\/`)]);
  return spellings.length === 0 ? answer : (maskValue(answer, spellings) as T);
}

function maskValue(value: unknown, spellings: readonly string[]): unknown {
  if (typeof value === 'string') return spellings.reduce((text, each) => text.replaceAll(each, MASK), value);
  if (Array.isArray(value)) return value.map((each) => maskValue(each, spellings));
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, maskValue(each, spellings)]));
}

/** Returns a message of AWS without secrets, cut to 2,000 characters. */
export function sanitizeMessage(message: string, values: readonly string[] = []): string {
  const said = maskSecrets(message.slice(0, MAX_READ), values);
  if (said.length <= MAX_MESSAGE && message.length <= MAX_READ) return said;
  // A secret may extend past the end of the part that was read.
  const known = message.length > MAX_READ ? said.slice(0, -LONGEST_SECRET) : said;
  const whole = known.slice(0, MAX_MESSAGE).replace(/[\uD800-\uDBFF]$/, '');
  return `${whole}… (${message.length} characters in all)`;
}

/** Returns at most ten messages of AWS, without secrets. */
export function sanitizeMessages(messages: readonly string[]): readonly string[] {
  const kept = messages.slice(0, messages.length > MAX_MESSAGES ? MAX_MESSAGES - 1 : MAX_MESSAGES);
  const left = messages.length - kept.length;
  return [...kept.map((each) => sanitizeMessage(each)), ...(left === 0 ? [] : [`… and ${left} more messages`])];
}
