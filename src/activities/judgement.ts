/** What a resume is judged by besides the recorded stop: the source's log, and where the endpoints lead to. */
import { isSameStop, stopMark } from '../dms/checkpoint.js';
import type { Replication } from '../dms/replication.js';
import { dmsFailure, type FailureSubject } from '../operations/failures.js';
import type { RequestStart } from '../operations/protocol.js';
import { endpointChanged } from '../operations/refusals.js';
import type { Warning } from '../operations/results.js';
import { judgeSourceLog, type SourceLogVerdict } from '../operations/source-log.js';
import { endpointsUnknown } from '../operations/warnings.js';
import type { Attempt } from './attempt.js';
import { readEndpoints } from './endpoints.js';

/** An endpoint that was repointed keeps its ARN, and what runs there looks healthy. */
export async function requireEndpoints(
  attempt: Attempt,
  { checkpoint, continued }: RequestStart,
  look: Replication,
  subject: FailureSubject,
): Promise<readonly Warning[]> {
  const record = continued ?? checkpoint ?? null;
  const unchecked = (why: string | null) => endpointsUnknown(why, 'it is not checked that they lead where they led');
  const known = record?.endpoints ?? null;
  if (known === null)
    return unchecked(attempt.environment.endpointFingerprints && record !== null ? 'the record does not tell' : null);
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

export function requireSourceLog(request: RequestStart, look: Replication, subject: FailureSubject): void {
  const { expired } = sourceLog(request, look);
  if (expired === null) return;
  throw dmsFailure(
    'DmsSourceLogExpired',
    subject,
    `${subject.replicationConfigArn} can't go on from its last stop: ${expired}`,
    'If the source does have it, say so with sourceLogRetentionSeconds; else everything has to be loaded anew.',
  );
}

function sourceLog({ checkpoint, continued, ...request }: RequestStart, look: Replication): SourceLogVerdict {
  const { sourceLogRetentionSeconds = null, oldestOpenTransactionSeconds = null } = request;
  const known = { sourceLogRetentionSeconds, oldestOpenTransactionSeconds };
  if (continued != null) return judgeSourceLog(continued.stoppedAt, continued.lagAtStop, known, Date.now());
  const { lastStopTime, ...mark } = stopMark(look);
  const isRecorded = checkpoint != null && isSameStop(checkpoint, { stoppedAt: lastStopTime, ...mark });
  return judgeSourceLog(lastStopTime, isRecorded ? checkpoint.lagAtStop : null, known, Date.now());
}

/** It is to go on from a stop, its own or that of another. */
export function goesOn({ continued }: RequestStart, type: string | null): boolean {
  return type === 'resume-processing' || continued != null;
}

/** What a caller should know who goes on from there. */
export function judgementWarnings(request: RequestStart, look: Replication, type: string | null): readonly Warning[] {
  const verdict = sourceLog(request, look);
  const aboutLog = goesOn(request, type) && verdict.expired === null ? verdict.warnings : [];
  const { continued } = request;
  if (continued == null) return aboutLog;
  const message =
    `It was told to start at the checkpoint of ${continued.replicationConfigArn} (record ${continued.sequence}). AWS's documents contradict each other ` +
    `on whether DMS Serverless does: see whether what changed since ${continued.stoppedAt ?? 'then'} arrives`;
  return [...aboutLog, { code: 'custom-start-position', message }];
}
