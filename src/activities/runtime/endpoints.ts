import { DmsApiError } from '../../dms/api.js';
import type { Replication } from '../../dms/replication.js';
import type { CurrentEndpoints } from '../../rules/resume-checks.js';
import type { Attempt } from './attempt.js';

/** Time limit for the turn and the request together. */
const ENDPOINTS_SECONDS = 5;

/** Reads the addresses behind the endpoints of a replication. Returns a problem instead of throwing it. */
export async function readEndpoints(attempt: Attempt, replication: Replication): Promise<CurrentEndpoints> {
  const { worker, arn } = attempt;
  const { sourceEndpointArn: source, targetEndpointArn: target } = replication;
  if (!worker.endpointFingerprints || source === null || target === null) return { endpoints: null, problem: null };
  const signal = AbortSignal.any([AbortSignal.timeout(ENDPOINTS_SECONDS * 1000), attempt.signal]);
  const { budget } = worker.accountRegion(arn);
  try {
    await budget.take('other', signal);
    const found = (await worker.dms.describeEndpoints?.(arn, [source, target], { signal })) ?? [];
    const addressOf = (wanted: string) => found.find(({ endpointArn }) => endpointArn === wanted);
    const endpoints = { source: addressOf(source), target: addressOf(target) };
    if (endpoints.source === undefined || endpoints.target === undefined)
      return { endpoints: null, problem: 'DMS does not show both endpoints' };
    return { endpoints: { source: endpoints.source, target: endpoints.target }, problem: null };
  } catch (err) {
    if (attempt.signal.aborted) throw attempt.failure(attempt.signal.reason);
    if (err instanceof DmsApiError && err.kind === 'throttled') budget.slowDown();
    const said = err instanceof DmsApiError ? `${err.awsName}: ${err.message}` : String(err);
    return { endpoints: null, problem: signal.aborted ? `no answer within ${ENDPOINTS_SECONDS} s` : said };
  }
}
