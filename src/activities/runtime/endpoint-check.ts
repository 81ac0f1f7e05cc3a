import { DmsApiError } from '../../dms/api.js';
import type { Replication } from '../../dms/replication.js';
import type { FailureSubject } from '../../contract/failures.js';
import type { CheckpointRecord, EndpointFingerprint } from '../../contract/records.js';
import { endpointChanged } from '../../contract/failure-messages.js';
import type { Warning } from '../../contract/results.js';
import { endpointsUnknown } from '../../rules/warnings.js';
import type { Attempt } from './attempt.js';

/** Time limit for the turn and the request together. */
const SECONDS = 5;

export interface ReadEndpoints {
  /** Addresses of the endpoints. `null`: not read, or not available. */
  readonly endpoints: EndpointFingerprint | null;
  /** Reason the addresses are not available. `null`: none. */
  readonly problem: string | null;
}

/** Reads where the endpoints of a replication lead. Problems are returned, and fail nothing. */
export async function readEndpoints(attempt: Attempt, replication: Replication): Promise<ReadEndpoints> {
  const { worker, arn } = attempt;
  const { sourceEndpointArn: source, targetEndpointArn: target } = replication;
  if (!worker.endpointFingerprints || source === null || target === null) return { endpoints: null, problem: null };
  const signal = AbortSignal.any([AbortSignal.timeout(SECONDS * 1000), attempt.signal]);
  const { budget } = worker.accountRegion(arn);
  try {
    await budget.take('other', signal);
    const found = (await worker.dms.describeEndpoints?.(arn, [source, target], { signal })) ?? [];
    const addressOf = (wanted: string) => found.find(({ endpointArn }) => endpointArn === wanted);
    const endpoints = { source: addressOf(source), target: addressOf(target) };
    if (endpoints.source === undefined || endpoints.target === undefined)
      return { endpoints: null, problem: 'DMS does not show both' };
    return { endpoints: { source: endpoints.source, target: endpoints.target }, problem: null };
  } catch (err) {
    if (attempt.signal.aborted) throw attempt.failure(attempt.signal.reason);
    if (err instanceof DmsApiError && err.kind === 'throttled') budget.throttled();
    const said = err instanceof DmsApiError ? `${err.awsName}: ${err.message}` : String(err);
    return { endpoints: null, problem: signal.aborted ? `no answer within ${SECONDS} s` : said };
  }
}

/**
 * Throws if an endpoint no longer leads where the record says. A repointed endpoint keeps its ARN and looks healthy.
 * Returns warnings about what could not be checked.
 */
export async function requireEndpoints(
  attempt: Attempt,
  record: CheckpointRecord | null,
  look: Replication,
  subject: FailureSubject,
): Promise<readonly Warning[]> {
  const unchecked = (why: string | null) => endpointsUnknown(why, 'it is not checked that they lead where they led');
  const known = record?.endpoints ?? null;
  if (known === null)
    return unchecked(attempt.worker.endpointFingerprints && record !== null ? 'the record does not tell' : null);
  const { endpoints, problem } = await readEndpoints(attempt, look);
  for (const role of ['source', 'target'] as const) {
    const [was, is] = [known[role], endpoints?.[role]];
    const isSame = is?.host === was.host && is.port === was.port && is.database === was.database;
    if (is !== undefined && !isSame) throw endpointChanged({ ...subject, checkpoint: record }, role, was, is);
  }
  const hidden = [known.source, known.target].find(({ host }) => host === null);
  if (hidden !== undefined) return unchecked(`DMS does not show the address of ${hidden.endpointArn}`);
  return unchecked(problem ?? (endpoints === null ? 'this worker does not look' : null));
}
