import { agreedSeconds, agreeOn, type Agreement } from '../../dms/staleness.js';
import type { Attempt } from './attempt.js';

/** Longest delay until the next look while looks must agree. */
const DOUBT_LOOK_SECONDS = 5;
/** Doubt whether the effect of an equal earlier operation still holds. */
export const REPEAT_DOUBT = 'DMS no longer shows the earlier result';

/** Memory that an attempt leaves to the next. */
interface Memory {
  /** True once the ledger has let the operation begin. */
  readonly isBegun?: boolean;
  /** True if the operation may have begun: an attempt that was killed left no memory. */
  readonly mayHaveBegun?: boolean;
  /** Conclusion that the newest looks agree on. Its times are values of `elapsedSeconds`. */
  readonly doubt?: Agreement;
}

/** Memory that the attempts of one change share: its progress, and the conclusion on which looks must agree. */
export class ChangeMemory {
  #memory: Memory;

  constructor(private readonly attempt: Attempt) {
    const left = attempt.memory as Memory | null | undefined;
    // A failing attempt leaves memory. Without memory, an earlier attempt was killed. It may have begun the operation.
    this.#memory = left ?? { mayHaveBegun: attempt.number > 1 };
    attempt.mayHaveBegun ||= this.isBegun || this.#memory.mayHaveBegun === true;
  }

  get isBegun(): boolean {
    return this.#memory.isBegun === true;
  }

  remember(more: { [Field in keyof Memory]?: Memory[Field] | undefined }): void {
    const merged = { ...this.#memory, ...more };
    this.#memory = JSON.parse(JSON.stringify(merged)) as Memory;
    if (this.attempt.number > 1) this.attempt.remember(this.#memory);
  }

  /** Leaves this attempt's memory to the next, unless the heartbeat has one already. */
  leaveToNextAttempt(): void {
    if (this.attempt.memory == null) this.attempt.remember(this.#memory);
  }

  /** Throws a retryable failure until looks have agreed on a conclusion for long enough. */
  requireAgreement(on: string, forSeconds: number): void {
    const { elapsedSeconds } = this.attempt;
    const doubt = agreeOn(this.#memory.doubt ?? null, on, elapsedSeconds);
    if (agreedSeconds(doubt, elapsedSeconds) > forSeconds) return;
    this.remember({ doubt });
    throw this.attempt.stillWaiting(
      `${on}; waiting for looks to agree`,
      Math.min(DOUBT_LOOK_SECONDS, forSeconds / 5 + 0.1),
    );
  }

  /** Ends a doubt that a look has resolved. `REPEAT_DOUBT` stays, because the ledger replies after the decision. */
  endDoubt(): void {
    const isInDoubt = this.#memory.doubt !== undefined && this.#memory.doubt.on !== REPEAT_DOUBT;
    if (isInDoubt) this.remember({ doubt: undefined });
  }
}
