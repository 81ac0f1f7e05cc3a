/** Search attributes of ledgers, for namespaces that have them. `temporal-dms doctor --create-search-attributes` creates them. */
import {
  defineSearchAttributeKey,
  type SearchAttributeUpdatePair,
  type TypedSearchAttributes,
} from '@temporalio/common';
import type { LedgerMemo } from './ledger-memo.js';

const state = defineSearchAttributeKey('DmsState', 'KEYWORD');
const resumeBy = defineSearchAttributeKey('DmsResumeBy', 'DATETIME');
const sealed = defineSearchAttributeKey('DmsSealed', 'BOOL');

/** Keys of the search attributes: what the memo of a ledger says, too. */
export const searchAttributes = { state, resumeBy, sealed };

/** Query that the server refuses unless the namespace has every search attribute. */
const query = `${state.name} = "none" AND ${resumeBy.name} > "2000-01-01T00:00:00Z" AND ${sealed.name} = true`;

/** Returns the search attributes that a ledger has to change. */
export function searchAttributeUpdates(
  present: TypedSearchAttributes,
  wanted: Pick<LedgerMemo, 'state' | 'resumeBy' | 'sealed'>,
): SearchAttributeUpdatePair[] {
  const until = wanted.resumeBy === null ? null : new Date(wanted.resumeBy);
  return [
    ...(present.get(state) === wanted.state ? [] : [{ key: state, value: wanted.state }]),
    ...(present.get(sealed) === wanted.sealed ? [] : [{ key: sealed, value: wanted.sealed }]),
    ...((present.get(resumeBy)?.getTime() ?? null) === (until?.getTime() ?? null)
      ? []
      : [{ key: resumeBy, value: until }]),
  ];
}

/** gRPC code of a query that names an unknown attribute: `INVALID_ARGUMENT`. */
const REFUSED = 3;

/** Part of Temporal's client that counts workflows. */
interface CountingClient {
  withDeadline<Result>(deadline: number, request: () => Promise<Result>): Promise<Result>;
  readonly workflow: { count(query: string): Promise<unknown> };
}

/**
 * Finds out whether the namespace has all search attributes, each with its type. Throws if the server gives no answer
 * within `seconds`.
 */
export async function hasSearchAttributes(client: CountingClient, seconds: number): Promise<boolean> {
  try {
    await client.withDeadline(Date.now() + seconds * 1000, () => client.workflow.count(query));
    return true;
  } catch (err) {
    if ([err, causeOf(err)].some((each) => codeOf(each) === REFUSED)) return false;
    throw err;
  }
}

function causeOf(err: unknown): unknown {
  return err instanceof Error ? err.cause : undefined;
}

function codeOf(err: unknown): unknown {
  return err instanceof Error && 'code' in err ? err.code : undefined;
}
