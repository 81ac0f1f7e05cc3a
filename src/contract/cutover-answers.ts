/** Schemas of what the hooks of a cutover answer. */
import * as v from 'valibot';
import type { CutoverCheck, CutoverDrain, CutoverTraffic } from './cutover-hooks.js';
import { listOf, oneOf, openObject, describeMismatch, pathOf, text } from './schema-parts.js';

/** Maximum length of a marker, as JSON. */
const MARKER_LENGTH = 4000;
const MAX_CHECKS = 100;

/** Names of the cutover's own checks. A check of a hook must not hide one of them. */
const OWN_CHECKS: ReadonlySet<string> = new Set([
  'running',
  'change-data-capture',
  'full-load-done',
  'not-read-only',
  'not-sealed',
  'not-reserved',
  'permissions',
  'traffic',
  'lag',
  'tables',
  'validation',
  'stops',
]);

const check = openObject({
  name: v.pipe(
    text(200),
    v.check(
      (name) => !OWN_CHECKS.has(name),
      ({ input }) => `uses the name of one of the cutover's own checks: ${input}`,
    ),
  ),
  ok: v.boolean(describeMismatch('true or false')),
  detail: v.pipe(
    v.string(describeMismatch('a string')),
    v.transform((detail) => detail.slice(0, 1000)),
  ),
  blocking: v.nullish(v.boolean(describeMismatch('true or false')), true),
});
const behind = v.nullish(v.union([v.string(), v.number()], describeMismatch('a string or a number')), null);

/** Schemas of the answers of hooks. A hook that is not listed here may answer anything. */
const answers = {
  checks: v.pipe(
    v.nullish(listOf(check, MAX_CHECKS, 'checks'), []),
    v.transform((checks): readonly CutoverCheck[] =>
      checks.map(({ name, ok, detail, blocking }) => ({ name, ok, detail, blocking })),
    ),
  ),
  drain: v.pipe(
    openObject({ drained: v.boolean(describeMismatch('true or false')), behind }),
    v.transform(({ drained, behind }): CutoverDrain => ({
      drained,
      behind: behind === null ? null : String(behind).slice(0, 200),
    })),
  ),
  traffic: oneOf(['source', 'target', 'both', 'neither']) satisfies v.GenericSchema<unknown, CutoverTraffic>,
  marker: v.pipe(
    v.unknown(),
    v.transform((marker): unknown => marker ?? null),
    v.check(
      (marker) => (JSON.stringify(marker) ?? '').length <= MARKER_LENGTH,
      `is longer than ${MARKER_LENGTH} characters as JSON`,
    ),
  ),
};

/** Reads the answer of a hook. Returns the problem if it is not of the kind that the hook has to answer. */
export function readHookAnswer<Kind extends keyof typeof answers>(
  kind: Kind,
  answer: unknown,
): { readonly answer: v.InferOutput<(typeof answers)[Kind]> } | { readonly problem: string } {
  const { success, output, issues } = v.safeParse(answers[kind], answer);
  if (success) return { answer: output };
  const [issue] = issues;
  return { problem: `${pathOf(issue) || 'it'} ${issue.message}` };
}
