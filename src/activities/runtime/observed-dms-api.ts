import { DmsApiError, type DmsApi } from '../../dms/api.js';
import type { ReplicationConfigArn } from '../../dms/arn.js';
import { countRequest } from './metrics.js';

type Operation = Exclude<keyof DmsApi, 'endpointOverride'>;

/** Access to DMS that counts requests, and remembers the time of the last answer. */
export class ObservedDmsApi implements DmsApi {
  #lastAnswerAt: string | null = null;
  readonly describeEndpoints?: NonNullable<DmsApi['describeEndpoints']>;

  constructor(private readonly dms: DmsApi) {
    const describe = dms.describeEndpoints?.bind(dms);
    if (describe !== undefined)
      this.describeEndpoints = (...given) => this.#observe('describeEndpoints', given, () => describe(...given));
  }

  /** Time of the last answer of DMS, also of a refusal, ISO 8601. `null`: none yet. */
  get lastAnswerAt(): string | null {
    return this.#lastAnswerAt;
  }

  describeReplication: DmsApi['describeReplication'] = (...given) =>
    this.#observe('describeReplication', given, () => this.dms.describeReplication(...given));

  listReplications: DmsApi['listReplications'] = (...given) =>
    this.#observe('listReplications', given, () => this.dms.listReplications(...given));

  stopReplication: DmsApi['stopReplication'] = (...given) =>
    this.#observe('stopReplication', given, () => this.dms.stopReplication(...given));

  startReplication: DmsApi['startReplication'] = (...given) =>
    this.#observe('startReplication', given, () => this.dms.startReplication(...given));

  describeTableStatistics: DmsApi['describeTableStatistics'] = (...given) =>
    this.#observe('describeTableStatistics', given, () => this.dms.describeTableStatistics(...given));

  endpointOverride: DmsApi['endpointOverride'] = (arn) => this.dms.endpointOverride(arn);

  async #observe<T>(
    operation: Operation,
    [{ accountId, region }]: readonly [Pick<ReplicationConfigArn, 'accountId' | 'region'>, ...unknown[]],
    request: () => Promise<T>,
  ): Promise<T> {
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
      countRequest({ operation, result, account: accountId, region });
    }
  }
}
