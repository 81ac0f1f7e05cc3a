/** Small application with a source and a target. Its hooks fail, hang, lose their answers, and take effect late. */
import { ApplicationFailure } from '@temporalio/common';
import { inAttempt, never, type Activities } from './execution.js';
import type { CutoverContext, CutoverHookName, CutoverTraffic } from './package-api.js';
import type { SmallTemporal } from './small-temporal.js';

/** Observer of every hook. */
export interface HookObserver {
  /** An attempt begins. */
  begun(hook: CutoverHookName, context: CutoverContext, attempt: number): void;
  /** `whereIsTraffic` has answered an attempt whose worker lives. */
  told(traffic: CutoverTraffic): void;
  /** Something has changed. */
  changed(hook: string): void;
}

/** Seconds after which an effect comes that its hook has not waited for. */
const LATE_SECONDS = 90;

export class SmallApplication {
  traffic: CutoverTraffic = 'source';
  isFenced = false;
  /** Number of effects that have yet to come. */
  onTheirWay = 0;
  /** Newest token that a hook has seen, and whether `unfence` has closed it. */
  #token = '';
  #isClosed = false;

  /**
   * `luck`: one number up to 999 for each call of a hook. From 700 on it fails without an effect, from 780 on after its
   * effect. From 850 on it hangs after its effect, from 900 on before it. From 950 on it answers otherwise.
   */
  constructor(
    private readonly luck: number[],
    private readonly observer: HookObserver,
    private readonly trace: (what: string) => void,
  ) {}

  /** Returns the hooks as activities of a worker. */
  activities(temporal: SmallTemporal): Activities {
    const hooks: Record<CutoverHookName, (context: CutoverContext, drawn: number) => unknown> = {
      preflight: (_, drawn) => [{ name: 'preflight', ok: drawn < 990, detail: 'looked' }],
      validate: (_, drawn) => [{ name: 'validate', ok: drawn < 950, detail: 'looked' }],
      verify: (_, drawn) => [{ name: 'verify', ok: drawn < 950, detail: 'looked' }],
      fence: ({ token }) => this.#fence(token),
      markSource: () => ({ lsn: 1 }),
      isDrained: (_, drawn) => ({ drained: drawn % 3 > 0 && drawn < 950 }),
      syncIdentities: () => null,
      prepareReverse: () => null,
      startReverse: () => null,
      notify: () => null,
      whereIsTraffic: () => this.traffic,
      switchToTarget: ({ token }, drawn) => this.#switch(token, drawn),
      switchToSource: ({ token }) => this.#switchBack(token),
      unfence: ({ token }) => this.#unfence(token),
    };
    const entries = Object.entries(hooks).map(([name, hook]) => [
      name,
      (context: CutoverContext) => this.#call(temporal, name as CutoverHookName, context, hook),
    ]);
    return Object.fromEntries(entries) as Activities;
  }

  async #call(
    temporal: SmallTemporal,
    name: CutoverHookName,
    context: CutoverContext,
    hook: (context: CutoverContext, drawn: number) => unknown,
  ): Promise<unknown> {
    const drawn = this.luck.shift() ?? 1;
    const attempted = inAttempt.getStore()?.context as { readonly info: { readonly attempt: number } } | undefined;
    this.observer.begun(name, context, attempted?.info.attempt ?? 1);
    const isDead = temporal.workerDeathProbe();
    const effect = () => {
      const answer = hook(context, drawn);
      this.observer.changed(name);
      if (name === 'whereIsTraffic' && !isDead()) this.observer.told(this.traffic);
      return answer;
    };
    const kind = drawn < 700 || drawn >= 950 ? 'works' : drawn < 780 ? 'fails' : drawn < 850 ? 'fails late' : 'hangs';
    if (kind !== 'works') this.trace(`${name} ${kind} (${drawn})`);
    if (kind === 'fails') throw failure('the database refuses connections');
    if (kind === 'hangs' && drawn >= 900) {
      this.onTheirWay++;
      void temporal
        .sendLate(`hook ${name}`, drawn % LATE_SECONDS, () => {
          this.onTheirWay--;
          effect();
        })
        .catch((err: unknown) => this.trace(`late ${name}: ${String(err)}`));
      return never();
    }
    const answer = await temporal.sendRequest(`hook ${name}`, effect);
    if (kind === 'hangs') return never();
    if (kind === 'fails late') throw failure('the answer was lost');
    return answer;
  }

  /** Switches by hand. */
  move(traffic: CutoverTraffic): void {
    this.traffic = traffic;
    this.observer.changed('a switch by hand');
  }

  #fence(token: string): null {
    this.#requireOpen(token);
    this.isFenced = true;
    return null;
  }

  #switch(token: string, drawn: number): null {
    this.#requireOpen(token);
    this.traffic = drawn < 950 ? 'target' : drawn < 975 ? 'both' : 'neither';
    return null;
  }

  #switchBack(token: string): null {
    this.#requireOpen(token);
    this.traffic = 'source';
    return null;
  }

  #unfence(token: string): null {
    this.#takeUp(token);
    if (this.traffic !== 'source') throw failure('The application does not use the source');
    this.#isClosed = true;
    this.isFenced = false;
    return null;
  }

  /** A hook refuses a token that is older than the newest. */
  #takeUp(token: string): void {
    if (token < this.#token) throw failure('A later cutover has begun');
    if (token > this.#token) [this.#token, this.#isClosed] = [token, false];
  }

  #requireOpen(token: string): void {
    this.#takeUp(token);
    if (this.#isClosed) throw failure('This cutover has gone back');
  }
}

function failure(message: string): ApplicationFailure {
  return ApplicationFailure.create({ message });
}
