/** Parts of the schemas of inputs. Every text has a bound. A message says what was given and what the field takes. No message quotes a long value. */
import * as v from 'valibot';
import { parseReplicationConfigArn } from '../dms/arn.js';
import { nearestName } from './did-you-mean.js';
import { dmsFailure } from './failures.js';

const YEAR_SECONDS = 366 * 24 * 60 * 60;
/** Maximum length of a refused text that a message quotes. */
const MAX_QUOTED = 60;
/** Maximum characters of a refused ARN, or of the path to a field, that a failure shows. */
const MAX_QUOTED_PATH = 200;
const MAX_PROBLEMS = 5;

/** Returns the message of a problem: what was given, and what the field takes. */
export function describeMismatch(what: string) {
  return ({ input }: { readonly input: unknown }): string => `is ${describeInput(input)}; it takes ${what}`;
}

/** Returns the schema of an object with these fields and no others. */
export function exactObject<const Entries extends v.ObjectEntries>(entries: Entries) {
  const names = Object.keys(entries);
  const strict = v.strictObject(entries, (issue) => fieldProblem(issue, names));
  const shown = names.length > 3 ? `${names[0]}, …` : names.join(', ');
  return onlyPlain(strict, `an object { ${shown} }`);
}

/** Returns the schema of an object with these fields, and any others. */
export function openObject<const Entries extends v.ObjectEntries>(entries: Entries) {
  const names = Object.keys(entries).join(', ');
  return onlyPlain(v.looseObject(entries, 'is missing'), `an object { ${names}, … }`);
}

/** Returns the schema of an object whose keys all have one schema, and whose values all have another. */
export function recordOf<Key extends v.BaseSchema<string, string, v.BaseIssue<unknown>>, Value extends v.GenericSchema>(
  key: Key,
  value: Value,
  what: string,
) {
  return onlyPlain(v.record(key, value), what);
}

/** Refuses a value that JSON would change, such as a `Date` or a `Map`. */
function onlyPlain<Schema extends v.GenericSchema>(schema: Schema, what: string) {
  const refused = v.custom<never>(
    () => false,
    ({ input }) => `is ${kindOf(input)}; it takes ${what}`,
  );
  return v.lazy((input) => (isPlain(input) ? schema : refused));
}

/** Returns the schema of a list with at most `most` entries. Refuses a longer list before it reads the entries. */
export function listOf<Item extends v.GenericSchema>(item: Item, most: number, what: string) {
  const wanted = `a list of at most ${formatNumber(most)} ${what}`;
  const refused = v.custom<never>(
    () => false,
    ({ input }) => `is ${kindOf(input)}; it takes ${wanted}`,
  );
  const list = v.array(item);
  return v.lazy((input) => (Array.isArray(input) && input.length <= most ? list : refused));
}

/** Schema of the ARN of a replication config. */
export const arn = v.pipe(
  v.string(describeMismatch('the ARN of a replication config')),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const problem = arnProblem(dataset.value);
    if (problem !== null) addIssue({ message: problem });
  }),
);

/** Returns the schema of a text of 1 to `most` characters. */
export function text(most: number) {
  const wanted = describeMismatch(`a string of 1 to ${formatNumber(most)} characters`);
  return v.pipe(v.string(wanted), v.minLength(1, wanted), v.maxLength(most, wanted));
}

export function optionalText(most: number) {
  return v.nullish(text(most), null);
}

/** Returns the schema of a number of seconds. A missing value becomes the fallback. */
export function seconds<Fallback extends number | null>(fallback: Fallback, most = YEAR_SECONDS) {
  return v.nullish(number(most), fallback);
}

function number(most: number) {
  const wanted = describeMismatch(`a number from 0 to ${formatNumber(most)}`);
  return v.pipe(v.number(wanted), v.minValue(0, wanted), v.maxValue(most, wanted));
}

/** Returns the schema of a whole number. Default: from 1 on. */
export function wholeNumber(most = Number.MAX_SAFE_INTEGER, least = 1) {
  const wanted = describeMismatch(
    `a whole number from ${least}${most === Number.MAX_SAFE_INTEGER ? ' on' : ` to ${formatNumber(most)}`}`,
  );
  return v.pipe(v.number(wanted), v.integer(wanted), v.minValue(least, wanted), v.maxValue(most, wanted));
}

/** Returns the schema of one of a few words. */
export function oneOf<const Words extends readonly [string, ...string[]]>(words: Words) {
  return v.picklist(words, describeMismatch(words.map((word) => `"${word}"`).join(' or ')));
}

export function optionalFlag() {
  return v.nullish(v.boolean(describeMismatch('true or false')), false);
}

/** Returns the schema of a time with a time zone, such as `2026-02-09T12:12:12Z`. */
export function timeWithZone() {
  const wanted = describeMismatch('an ISO 8601 time such as "2026-02-09T12:12:12Z"');
  return v.pipe(v.string(wanted), v.maxLength(40, wanted), v.check(isMoment, wanted));
}

/** Use of a schema, for the messages of its failures. */
export interface CheckContext {
  /** Name of the checked value, such as `input of the stop`. */
  readonly what: string;
  /** ARN that the failure names. Default: the ARN in the input. */
  readonly replicationConfigArn?: string;
  /** Hint of the failure. Default: the hint for an operation. */
  readonly hint?: string;
}

/** Checks an input, and fills in its defaults. Throws DmsInvalidInput. */
export function readWith<Schema extends v.GenericSchema>(
  schema: Schema,
  { what, replicationConfigArn, hint = 'Correct it and start again; nothing was called.' }: CheckContext,
  input: unknown,
): v.InferOutput<Schema> {
  const { success, output, issues } = v.safeParse(schema, input);
  if (success) return output;
  const [first, ...others] = issues;
  const isAboutWholeInput = others.length === 0 && first.type === 'custom' && pathOf(first) === '';
  const shown = issues.slice(0, MAX_PROBLEMS).map(describeIssue);
  if (issues.length > MAX_PROBLEMS) shown.push(`and ${issues.length - MAX_PROBLEMS} more problems`);
  const problem = isAboutWholeInput ? first.message : `is not valid: ${shown.join('; ')}`;
  const subject = { replicationConfigArn: replicationConfigArn ?? arnIn(input) };
  throw dmsFailure('DmsInvalidInput', subject, `The ${what} ${problem}`, hint);
}

function describeIssue(issue: v.BaseIssue<unknown>): string {
  const path = pathOf(issue);
  if (path === '') return issue.message;
  const shown = path.length > MAX_QUOTED_PATH ? `${path.slice(0, MAX_QUOTED_PATH)}…` : path;
  return isUnknownField(issue) ? `there is no field "${shown}"${issue.message}` : `${shown} ${issue.message}`;
}

/** Returns the path to the field of an issue, such as `replicationConfigArns[1]`. */
export function pathOf({ path }: v.BaseIssue<unknown>): string {
  return (path ?? []).reduce((way, { key }) => {
    if (typeof key === 'number') return `${way}[${key}]`;
    return way === '' ? String(key) : `${way}.${String(key)}`;
  }, '');
}

function fieldProblem(issue: v.StrictObjectIssue, names: readonly string[]): string {
  if (!isUnknownField(issue)) return 'is missing';
  const key = issue.path?.at(-1)?.key;
  const meant = typeof key === 'string' ? nearestName(key, names) : null;
  return meant === null ? '' : ` (did you mean "${meant}"?)`;
}

function isUnknownField({ type, expected }: v.BaseIssue<unknown>): boolean {
  return type === 'strict_object' && expected === 'never';
}

function arnProblem(value: string): string | null {
  try {
    parseReplicationConfigArn(value);
    return null;
  } catch (err) {
    const said = err instanceof Error ? err.message : String(err);
    return `is ${said.charAt(0).toLowerCase()}${said.slice(1)}`;
  }
}

function arnIn(input: unknown): string {
  const value = isPlain(input) ? Reflect.get(input, 'replicationConfigArn') : null;
  return typeof value === 'string' ? value.slice(0, MAX_QUOTED_PATH) : '';
}

/** True for a plain object. False for an array, a `Date`, a `Map` and the like. */
export function isPlain(value: unknown): value is object {
  return Object.prototype.toString.call(value) === '[object Object]';
}

function describeInput(value: unknown): string {
  if (typeof value === 'string' && value.length <= MAX_QUOTED) return JSON.stringify(value);
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : kindOf(value);
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (typeof value === 'string')
    return value.length > MAX_QUOTED ? `a string of ${formatNumber(value.length)} characters` : 'a string';
  if (Array.isArray(value)) return `a list of ${formatNumber(value.length)}`;
  if (typeof value !== 'object') return `a ${typeof value}`;
  const name = Object.prototype.toString.call(value).slice('[object '.length, -1);
  return name === 'Object' ? 'an object' : `a ${name.slice(0, MAX_QUOTED)}`;
}

function formatNumber(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

function isMoment(value: string): boolean {
  const hasTimeFormat = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/.test(value);
  // JavaScript moves a day that does not exist, such as 30 February, into the next month.
  const [year = 0, month = 0, day = 0] = value.slice(0, 10).split('-').map(Number);
  const isDay = day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
  return hasTimeFormat && isDay && !Number.isNaN(Date.parse(value));
}
