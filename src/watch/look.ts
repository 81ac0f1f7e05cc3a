/** How a look at a replication is asked for. */
import type { DmsApiError } from '../dms/api.js';

/** How long a look is waited for, unless told. */
export const PATIENCE_SECONDS = 30;

export interface LookOptions {
  /** How long the caller can do without a look. It gets one sooner when somebody else's comes by. Default 0: at once. */
  readonly inSeconds?: number | undefined;
  /** Comes with the sweeps, that long after the last look at it; at once if that is longer ago. */
  readonly intervalSeconds?: number | undefined;
  /** How long it waits for one, before {@link LookDelayed}. Default 30. */
  readonly withinSeconds?: number | undefined;
  /** Ends this wait, never the shared request. */
  readonly signal?: AbortSignal | undefined;
}

/** No look was to be had in time: the request budget is spent on others, or DMS throttles. */
export class LookDelayed extends Error {
  override readonly name = 'LookDelayed';

  /** `throttled`: what DMS said last; `null`: nothing is wrong. */
  constructor(readonly throttled: DmsApiError | null) {
    super(throttled === null ? 'many waits share the requests to DMS' : throttled.message);
  }
}
