/** Options of a look, and the error of a look that came too late. */
import type { DmsApiError } from '../dms/api.js';

/** Default of `withinSeconds`. */
export const PATIENCE_SECONDS = 30;

export interface LookOptions {
  /** Seconds until the caller needs a look. A look for another wait may serve it sooner. Default 0: at once. */
  readonly inSeconds?: number | undefined;
  /** Minimum seconds since the last look at this replication. Such a look comes with the sweeps. */
  readonly intervalSeconds?: number | undefined;
  /** Seconds to wait for a look before {@link LookDelayed}. Default 30. */
  readonly withinSeconds?: number | undefined;
  /** Ends this wait, never the shared request. */
  readonly signal?: AbortSignal | undefined;
}

/** Error of a look that did not come in time: others spent the request budget, or DMS throttles. */
export class LookDelayed extends Error {
  override readonly name = 'LookDelayed';

  /** `throttled`: last answer of DMS. `null`: DMS throttles nothing, but the worker is busy. */
  constructor(readonly throttled: DmsApiError | null) {
    super(throttled === null ? 'many waits share the requests to DMS' : throttled.message);
  }
}
