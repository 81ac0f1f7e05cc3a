/** Facts about a reason that DMS gives for a stop. */
export interface StopReasonFacts {
  /** Meaning, as a clause for a message. */
  readonly meaning: string;
  /** Next step for an operator, as a clause for a message. */
  readonly next: string;
  /** True if an operator who asked for a stop expects this reason. */
  readonly ordinary: boolean;
  /**
   * Likelihood that DMS starts the replication again by itself, often minutes later. `expected`: a stop counts only once DMS had time to undo it.
   * `possible`: AWS's documents contradict each other, so a stop counts at once, with a warning.
   */
  readonly selfRestart: 'none' | 'possible' | 'expected';
  /** True if the replication reached the end of its work, such as a stop position. */
  readonly endsByItself: boolean;
}

const usualFacts = { ordinary: false, selfRestart: 'none', endsByItself: false } as const;
const ordinaryFacts = { ...usualFacts, ordinary: true } as const;
const endOfWorkFacts = { ...usualFacts, endsByItself: true } as const;
const selfRestartFacts = { ...usualFacts, selfRestart: 'expected' } as const;

/**
 * Facts about the reasons that DMS gives for a stop, by code. DMS returns them as `Stop Reason <code>`.
 *
 * @see https://docs.aws.amazon.com/dms/latest/APIReference/API_Replication.html
 */
export const stopReasons = {
  NORMAL: { ...ordinaryFacts, meaning: 'it was stopped on request', next: 'resume it before its resume window ends' },
  RECOVERABLE_ERROR: {
    ...selfRestartFacts,
    meaning: 'it stopped because of an error that DMS tries to recover from',
    next: 'read its log; DMS may start it again by itself',
  },
  FATAL_ERROR: {
    ...usualFacts,
    selfRestart: 'possible',
    meaning: 'it stopped because of a fatal error; after some of them, DMS starts it again by itself',
    next: 'read its log, remove the cause, then resume it or reload the target',
  },
  FULL_LOAD_ONLY_FINISHED: {
    ...endOfWorkFacts,
    ordinary: true,
    meaning: 'its full load is complete, and its replication type has no CDC',
    next: 'do nothing, because DMS deprovisions it by itself',
  },
  STOPPED_AFTER_FULL_LOAD: {
    ...endOfWorkFacts,
    meaning: 'it stopped after the full load; the changes cached meanwhile are not applied',
    next: 'resume it so that the cached changes are applied',
  },
  STOPPED_AFTER_CACHED_EVENTS: {
    ...endOfWorkFacts,
    meaning: 'it stopped after the full load, with the changes cached meanwhile applied',
    next: 'resume it for the changes since',
  },
  EXPRESS_LICENSE_LIMITS_REACHED: {
    ...usualFacts,
    meaning: 'the limits of an express licence were reached',
    next: 'ask AWS support',
  },
  STOPPED_AFTER_DDL_APPLY: {
    ...endOfWorkFacts,
    meaning: 'it stopped after applying a change of the schema, as its settings ask',
    next: 'check the target schema, then resume it',
  },
  STOPPED_DUE_TO_LOW_MEMORY: {
    ...selfRestartFacts,
    meaning: 'it ran out of memory',
    next: 'DMS may scale it and start it again by itself; raise MaxCapacityUnits if it does not',
  },
  STOPPED_DUE_TO_LOW_DISK: {
    ...selfRestartFacts,
    meaning: 'it ran out of storage',
    next: 'DMS may scale it and start it again by itself',
  },
  STOPPED_AT_SERVER_TIME: {
    ...endOfWorkFacts,
    ordinary: true,
    meaning: 'it reached the server time given as CdcStopPosition',
    next: 'resume it for the changes since',
  },
  STOPPED_AT_COMMIT_TIME: {
    ...endOfWorkFacts,
    ordinary: true,
    meaning: 'it reached the commit time given as CdcStopPosition',
    next: 'resume it for the changes since',
  },
  RECONFIGURATION_RESTART: {
    ...selfRestartFacts,
    meaning: 'DMS stopped it to apply another configuration',
    next: 'DMS starts it again by itself',
  },
  RECYCLE_TASK: {
    ...selfRestartFacts,
    meaning: 'DMS stopped it to recycle the task behind it',
    next: 'DMS starts it again by itself',
  },
} as const satisfies Record<string, StopReasonFacts>;

/** Code of a stop reason: a key of {@link stopReasons}. */
export type StopReasonCode = keyof typeof stopReasons;

/**
 * Returns the code in a stop reason. `null`: the text has no known code. DMS may put a whole error before the code:
 * `Last Error ODBC general error. Stop Reason RECOVERABLE_ERROR Error Level RECOVERABLE`.
 */
export function stopReasonCode(stopReason: string | null): StopReasonCode | null {
  const text = stopReason ?? '';
  const found = /\bStop Reason\s+(\w+)/i.exec(text) ?? /^\s*(\w+)/.exec(text);
  const code = found?.[1]?.toUpperCase() ?? '';
  return Object.hasOwn(stopReasons, code) ? (code as StopReasonCode) : null;
}

/** Returns the facts about a stop reason. `null`: its code is unknown. */
export function stopReasonFacts(stopReason: string | null): StopReasonFacts | null {
  const code = stopReasonCode(stopReason);
  return code === null ? null : stopReasons[code];
}

/** True if DMS may start the replication again by itself. */
export function maySelfRestart(stopReason: string | null): boolean {
  return (stopReasonFacts(stopReason)?.selfRestart ?? 'none') !== 'none';
}

/** True if DMS usually starts the replication again by itself. Such a stop counts only after a while. */
export function isSelfRestartExpected(stopReason: string | null): boolean {
  return stopReasonFacts(stopReason)?.selfRestart === 'expected';
}

/** True if the replication reached the end of its work, such as a stop position or a full load. */
export function isEndOfWork(stopReason: string | null): boolean {
  return stopReasonFacts(stopReason)?.endsByItself === true;
}
