import type { Client } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { createDmsActivities, type DmsActivitiesOptions, type DmsApi } from '../../src/activities/index.js';
import { look } from './look.js';

/** Returns the environment of an attempt. Default: the second attempt. */
export const attempt = (info: object = {}) =>
  new MockActivityEnvironment(
    { attempt: 2, startToCloseTimeoutMs: 45_000, ...info },
    { logger: new DefaultLogger('ERROR') },
  );

/** Returns a DMS whose replication always has this status. */
export const dmsShowing = (status: string) =>
  ({
    describeReplication: () => Promise.resolve({ replication: look({ status }), dmsTime: Date.UTC(2026, 0, 3) }),
    endpointOverride: () => Promise.resolve(null),
  }) as Partial<DmsApi> as DmsApi;

export const activitiesOf = (options: Partial<DmsActivitiesOptions> & { dms: DmsApi }) =>
  createDmsActivities({ client: {} as Client, ledgerTaskQueue: 'somewhere', ...options });

/** Runs attempts of one activity one after another. The retry delays move the simulated time. */
export class Attempts {
  /** Seconds since the activity was scheduled. */
  seconds = 0;
  number = 0;
  #heartbeatDetails: unknown;

  constructor(
    private readonly scheduledAt = Date.UTC(2026, 0, 1),
    private readonly onAttempt: (now: number) => void = () => {},
  ) {}

  /** Runs attempts until one returns, fails without a retry, or `untilSeconds` have passed. */
  async run<Request, Result>(
    activity: (request: Request) => Promise<Result>,
    request: Request,
    untilSeconds = 600,
  ): Promise<Result> {
    for (;;) {
      this.number++;
      const currentAttemptScheduledTimestampMs = this.scheduledAt + Math.round(this.seconds * 1000);
      this.onAttempt(currentAttemptScheduledTimestampMs);
      const environment = attempt({
        attempt: this.number,
        startToCloseTimeoutMs: 150_000,
        scheduledTimestampMs: this.scheduledAt,
        currentAttemptScheduledTimestampMs,
        heartbeatDetails: this.#heartbeatDetails,
      });
      environment.on('heartbeat', (details: unknown) => (this.#heartbeatDetails = details));
      try {
        return await environment.run(activity, request);
      } catch (err) {
        if (!(err instanceof ApplicationFailure) || err.nonRetryable === true) throw err;
        this.seconds += Number(err.nextRetryDelay ?? 1000) / 1000;
        if (this.seconds > untilSeconds) throw err;
      }
    }
  }
}
