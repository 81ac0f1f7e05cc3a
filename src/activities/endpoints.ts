import { DmsApiError } from '../dms/api.js';
import type { Replication } from '../dms/replication.js';
import type { EndpointFingerprint } from '../operations/records.js';
import type { Attempt } from './attempt.js';

/** It takes its turn and a request, and nobody waits longer for it. */
const SECONDS = 5;

export interface ReadEndpoints {
  /** `null`: not to be read, or not to be had. */
  readonly endpoints: EndpointFingerprint | null;
  /** Why it is not to be had. */
  readonly problem: string | null;
}

/** Where the endpoints of a replication lead to. What goes wrong is told, and fails nothing. */
export async function readEndpoints(attempt: Attempt, replication: Replication): Promise<ReadEndpoints> {
  const { environment, arn } = attempt;
  const { sourceEndpointArn: source, targetEndpointArn: target } = replication;
  if (!environment.endpointFingerprints || source === null || target === null)
    return { endpoints: null, problem: null };
  const signal = AbortSignal.any([AbortSignal.timeout(SECONDS * 1000), attempt.signal]);
  const { budget } = environment.place(arn);
  try {
    await budget.take('other', signal);
    const found = (await environment.dms.describeEndpoints?.(arn, [source, target], { signal })) ?? [];
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
