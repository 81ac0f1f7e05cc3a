import type { MetricCounter, MetricMeter } from '@temporalio/common';
import { DmsApiError, type DmsApi } from '../dms/api.js';

type Operation = Exclude<keyof DmsApi, 'endpointOverride'>;

/** Access to DMS that counts requests, and remembers the time of the last answer. */
export class ObservedDmsApi implements DmsApi {
  readonly #requests: MetricCounter;
  #lastAnswerAt: string | null = null;
  readonly describeEndpoints?: NonNullable<DmsApi['describeEndpoints']>;

  constructor(
    private readonly dms: DmsApi,
    meter: MetricMeter,
  ) {
    this.#requests = meter.createCounter('dms_requests', '1', 'Requests to DMS, by operation and result');
    const describe = dms.describeEndpoints?.bind(dms);
    if (describe !== undefined)
      this.describeEndpoints = (...given) => this.#observe('describeEndpoints', () => describe(...given));
  }

  /** Time of the last answer of DMS, also of a refusal, ISO 8601. `null`: none yet. */
  get lastAnswerAt(): string | null {
    return this.#lastAnswerAt;
  }

  describeReplication: DmsApi['describeReplication'] = (...given) =>
    this.#observe('describeReplication', () => this.dms.describeReplication(...given));

  listReplications: DmsApi['listReplications'] = (...given) =>
    this.#observe('listReplications', () => this.dms.listReplications(...given));

  stopReplication: DmsApi['stopReplication'] = (...given) =>
    this.#observe('stopReplication', () => this.dms.stopReplication(...given));

  startReplication: DmsApi['startReplication'] = (...given) =>
    this.#observe('startReplication', () => this.dms.startReplication(...given));

  describeTableStatistics: DmsApi['describeTableStatistics'] = (...given) =>
    this.#observe('describeTableStatistics', () => this.dms.describeTableStatistics(...given));

  endpointOverride: DmsApi['endpointOverride'] = (arn) => this.dms.endpointOverride(arn);

  async #observe<T>(operation: Operation, request: () => Promise<T>): Promise<T> {
    let result = 'ok';
    try {
      return await request();
    } catch (err) {
      result = err instanceof DmsApiError ? err.kind : 'error';
      throw err;
    } finally {
      // Without credentials, or without an answer, nothing is known of DMS.
      if (result !== 'unavailable' && result !== 'credentials' && result !== 'error')
        this.#lastAnswerAt = new Date().toISOString();
      this.#requests.add(1, { operation, result });
    }
  }
}
