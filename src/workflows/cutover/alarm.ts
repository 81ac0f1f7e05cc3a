import { CancellationScope, isCancellation, sleep } from '@temporalio/workflow';

/** One timer that is set anew only when its time changes, so that a time limit over many steps is one timer. */
export class Alarm {
  #at: string | null = null;
  #scope: CancellationScope | null = null;

  /** `ring` is called when the time has come. */
  constructor(private readonly ring: () => void) {}

  /** Sets the time, ISO 8601. `null`: none. */
  set(at: string | null): void {
    if (at === this.#at) return;
    this.#scope?.cancel();
    this.#at = at;
    this.#scope = null;
    if (at === null) return;
    const scope = new CancellationScope();
    this.#scope = scope;
    const timer = scope.run(() => sleep(Math.max(1, Date.parse(at) - Date.now())));
    timer.then(
      () => {
        if (this.#scope !== scope) return; // set anew meanwhile
        this.#at = null;
        this.ring();
      },
      (err: unknown) => {
        if (!isCancellation(err)) throw err;
      },
    );
  }
}
