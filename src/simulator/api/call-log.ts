import type { Input } from './account-region.js';

const MAX_CALLS = 200_000;
/** Longer requests are logged by their length, and the log forgets its oldest calls when all of them together are longer than this. */
const MAX_LOGGED = 10_000;
const MAX_LOG = 50_000_000;

export interface SimulatorCall {
  /** Milliseconds since the epoch, real time. */
  readonly at: number;
  /** The same in simulated time. */
  readonly time: number;
  readonly operation: string;
  readonly accountId: string;
  readonly region: string;
  readonly input: Input;
  /** `ok`, or the name of the error that was answered, or what became of the connection. `late`: not delivered yet. */
  readonly outcome: string;
}

/** Logs the requests, the newest of them. */
export class CallLog {
  /** How long the requests in the log are, oldest first, and all of them together. */
  #lengths: number[] = [];
  #length = 0;

  constructor(private readonly calls: SimulatorCall[]) {}

  /** Logs a request of some length, and returns how to set its outcome later. */
  add(call: SimulatorCall, length: number): (outcome: string) => void {
    const { calls } = this;
    const logged = length > MAX_LOGGED ? { ...call, input: { tooLong: length } } : { ...call };
    calls.push(logged);
    const kept = Math.min(length, MAX_LOGGED);
    this.#lengths.push(kept);
    this.#length += kept;
    if (calls.length > MAX_CALLS || this.#length > MAX_LOG) this.#forget(Math.ceil(calls.length / 10));
    return (outcome) => void Object.assign(logged, { outcome });
  }

  clear(): void {
    this.calls.length = 0;
    this.#lengths = [];
    this.#length = 0;
  }

  #forget(count: number): void {
    this.calls.splice(0, count);
    this.#length -= this.#lengths.splice(0, count).reduce((sum, each) => sum + each, 0);
  }
}
