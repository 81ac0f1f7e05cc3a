interface StopReasonFacts {
  readonly meaning: string;
  readonly next: string;
  /** DMS may scale or recover, and start again by itself minutes later. */
  readonly maySelfRestart: boolean;
  /** What an operator who asked for a stop expects to see. */
  readonly ordinary: boolean;
}

/**
 * The reasons DMS gives for a stop, returned as `Stop Reason <code>`.
 *
 * @see https://docs.aws.amazon.com/dms/latest/APIReference/API_Replication.html
 */
export const stopReasons = {
  NORMAL: {
    meaning: 'it was stopped on request',
    next: 'resume it before the deadline',
    maySelfRestart: false,
    ordinary: true,
  },
  RECOVERABLE_ERROR: {
    meaning: 'an error stopped it that DMS tries to recover from',
    next: 'read its log: DMS may start it again by itself',
    maySelfRestart: true,
    ordinary: false,
  },
  FATAL_ERROR: {
    meaning: 'an error stopped it that DMS does not recover from',
    next: 'read its log, remove the cause, then resume it or reload the target',
    maySelfRestart: false,
    ordinary: false,
  },
  FULL_LOAD_ONLY_FINISHED: {
    meaning: 'its full load is complete and nothing else was asked of it',
    next: 'nothing: DMS deprovisions it by itself',
    maySelfRestart: false,
    ordinary: true,
  },
  STOPPED_AFTER_FULL_LOAD: {
    meaning: 'it stopped after the full load; the changes cached meanwhile are not applied',
    next: 'resume it so that the cached changes are applied',
    maySelfRestart: false,
    ordinary: false,
  },
  STOPPED_AFTER_CACHED_EVENTS: {
    meaning: 'it stopped after the full load and the changes cached meanwhile, which are applied',
    next: 'resume it for the changes since',
    maySelfRestart: false,
    ordinary: false,
  },
  EXPRESS_LICENSE_LIMITS_REACHED: {
    meaning: 'the limits of an express licence were reached',
    next: 'ask AWS support',
    maySelfRestart: false,
    ordinary: false,
  },
  STOPPED_AFTER_DDL_APPLY: {
    meaning: 'it stopped after applying a change of the schema, as its settings ask',
    next: 'check the target schema, then resume it',
    maySelfRestart: false,
    ordinary: false,
  },
  STOPPED_DUE_TO_LOW_MEMORY: {
    meaning: 'it ran out of memory',
    next: 'DMS may scale it and start it again by itself; raise MaxCapacityUnits if it does not',
    maySelfRestart: true,
    ordinary: false,
  },
  STOPPED_DUE_TO_LOW_DISK: {
    meaning: 'it ran out of storage',
    next: 'DMS may scale it and start it again by itself',
    maySelfRestart: true,
    ordinary: false,
  },
  STOPPED_AT_SERVER_TIME: {
    meaning: 'it reached the server time given as CdcStopPosition',
    next: 'resume it for the changes since',
    maySelfRestart: false,
    ordinary: true,
  },
  STOPPED_AT_COMMIT_TIME: {
    meaning: 'it reached the commit time given as CdcStopPosition',
    next: 'resume it for the changes since',
    maySelfRestart: false,
    ordinary: true,
  },
  RECONFIGURATION_RESTART: {
    meaning: 'DMS stopped it to apply another configuration',
    next: 'DMS starts it again by itself',
    maySelfRestart: true,
    ordinary: false,
  },
  RECYCLE_TASK: {
    meaning: 'DMS stopped it to recycle the task behind it',
    next: 'DMS starts it again by itself',
    maySelfRestart: true,
    ordinary: false,
  },
} as const satisfies Record<string, StopReasonFacts>;

export type StopReasonCode = keyof typeof stopReasons;

/** The code in a stop reason, or `null` when there is none or it is not a known one. The text itself is always kept verbatim. */
export function stopReasonCode(stopReason: string | null): StopReasonCode | null {
  const code = /^\s*(?:Stop Reason\s+)?([A-Z_]+)/i.exec(stopReason ?? '')?.[1]?.toUpperCase() ?? '';
  return Object.hasOwn(stopReasons, code) ? (code as StopReasonCode) : null;
}

export function maySelfRestart(stopReason: string | null): boolean {
  const code = stopReasonCode(stopReason);
  return code !== null && stopReasons[code].maySelfRestart;
}
