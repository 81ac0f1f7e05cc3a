import { DmsApiError, type Accepted } from './package-api.js';
import { never, type Execution } from './execution.js';
import { refusal, type SmallDms } from './small-dms.js';
import { callerOfAttempt, Lost, type SmallTemporal } from './small-temporal.js';
import type { Trouble } from './trouble.js';

/** Seconds after which the client of a call gives up. */
export const GIVEN_UP_SECONDS = 15;
/** Seconds for which AWS accepts a request after it was signed. */
const VALID_SECONDS = 300;
/** Maximum seconds from the sending of a call to its landing. */
const LATE_SECONDS = 280;

/** Call that changes DMS. */
export interface Call {
  readonly kind: 'stop' | 'start';
  readonly by: string;
  readonly operation: Execution | undefined;
  readonly sentAt: number;
  isOnItsWay: boolean;
}

/** Observer of every call: when it is sent, when it lands, and when it takes effect. */
export interface CallObserver {
  sent(call: Call): void;
  landing(call: Call): void;
  tookEffect(call: Call): void;
}

/** Carries out calls. A call may be late, be refused for a wrong reason, or get an odd answer. */
export class Calls {
  readonly #onTheirWay = new Set<Call>();

  /** `luck`: one number up to 999 for each call. From 850 on late, 100 to 199 a lie, 200 to 299 an odd answer. */
  constructor(
    private readonly dms: SmallDms,
    private readonly trouble: Trouble,
    private readonly luck: number[],
    private readonly trace: (what: string) => void,
    private readonly observer: CallObserver,
  ) {}

  /** Calls that may still land. */
  get onTheirWay(): readonly Call[] {
    return [...this.#onTheirWay];
  }

  async make(
    temporal: SmallTemporal,
    kind: Call['kind'],
    signal: AbortSignal | undefined,
    effect: (by: string) => Accepted,
  ): Promise<Accepted> {
    const by = callerOfAttempt();
    const isDead = temporal.workerDeathProbe();
    const operation = temporal.executions.find(({ runId }) => by.endsWith(` ${runId}`));
    const call: Call = { kind, by, operation, sentAt: Date.now(), isOnItsWay: true };
    const luck = this.luck.shift() ?? 0;
    this.#onTheirWay.add(call);
    this.observer.sent(call);
    const what = `${kind} for ${by}`;
    const land = () => {
      this.#remove(call);
      const age = Date.now() - call.sentAt;
      if (age > (this.trouble.lateCalls ? VALID_SECONDS : GIVEN_UP_SECONDS) * 1000)
        throw new Lost(`${what} is too old`);
      this.observer.landing(call);
      return this.#land(call, luck, effect);
    };
    const isLate = this.trouble.lateCalls && luck >= 850;
    const seconds = GIVEN_UP_SECONDS + (luck % (LATE_SECONDS - GIVEN_UP_SECONDS));
    if (isLate) this.trace(`${what} is late by ${seconds} s`);
    const answer = isLate
      ? temporal.sendLate(what, seconds, land).catch(() => never())
      : temporal.sendRequest(what, land, () => this.#remove(call));
    try {
      return await Promise.race([answer, givenUp(signal)]);
    } catch (err) {
      if (isDead()) return never();
      throw err instanceof Lost ? new DmsApiError('unavailable', 'TimeoutError', err.message) : err;
    }
  }

  #remove(call: Call): void {
    call.isOnItsWay = false;
    this.#onTheirWay.delete(call);
  }

  #land(call: Call, luck: number, effect: (by: string) => Accepted): Accepted {
    this.dms.requireAnswer();
    if (this.trouble.lies && luck >= 100 && luck < 200) {
      const lie = this.#lie(call, luck);
      this.trace(`${call.kind} for ${call.by} is refused: ${lie.message}`);
      throw lie;
    }
    const accepted = effect(call.by);
    this.trace(`${call.kind} for ${call.by} takes effect`);
    this.observer.tookEffect(call);
    if (this.trouble.oddAnswers && luck >= 200 && luck < 300) {
      this.trace(`${call.kind} for ${call.by} is answered with an unknown error`);
      throw new DmsApiError('rejected', 'UnknownError', 'no message');
    }
    return accepted;
  }

  /** Returns a refusal that is about another resource, or about an earlier status. */
  #lie({ kind }: Call, luck: number): DmsApiError {
    const { row, status } = this.dms.at(Date.now() - (luck % 60) * 1000);
    const what = kind === 'stop' ? "' state and cannot be stopped." : "' state and cannot start";
    const others = [
      "Premigration assessment run X is in 'running' state",
      "Replication subnet group Y is in 'deleting' state",
      "Replication for Replication Config, 'invoices' is in 'stopped' state",
      "Endpoint Z is in 'failed' state",
      "Connection W is in 'testing' state",
    ];
    const other = others[luck % 8];
    return other === undefined
      ? refusal(row, status, what)
      : new DmsApiError('invalid-state', 'InvalidResourceStateFault', other);
  }
}

/** Rejects once the client of a call gives up, or `signal` aborts it. */
function givenUp(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    const giveUp = (name: string) => reject(new DmsApiError('unavailable', name, 'no answer'));
    setTimeout(() => giveUp('TimeoutError'), GIVEN_UP_SECONDS * 1000);
    signal?.addEventListener('abort', () => giveUp('AbortError'), { once: true });
  });
}
