/**
 * Parts of the schemas of inputs. Every text has a bound. A message says what was given and what is taken, and repeats at most a few words of it.
 */
import * as v from 'valibot';
import { parseReplicationConfigArn } from '../dms/arn.js';
import { nearestName } from './did-you-mean.js';
import { dmsFailure } from './failures.js';

const YEAR = 366 * 24 * 60 * 60;
/** Characters of a refused value that a message shows. */
const SHOWN = 60;
/** Characters of a refused ARN that the details of the failure show. */
const SHOWN_ARN = 200;
const SHOWN_PROBLEMS = 5;

/** Words a problem: what was given, and what the field takes. */
export function takes(what: string) {
  return ({ input }: { readonly input: unknown }): string => `is ${describeValue(input)}; it takes ${what}`;
}

/** An object with these fields and no others. */
export function fields<const Entries extends v.ObjectEntries>(entries: Entries) {
  const names = Object.keys(entries);
  const strict = v.strictObject(entries, (issue) => fieldProblem(issue, names));
  const shown = names.length > 3 ? `${names[0]}, …` : names.join(', ');
  return onlyPlain(strict, `an object { ${shown} }`);
}

/** An object with these fields, and whatever else. */
export function someFields<const Entries extends v.ObjectEntries>(entries: Entries) {
  const names = Object.keys(entries).join(', ');
  return onlyPlain(v.looseObject(entries, 'is missing'), `an object { ${names}, … }`);
}

/** An object whose keys are of one kind, and its values too. */
export function recordOf<Key extends v.BaseSchema<string, string, v.BaseIssue<unknown>>, Value extends v.GenericSchema>(
  key: Key,
  value: Value,
  what: string,
) {
  return onlyPlain(v.record(key, value), what);
}

/** Refuses what JSON would turn into something else, such as a `Date` or a `Map`. */
function onlyPlain<Schema extends v.GenericSchema>(schema: Schema, what: string) {
  const refused = v.custom<never>(
    () => false,
    ({ input }) => `is ${kindOf(input)}; it takes ${what}`,
  );
  return v.lazy((input) => (isPlain(input) ? schema : refused));
}

/** A list of at most so many. A longer one is refused before its entries are read. */
export function listOf<Item extends v.GenericSchema>(item: Item, most: number, what: string) {
  const wanted = `a list of at most ${formatNumber(most)} ${what}`;
  const refused = v.custom<never>(
    () => false,
    ({ input }) => `is ${kindOf(input)}; it takes ${wanted}`,
  );
  const list = v.array(item);
  return v.lazy((input) => (Array.isArray(input) && input.length <= most ? list : refused));
}

/** The ARN of a replication config. */
export const arn = v.pipe(
  v.string(takes('the ARN of a replication config')),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const problem = arnProblem(dataset.value);
    if (problem !== null) addIssue({ message: problem });
  }),
);

/** A text of 1 to so many characters. */
export function text(most: number) {
  const wanted = takes(`a string of 1 to ${formatNumber(most)} characters`);
  return v.pipe(v.string(wanted), v.minLength(1, wanted), v.maxLength(most, wanted));
}

export function optionalText(most: number) {
  return v.nullish(text(most), null);
}

/** A number of seconds. Absent: the fallback. */
export function seconds<Fallback extends number | null>(fallback: Fallback, most = YEAR) {
  return v.nullish(number(most), fallback);
}

function number(most: number) {
  const wanted = takes(`a number from 0 to ${formatNumber(most)}`);
  return v.pipe(v.number(wanted), v.minValue(0, wanted), v.maxValue(most, wanted));
}

/** A whole number, by default from 1 on. */
export function wholeNumber(most = Number.MAX_SAFE_INTEGER, least = 1) {
  const wanted = takes(
    `a whole number from ${least}${most === Number.MAX_SAFE_INTEGER ? ' on' : ` to ${formatNumber(most)}`}`,
  );
  return v.pipe(v.number(wanted), v.integer(wanted), v.minValue(least, wanted), v.maxValue(most, wanted));
}

/** One of a few words. */
export function oneOf<const Words extends readonly [string, ...string[]]>(words: Words) {
  return v.picklist(words, takes(words.map((word) => `"${word}"`).join(' or ')));
}

export function flag() {
  return v.nullish(v.boolean(takes('true or false')), false);
}

/** A moment, such as `2026-02-09T12:12:12Z`. */
export function moment() {
  const wanted = takes('an ISO 8601 time such as "2026-02-09T12:12:12Z"');
  return v.pipe(v.string(wanted), v.maxLength(40, wanted), v.check(isMoment, wanted));
}

/** Place where a schema is used, for the messages of its failures. */
export interface Reading {
  /** Such as `input of the stop`. */
  readonly what: string;
  /** Default: the ARN in the input. */
  readonly replicationConfigArn?: string;
  /** Hint of the failure. Default: the one of an operation. */
  readonly hint?: string;
}

/** Checks an input, and fills in its defaults. Throws DmsInvalidInput. */
export function readWith<Schema extends v.GenericSchema>(
  schema: Schema,
  { what, replicationConfigArn, hint = 'Correct it and start again; nothing was called.' }: Reading,
  input: unknown,
): v.InferOutput<Schema> {
  const { success, output, issues } = v.safeParse(schema, input);
  if (success) return output;
  const [first, ...others] = issues;
  const isWhole = others.length === 0 && first.type === 'custom' && pathOf(first) === '';
  const shown = issues.slice(0, SHOWN_PROBLEMS).map(describeIssue);
  if (issues.length > SHOWN_PROBLEMS) shown.push(`and ${issues.length - SHOWN_PROBLEMS} more problems`);
  const problem = isWhole ? first.message : `is not valid: ${shown.join('; ')}`;
  const subject = { replicationConfigArn: replicationConfigArn ?? arnIn(input) };
  throw dmsFailure('DmsInvalidInput', subject, `The ${what} ${problem}`, hint);
}

function describeIssue(issue: v.BaseIssue<unknown>): string {
  const path = pathOf(issue);
  if (path === '') return issue.message;
  const shown = path.length > SHOWN_ARN ? `${path.slice(0, SHOWN_ARN)}…` : path;
  return isUnknownField(issue) ? `there is no field "${shown}"${issue.message}` : `${shown} ${issue.message}`;
}

/** Such as `replicationConfigArns[1]`. */
function pathOf({ path }: v.BaseIssue<unknown>): string {
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
  return typeof value === 'string' ? value.slice(0, SHOWN_ARN) : '';
}

/** Returns true for an object as JSON has them. */
export function isPlain(value: unknown): value is object {
  return Object.prototype.toString.call(value) === '[object Object]';
}

function describeValue(value: unknown): string {
  if (typeof value === 'string' && value.length <= SHOWN) return JSON.stringify(value);
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : kindOf(value);
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (typeof value === 'string')
    return value.length > SHOWN ? `a string of ${formatNumber(value.length)} characters` : 'a string';
  if (Array.isArray(value)) return `a list of ${formatNumber(value.length)}`;
  if (typeof value !== 'object') return `a ${typeof value}`;
  const name = Object.prototype.toString.call(value).slice('[object '.length, -1);
  return name === 'Object' ? 'an object' : `a ${name.slice(0, SHOWN)}`;
}

function formatNumber(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

function isMoment(value: string): boolean {
  const isSpelled = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/.test(value);
  return isSpelled && !Number.isNaN(Date.parse(value));
}
