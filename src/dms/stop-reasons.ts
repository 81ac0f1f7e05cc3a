export interface StopReasonFacts {
  readonly meaning: string;
  readonly next: string;
  /** What an operator who asked for a stop expects to see. */
  readonly ordinary: boolean;
  /** DMS may scale or recover, and start again by itself minutes later. */
  readonly maySelfRestart: boolean;
}

const expected = (meaning: string, next: string) => ({ meaning, next, ordinary: true, maySelfRestart: false });
const unexpected = (meaning: string, next: string) => ({ meaning, next, ordinary: false, maySelfRestart: false });
const passing = (meaning: string, next: string) => ({ meaning, next, ordinary: false, maySelfRestart: true });

/**
 * The reasons DMS gives for a stop, returned as `Stop Reason <code>`.
 *
 * @see https://docs.aws.amazon.com/dms/latest/APIReference/API_Replication.html
 */
export const stopReasons = {
  NORMAL: expected('it was stopped on request', 'resume it before the deadline'),
  RECOVERABLE_ERROR: passing(
    'an error stopped it that DMS tries to recover from',
    'read its log: DMS may start it again by itself',
  ),
  FATAL_ERROR: unexpected(
    'an error stopped it that DMS does not recover from',
    'read its log, remove the cause, then resume it or reload the target',
  ),
  FULL_LOAD_ONLY_FINISHED: expected(
    'its full load is complete and nothing else was asked of it',
    'nothing: DMS deprovisions it by itself',
  ),
  STOPPED_AFTER_FULL_LOAD: unexpected(
    'it stopped after the full load; the changes cached meanwhile are not applied',
    'resume it so that the cached changes are applied',
  ),
  STOPPED_AFTER_CACHED_EVENTS: unexpected(
    'it stopped after the full load and the changes cached meanwhile, which are applied',
    'resume it for the changes since',
  ),
  EXPRESS_LICENSE_LIMITS_REACHED: unexpected('the limits of an express licence were reached', 'ask AWS support'),
  STOPPED_AFTER_DDL_APPLY: unexpected(
    'it stopped after applying a change of the schema, as its settings ask',
    'check the target schema, then resume it',
  ),
  STOPPED_DUE_TO_LOW_MEMORY: passing(
    'it ran out of memory',
    'DMS may scale it and start it again by itself; raise MaxCapacityUnits if it does not',
  ),
  STOPPED_DUE_TO_LOW_DISK: passing('it ran out of storage', 'DMS may scale it and start it again by itself'),
  STOPPED_AT_SERVER_TIME: expected(
    'it reached the server time given as CdcStopPosition',
    'resume it for the changes since',
  ),
  STOPPED_AT_COMMIT_TIME: expected(
    'it reached the commit time given as CdcStopPosition',
    'resume it for the changes since',
  ),
  RECONFIGURATION_RESTART: passing('DMS stopped it to apply another configuration', 'DMS starts it again by itself'),
  RECYCLE_TASK: passing('DMS stopped it to recycle the task behind it', 'DMS starts it again by itself'),
} as const satisfies Record<string, StopReasonFacts>;

export type StopReasonCode = keyof typeof stopReasons;

/** The code in a stop reason, or `null` when there is none or it is not a known one. The text itself is always kept verbatim. */
export function stopReasonCode(stopReason: string | null): StopReasonCode | null {
  const code = /^\s*(?:Stop Reason\s+)?([A-Z_]+)/i.exec(stopReason ?? '')?.[1]?.toUpperCase() ?? '';
  return Object.hasOwn(stopReasons, code) ? (code as StopReasonCode) : null;
}

/** What a stop reason means; `null` when it is not a known one. */
export function stopReasonFacts(stopReason: string | null): StopReasonFacts | null {
  const code = stopReasonCode(stopReason);
  return code === null ? null : stopReasons[code];
}

export function maySelfRestart(stopReason: string | null): boolean {
  return stopReasonFacts(stopReason)?.maySelfRestart === true;
}
