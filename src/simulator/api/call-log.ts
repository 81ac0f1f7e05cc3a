import type { Input } from './account-region.js';

const MAX_CALLS = 200_000;
/** Maximum characters of a logged request. A longer request is logged by its length. */
const MAX_LOGGED = 10_000;
/** Maximum characters of all logged requests. Beyond them the log drops its oldest calls. */
const MAX_LOG = 50_000_000;

/** Request that the simulator received. */
export interface SimulatorCall {
  /** Real time of the log entry, in ms since the epoch. */
  readonly at: number;
  /** Simulated time of the log entry, in ms since the epoch. */
  readonly time: number;
  /** AWS operation, such as `StopReplication`, at most 200 characters. */
  readonly operation: string;
  /** Account id of the caller: the 12 digits in its access key. `123456789012` if the key has none. */
  readonly accountId: string;
  /** Region in the request's signature. Empty: the request could not be read. */
  readonly region: string;
  /** Body of the request. `{ tooLong: <length> }` stands for a body of more than 10,000 characters. */
  readonly input: Input;
  /**
   * Outcome of the request.
   *
   * - `ok`, or the name of the error in the answer. `HTTP <status>` stands for an error without a name.
   * - `connection broken` or `hang`: no answer was sent.
   * - `late`: not delivered yet.
   */
  readonly outcome: string;
}

/** Log of the newest requests. */
export class CallLog {
  /** Characters of each request in the log, oldest first, and their sum. */
  #lengths: number[] = [];
  #length = 0;

  constructor(private readonly calls: SimulatorCall[]) {}

  /** Logs a request of `length` characters. Returns a function that sets its outcome later. */
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
