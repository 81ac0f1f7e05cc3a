import { randomUUID } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/common';
import type { CutoverCheck, CutoverContext, CutoverTraffic } from '../../src/contract/cutover-hooks.js';
import type { CutoverInput } from '../../src/contract/cutover-input.js';
import type { Stage } from './stage.js';

/** Application with a source and a target, whose hooks write down what they do. */
export class Application {
  readonly done: string[] = [];
  readonly contexts: CutoverContext[] = [];
  /** Contexts of the calls of `notify`. */
  readonly notified = new Set<CutoverContext>();
  /** Broken rules, such as two writers. */
  readonly violations: string[] = [];
  /** Newest token that a hook has seen, and whether its cutover has gone back. */
  #token = '';
  #isClosed = false;
  traffic: CutoverTraffic = 'source';
  isFenced = false;
  /** Number of calls of `isDrained` that answer false. */
  undrained = 0;
  checks: readonly CutoverCheck[] = [];
  /** Replaces hooks, by name. A replacement may call the hook that it replaces. */
  meddle: Partial<Record<string, (context: CutoverContext, own: () => Promise<unknown>) => Promise<unknown>>> = {};

  /** Answers the hooks of this cutover in a worker with {@link sharedActivities}. */
  serve(cutoverId: string): void {
    served.set(cutoverId, this);
  }

  /** Activities of the hooks, by type. */
  get activities(): Record<string, (context: CutoverContext) => Promise<unknown>> {
    const takeUp = (token: string) => {
      if (token < this.#token) throw ApplicationFailure.nonRetryable('A later cutover has begun');
      if (token > this.#token) [this.#token, this.#isClosed] = [token, false];
    };
    const requireOpen = (token: string) => {
      takeUp(token);
      if (this.#isClosed) throw ApplicationFailure.nonRetryable('This cutover has gone back');
    };
    const hooks: Record<string, (context: CutoverContext) => Promise<unknown>> = {
      fence: async ({ token }) => {
        requireOpen(token);
        this.isFenced = true;
      },
      unfence: async ({ token }) => {
        takeUp(token);
        if (this.traffic !== 'source') throw ApplicationFailure.nonRetryable('The application uses the target');
        this.#isClosed = true;
        this.isFenced = false;
      },
      isDrained: async () => ({ drained: this.undrained-- <= 0, behind: `${this.undrained} rows` }),
      switchToTarget: async ({ token }) => {
        requireOpen(token);
        this.traffic = 'target';
      },
      switchToSource: async ({ token }) => {
        requireOpen(token);
        this.traffic = 'source';
      },
      whereIsTraffic: async () => this.traffic,
      preflight: async () => this.checks.filter(({ name }) => name === 'preflight'),
      validate: async () => this.checks.filter(({ name }) => name === 'validate'),
      verify: async () => this.checks.filter(({ name }) => name === 'verify'),
      markSource: async () => ({ lsn: '0/16B3748' }),
      syncIdentities: async () => null,
      prepareReverse: async () => null,
      startReverse: async () => null,
      notify: async () => null,
    };
    const entries = Object.entries(hooks).map(([name, hook]) => [
      name,
      (context: CutoverContext) => {
        if (!['whereIsTraffic', 'isDrained', 'notify'].includes(name) || this.done.at(-1) !== name)
          this.done.push(name);
        this.contexts.push(context);
        if (name === 'notify') this.notified.add(context);
        return (this.meddle[name]?.(context, () => hook(context)) ?? hook(context)).finally(() =>
          this.#requireOneWriter(name),
        );
      },
    ]);
    return Object.fromEntries(entries) as ReturnType<() => Application['activities']>;
  }

  #requireOneWriter(hook: string): void {
    const isOnTarget = this.traffic === 'target' || this.traffic === 'both';
    if (isOnTarget && !this.isFenced) this.violations.push(`two writers after ${hook}`);
  }
}

const served = new Map<string, Application>();

/** Activities of the hooks, for many applications on one worker. */
export const sharedActivities = Object.fromEntries(
  Object.keys(new Application().activities).map((name) => [
    name,
    (context: CutoverContext) => {
      const application = served.get(context.cutoverId);
      if (application === undefined) throw new Error(`No application serves ${context.cutoverId}`);
      return application.activities[name]?.(context);
    },
  ]),
);

/** Hook with one attempt. */
export const cutoverHook = (activityType: string) => ({ activityType, timeoutSeconds: 30, attempts: 1 });

/** Input of a cutover with the required hooks, quick enough for a test. */
export function cutoverInput(arns: readonly string[], more: Partial<CutoverInput> = {}): CutoverInput {
  const hook = cutoverHook;
  return {
    cutoverId: `orders-${randomUUID()}`,
    replicationConfigArns: arns,
    requestedBy: 'ada',
    reason: 'orders move to Aurora',
    writesStoppedSeconds: 300,
    gates: { lag: 'ignore' },
    approval: { required: false },
    stop: { settleSeconds: 0 },
    ...more,
    hooks: {
      fence: hook('fence'),
      unfence: hook('unfence'),
      isDrained: hook('isDrained'),
      switchToTarget: hook('switchToTarget'),
      whereIsTraffic: hook('whereIsTraffic'),
      ...more.hooks,
    },
  };
}

/** Creates replications that run. */
export function runningReplications(stage: Stage, number = 1): readonly string[] {
  return Array.from({ length: number }, () => stage.simulator.createReplication({ status: 'running' }));
}
