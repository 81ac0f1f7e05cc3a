/** How to ask for a look at a replication. */
import type { DmsApiError } from '../dms/api.js';

/** Default patience of a wait for a look. */
export const PATIENCE_SECONDS = 30;

export interface LookOptions {
  /** Seconds for which the caller needs no look. It gets one sooner when a look for another wait comes by. Default 0: at once. */
  readonly inSeconds?: number | undefined;
  /** Seconds after the last look at this replication. Such a look comes with the sweeps. */
  readonly intervalSeconds?: number | undefined;
  /** Seconds to wait for a look before {@link LookDelayed}. Default 30. */
  readonly withinSeconds?: number | undefined;
  /** Ends this wait, never the shared request. */
  readonly signal?: AbortSignal | undefined;
}

/** No look came in time: the request budget is spent on others, or DMS throttles. */
export class LookDelayed extends Error {
  override readonly name = 'LookDelayed';

  /** `throttled`: last answer of DMS; `null`: DMS throttles nothing, the worker is busy. */
  constructor(readonly throttled: DmsApiError | null) {
    super(throttled === null ? 'many waits share the requests to DMS' : throttled.message);
  }
}
