import { DmsApiError, type Accepted, type DmsApi } from '../../src/dms/api.js';
import type { Replication } from '../../src/dms/replication.js';
import { look } from '../support/look.js';

const iso = (ms: number) => new Date(ms).toISOString();

/** Seconds that a step of the replication's life takes. */
const STOPPING = 25;
const DESCRIBING = 6;
const STARTING = 20;

/** A stop that DMS was asked for, or that happened. */
export interface StopMade {
  /** Of the operation that asked for it; `null`: DMS or someone else. */
  readonly by: string;
  readonly askedAt: number;
  stoppedAt: string | null;
}

/** One replication, as an own idea of what DMS does with it: what is shown late, what is refused, and what was really asked for. */
export class SmallDms {
  status = 'running';
  /** Every stop that was accepted. */
  readonly stops: StopMade[] = [];
  readonly starts: { readonly by: string; readonly at: number }[] = [];
  #since = Date.now();
  #lastStop: { readonly at: number; readonly checkpoint: string } | null = null;
  #previous: { readonly at: number; readonly checkpoint: string } | null = null;
  readonly #bornAt = iso(Date.now() - 86_400_000);
  #runs = 1;

  constructor(readonly arn: string) {}

  /** What has come about by now. */
  #pass(): void {
    const after = (seconds: number) => this.#since + seconds * 1000;
    if (this.status === 'stopping' && Date.now() >= after(STOPPING)) {
      this.status = 'stopped';
      this.#since = after(STOPPING);
      this.#previous = this.#lastStop;
      this.#lastStop = { at: this.#since, checkpoint: `checkpoint:V1#${this.#runs}` };
      for (const stop of this.stops) stop.stoppedAt ??= iso(this.#since);
    }
    if (this.status === 'starting' && Date.now() >= after(STARTING)) {
      this.status = 'running';
      this.#since = after(STARTING);
      this.#runs++;
    }
  }

  show(): Replication {
    this.#pass();
    const isDescribed = this.status !== 'stopped' || Date.now() >= this.#since + DESCRIBING * 1000;
    const stop = isDescribed ? this.#lastStop : this.#previous;
    const running = this.status === 'running' || this.status === 'stopping';
    return look({
      replicationConfigArn: this.arn,
      status: this.status,
      stopReason: stop === null ? null : 'Stop Reason NORMAL',
      replicationLastStopTime: stop === null ? null : iso(stop.at),
      recoveryCheckpoint: running || stop === null ? null : stop.checkpoint,
      replicationCreateTime: this.#bornAt,
    });
  }

  stop(by: string): Accepted {
    this.#pass();
    this.#require('running');
    this.status = 'stopping';
    this.#since = Date.now();
    this.stops.push({ by, askedAt: Date.now(), stoppedAt: null });
    return { replication: this.show(), requestId: `stop-${this.stops.length}`, dmsTime: Date.now() };
  }

  start(by: string): Accepted {
    this.#pass();
    this.#require('stopped');
    this.status = 'starting';
    this.#since = Date.now();
    this.starts.push({ by, at: Date.now() });
    return { replication: this.show(), requestId: `start-${this.starts.length}`, dmsTime: Date.now() };
  }

  #require(status: string): void {
    if (this.status === status) return;
    const message = `Replication cannot be changed: it is currently in ${this.status.toUpperCase()} state`;
    throw new DmsApiError('invalid-state', 'InvalidResourceStateFault', message);
  }
}

/** How a request to DMS goes: `effect` is what DMS does when it arrives. */
export type Carry = <T>(what: string, effect: () => T) => Promise<T>;

/** The port over requests that arrive late, twice lost, or never. `caller` names the operation that an attempt works for. */
export function smallDmsApi(dms: SmallDms, carry: Carry, caller: () => string): DmsApi {
  return {
    describeReplication: () => carry('describe', () => ({ replication: dms.show(), dmsTime: Date.now() })),
    listReplications: () => carry('list', () => ({ items: [dms.show()], marker: null, dmsTime: Date.now() })),
    stopReplication: () => {
      const by = caller();
      return carry(`stop for ${by}`, () => dms.stop(by));
    },
    startReplication: () => {
      const by = caller();
      return carry(`start for ${by}`, () => dms.start(by));
    },
    describeTableStatistics: () => carry('tables', () => ({ items: [], marker: null, dmsTime: Date.now() })),
    endpointOverride: () => Promise.resolve(null),
  };
}
