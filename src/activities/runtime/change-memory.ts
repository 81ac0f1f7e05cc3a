import { agreedSeconds, agreeOn, type Agreement } from '../../dms/staleness.js';
import type { Attempt } from './attempt.js';

/** How soon the next look comes while looks have to agree. */
const DOUBT_LOOK_SECONDS = 5;
/** Doubt whether what an equal operation brought about before still holds. */
export const REPEAT_DOUBT = 'what it brought about no longer shows';

/** What an attempt tells the next one. */
interface Memory {
  /** The ledger has let the operation begin. */
  readonly isBegun?: boolean;
  /** A call was noted, so an outage of the ledger is waited for. */
  readonly mayHaveCalled?: boolean;
  /** The conclusion that all looks agree on since then, in seconds of the activity. */
  readonly doubt?: Agreement;
}

/** Memory that the attempts of one change share: how far it has come, and what looks have to agree on. */
export class ChangeMemory {
  #memory: Memory;

  constructor(private readonly attempt: Attempt) {
    const left = attempt.memory as Memory | null | undefined;
    // A first attempt tells what it did only when it fails: one that left nothing died, and may have called.
    const mayHaveCalled = left == null ? attempt.number > 1 : left.mayHaveCalled === true;
    this.#memory = left ?? {};
    attempt.accepted ||= mayHaveCalled;
  }

  get isBegun(): boolean {
    return this.#memory.isBegun === true;
  }

  remember(more: { [Field in keyof Memory]?: Memory[Field] | undefined }): void {
    const merged = { ...this.#memory, ...more };
    this.#memory = JSON.parse(JSON.stringify(merged)) as Memory;
    if (this.attempt.number > 1) this.attempt.remember(this.#memory);
  }

  /** Tells the next attempt what this one did, when it has told nothing yet. */
  leave(): void {
    if (this.attempt.memory == null) this.attempt.remember(this.#memory);
  }

  /** Throws until looks have agreed on a conclusion for long enough. */
  requireAgreement(on: string, forSeconds: number): void {
    const { elapsedSeconds } = this.attempt;
    const doubt = agreeOn(this.#memory.doubt ?? null, on, elapsedSeconds);
    if (agreedSeconds(doubt, elapsedSeconds) > forSeconds) return;
    this.remember({ doubt });
    throw this.attempt.stillWaiting(
      `${on}; waiting whether looks agree`,
      Math.min(DOUBT_LOOK_SECONDS, forSeconds / 5 + 0.1),
    );
  }

  /** A look leaves no doubt. A repeat of what succeeded before is found out only as its call is noted. */
  endDoubt(): void {
    const isInDoubt = this.#memory.doubt !== undefined && this.#memory.doubt.on !== REPEAT_DOUBT;
    if (isInDoubt) this.remember({ doubt: undefined });
  }
}
