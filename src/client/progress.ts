import type { Client, WorkflowExecutionDescription, WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { messageNames } from '../operations/names.js';
import type { AttemptProgress, OperationPhase, OperationProgress } from '../operations/progress.js';

type PendingActivity = NonNullable<WorkflowExecutionDescription['raw']['pendingActivities']>[number];
type RawFailure = NonNullable<PendingActivity['lastFailure']>;

const phases: Readonly<Record<string, OperationPhase>> = {
  'dms.beginOperation': 'beginning',
  'dms.requestStop': 'waiting-until-stoppable',
  'dms.awaitStopped': 'stopping',
  'dms.requestStart': 'checking',
  'dms.awaitRunning': 'starting',
  'dms.recordOperation': 'recording',
  'dms.awaitOperation': 'joined',
};

/** Where an operation is. The pending activity knows best, and tells without a worker; between activities, and at the end, the workflow does. */
export async function readProgress(client: Client, handle: WorkflowHandle): Promise<OperationProgress> {
  const description = await handle.describe();
  const phaseOf = (each: PendingActivity | undefined) => phases[each?.activityType?.name ?? ''];
  // A nudge may be pending beside it.
  const pending = description.raw.pendingActivities?.find(phaseOf);
  const phase = phaseOf(pending);
  if (description.status.name === 'RUNNING' && pending && phase) {
    const failure = pending.lastFailure == null ? null : await decodeFailure(client, pending.lastFailure);
    const details =
      failure instanceof ApplicationFailure
        ? (failure.details?.[0] as Partial<AttemptProgress> | undefined)
        : undefined;
    return {
      phase: details?.phase ?? phase,
      lastStatus: details?.status ?? null,
      since: toIso(pending.scheduledTime ?? pending.lastStartedTime) ?? description.startTime.toISOString(),
      detail: failure?.message ?? 'its first look is under way',
    };
  }
  return handle.query<OperationProgress>(messageNames.progress);
}

/** A codec may have encrypted the failure's details, and its message with them. */
async function decodeFailure(client: Client, raw: RawFailure): Promise<Error> {
  const { payloadConverter, failureConverter, payloadCodecs } = client.options.loadedDataConverter;
  const decode = async <P>(payload: P): Promise<P> => {
    let decoded = [payload];
    for (const codec of payloadCodecs.toReversed()) decoded = (await codec.decode(decoded as never)) as P[];
    return decoded[0] ?? payload;
  };
  const info = raw.applicationFailureInfo;
  const payloads = info?.details?.payloads;
  return failureConverter.failureToError(
    {
      ...raw,
      encodedAttributes: raw.encodedAttributes == null ? null : await decode(raw.encodedAttributes),
      ...(info && payloads
        ? { applicationFailureInfo: { ...info, details: { payloads: await Promise.all(payloads.map(decode)) } } }
        : {}),
    },
    payloadConverter,
  );
}

function toIso(time: { seconds?: unknown; nanos?: number | null } | null | undefined): string | null {
  if (time == null) return null;
  return new Date(Number(time.seconds ?? 0) * 1000 + Math.floor((time.nanos ?? 0) / 1e6)).toISOString();
}
