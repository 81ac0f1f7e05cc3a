/** What the simulator does wrong. `times`: how often (default 1). Without `replicationConfigArn` it meets any replication. */
export type Fault = {
  readonly operation: string;
  readonly replicationConfigArn?: string;
  readonly times?: number;
} & (
  | { readonly type: 'throttle' }
  /** Any error of AWS's, by name. `status` is the HTTP status, 400 unless told. */
  | { readonly type: 'error'; readonly name: string; readonly message: string; readonly status?: number }
  /** The call has its effect; the connection breaks before the answer. */
  | { readonly type: 'answer-lost' }
  /** The connection breaks before the call has its effect. */
  | { readonly type: 'connection-reset' }
  /** No answer, ever. */
  | { readonly type: 'hang' }
  /** Looks show what was there when the fault was set. */
  | { readonly type: 'stale' }
  /** The row is left out of lists; a request for it alone shows it. */
  | { readonly type: 'row-missing' }
);

interface ActiveFault {
  readonly fault: Fault;
  left: number;
}

export class Faults {
  #active: ActiveFault[] = [];

  add(fault: Fault): void {
    this.#active.push({ fault, left: fault.times ?? 1 });
  }

  clear(): void {
    this.#active = [];
  }

  /** The next fault that a request meets, used up by one. */
  take(operation: string, replicationConfigArn: string | null): Fault | null {
    const met = this.#active.find(
      ({ fault }) =>
        fault.operation === operation &&
        (fault.replicationConfigArn === undefined ||
          fault.replicationConfigArn === replicationConfigArn ||
          (replicationConfigArn === null && fault.type === 'row-missing')),
    );
    if (met === undefined) return null;
    met.left--;
    this.#active = this.#active.filter(({ left }) => left > 0);
    return met.fault;
  }
}
