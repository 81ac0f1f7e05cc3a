import { CancellationScope, isCancellation, sleep } from '@temporalio/workflow';

/**
 * Rings at the earliest of the times that are set. A time that stays keeps its timer, so that a limit over many steps
 * needs one. A later time gets a timer only once it is the earliest.
 */
export class Alarm {
  readonly #scopes = new Map<string, CancellationScope>();

  /** `ring` is called when one of the times has come. */
  constructor(private readonly ring: () => void) {}

  /** Replaces the times, ISO 8601. Call it again after each ring. */
  set(times: readonly string[]): void {
    for (const [at, scope] of this.#scopes) {
      if (times.includes(at)) continue;
      this.#scopes.delete(at);
      scope.cancel();
    }
    const [earliest] = times.toSorted((one, other) => Date.parse(one) - Date.parse(other));
    if (earliest !== undefined && !this.#scopes.has(earliest)) this.#start(earliest);
  }

  #start(at: string): void {
    const scope = new CancellationScope();
    this.#scopes.set(at, scope);
    const timer = scope.run(() => sleep(Math.max(1, Date.parse(at) - Date.now())));
    timer.then(
      () => {
        if (this.#scopes.get(at) !== scope) return; // replaced meanwhile
        this.#scopes.delete(at);
        this.ring();
      },
      (err: unknown) => {
        if (!isCancellation(err)) throw err;
      },
    );
  }
}
