import { DmsApiError, type DmsApi } from '../../../src/dms/api.js';
import { parseReplicationConfigArn, type ReplicationConfigArn } from '../../../src/dms/arn.js';
import { lookAnswer, look } from '../../support/look.js';
import { AwsBucket } from './aws-bucket.js';

const PAGE = 100;
/** Time that DMS takes to answer. */
const ANSWER_MS = 100;

export const arnOf = (n: number) =>
  parseReplicationConfigArn(`arn:aws:dms:eu-west-1:123456789012:replication-config:R${n}`);

type Operation = 'list' | 'describe' | 'stop' | 'statistics';

/** Part of DMS on fake time: replications that run until they are stopped, behind AWS's bucket of requests. */
export class SimulatedDms {
  readonly bucket = new AwsBucket();
  readonly calls: { readonly operation: Operation; readonly at: number }[] = [];
  readonly arns: readonly ReplicationConfigArn[];
  /** Time at which each replication is stopped. */
  readonly #stoppedAt = new Map<string, number>();

  constructor(
    replications: number,
    /** Time from the accepted stop of a replication to its end. */
    private readonly stoppingMs: (arn: string) => number,
  ) {
    this.arns = Array.from({ length: replications }, (_, n) => arnOf(n));
  }

  readonly api = {
    describeReplication: async ({ arn }) => {
      await this.#call('describe');
      return lookAnswer(this.#row(arn));
    },
    listReplications: async (_, marker) => {
      await this.#call('list');
      const from = Number(marker ?? 0);
      const items = this.arns.slice(from, from + PAGE).map(({ arn }) => this.#row(arn));
      const next = from + PAGE;
      return { items, marker: next < this.arns.length ? String(next) : null, dmsTime: Date.now() };
    },
    stopReplication: async ({ arn }) => {
      await this.#call('stop');
      this.#stoppedAt.set(arn, performance.now() + this.stoppingMs(arn));
      return { replication: null, requestId: null, dmsTime: Date.now() };
    },
    describeTableStatistics: async () => {
      await this.#call('statistics');
      return { items: [], marker: null, dmsTime: Date.now() };
    },
  } as Partial<DmsApi> as DmsApi;

  /** Times at which an operation was called. */
  at(...operations: readonly Operation[]): readonly number[] {
    return this.calls.filter(({ operation }) => operations.includes(operation)).map(({ at }) => at);
  }

  stoppedAt({ arn }: ReplicationConfigArn): number {
    return this.#stoppedAt.get(arn) ?? Infinity;
  }

  #row(arn: string) {
    const stoppedAt = this.#stoppedAt.get(arn);
    const running = stoppedAt === undefined ? 'running' : 'stopping';
    return look({
      replicationConfigArn: arn,
      status: performance.now() >= (stoppedAt ?? Infinity) ? 'stopped' : running,
    });
  }

  async #call(operation: Operation): Promise<void> {
    const isServed = this.bucket.request();
    if (isServed) this.calls.push({ operation, at: performance.now() });
    await new Promise((resolve) => setTimeout(resolve, ANSWER_MS));
    if (!isServed) throw new DmsApiError('throttled', 'ThrottlingException', 'Rate exceeded');
  }
}
