/** Cutovers whose worker is killed: each is at another hook or in another wait at that moment. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import type { CutoverHandle } from '../../src/client/cutovers.js';
import type { CutoverContext, CutoverPhase } from '../../src/contract/cutover-hooks.js';
import type { CutoverHookName, CutoverInput } from '../../src/contract/cutover-input.js';
import { cutoverHookNames } from '../../src/contract/cutover-schemas.js';
import type { DmsSimulator, SimulatedReplicationOptions } from '../../src/simulator/index.js';
import { Application, cutoverInput } from '../support/cutover.js';
import { ada, expectAsBefore, holdInJudging, refuse, statusOf } from '../support/cutover-stage.js';
import { listen } from '../support/http-servers.js';
import { Stage, until } from '../support/stage.js';
import { KillableWorker } from './killable-worker.js';

interface Trial {
  readonly point: Point;
  readonly arn: string;
  readonly cutoverId: string;
  readonly application: Application;
  readonly cutover: CutoverHandle;
}

/** Point at which a cutover is when its worker is killed. */
interface Point {
  /** Hook that does not answer before the kill. Its effect is there. */
  readonly hook?: CutoverHookName;
  /** Phase in which the hook is called, or in which the cutover waits. */
  readonly phase?: CutoverPhase;
  readonly input?: Partial<CutoverInput>;
  readonly replication?: SimulatedReplicationOptions;
  /** Prepares the application before the cutover begins. */
  readonly prepare?: (application: Application) => void;
  /** Brings the cutover to its point, after it has begun. */
  readonly bring?: (trial: Trial, stage: Stage) => Promise<unknown>;
  /** Ends the wait after the kill. */
  readonly goOn?: (trial: Trial, simulator: DmsSimulator) => Promise<unknown> | void;
  readonly outcome: 'switched' | 'returned';
}

const HOUR = 3600;
const inAnHour = new Date(Date.now() + HOUR * 1000).toISOString();
const lagGate = { maxSeconds: 5, samples: 2, everySeconds: 1, timeoutSeconds: HOUR };
const unsound = (application: Application) => {
  application.checks = [{ name: 'verify', ok: false, detail: 'the checkout page is empty' }];
};
const failingSwitch = (application: Application) => void (application.meddle['switchToTarget'] = refuse);

const forward: readonly CutoverHookName[] = [
  'preflight',
  'validate',
  'prepareReverse',
  'fence',
  'markSource',
  'isDrained',
  'syncIdentities',
  'switchToTarget',
  'startReverse',
  'verify',
];

const points: readonly Point[] = [
  ...forward.map((hook): Point => ({ hook, outcome: 'switched' })),
  { hook: 'whereIsTraffic', phase: 'preflight', outcome: 'switched' },
  { hook: 'whereIsTraffic', phase: 'switching', outcome: 'switched' },
  { hook: 'whereIsTraffic', phase: 'returning', prepare: failingSwitch, outcome: 'returned' },
  {
    hook: 'whereIsTraffic',
    phase: 'returning',
    prepare: unsound,
    input: { verifySeconds: 0, onVerifyFailed: 'switch-back' },
    outcome: 'returned',
  },
  { hook: 'validate', phase: 'fencing', outcome: 'switched' },
  { hook: 'unfence', prepare: failingSwitch, outcome: 'returned' },
  { hook: 'notify', phase: 'draining', outcome: 'switched' },
  {
    hook: 'switchToSource',
    prepare: unsound,
    input: { verifySeconds: 0, onVerifyFailed: 'switch-back' },
    outcome: 'returned',
  },
  {
    phase: 'waiting-for-lag',
    input: { gates: { lag: lagGate } },
    goOn: ({ arn }) => void highLags.delete(arn),
    outcome: 'switched',
  },
  {
    phase: 'waiting-for-approval',
    input: { approval: {} },
    goOn: ({ cutover, cutoverId }) => cutover.approve({ ...ada, confirm: cutoverId }),
    outcome: 'switched',
  },
  {
    phase: 'waiting-for-window',
    input: { window: { notBefore: inAnHour } },
    goOn: ({ cutover }) => cutover.change({ ...ada, window: { notBefore: new Date().toISOString() } }),
    outcome: 'switched',
  },
  {
    phase: 'stopping',
    replication: { durations: { stopping: HOUR } },
    goOn: (_, simulator) => simulator.clock.advance({ seconds: HOUR }),
    outcome: 'switched',
  },
  {
    phase: 'judging',
    replication: { durations: { stopping: 60 } },
    bring: ({ cutover, arn }, stage) => holdInJudging(stage, cutover, arn),
    goOn: ({ arn }, simulator) => simulator.clearFaults(arn),
    outcome: 'switched',
  },
  {
    phase: 'switch-unknown',
    prepare: (application) =>
      void (application.meddle['switchToTarget'] = async () => void (application.traffic = 'both')),
    goOn: ({ cutover, application }) => {
      application.traffic = 'target';
      return cutover.decide({ ...ada, traffic: 'target' });
    },
    outcome: 'switched',
  },
  {
    phase: 'verifying',
    prepare: unsound,
    input: { verifySeconds: 0 },
    goOn: ({ cutover }) => cutover.decide({ ...ada, traffic: 'target' }),
    outcome: 'switched',
  },
  {
    phase: 'return-failed',
    prepare: (application) => {
      failingSwitch(application);
      application.meddle['unfence'] = refuse;
    },
    goOn: ({ cutover, application }) => {
      delete application.meddle['unfence'];
      return cutover.decide({ ...ada, undo: 'retry' });
    },
    outcome: 'returned',
  },
];

/** Replications whose lag is high. */
const highLags = new Set<string>();
const applications = new Map<string, Application>();

/** Hooks that do not answer, by cutover. */
const held = new Set<string>();
let release = () => {};
const killed = new Promise<void>((resolve) => (release = resolve));

/** Lets a hook take effect, and keeps its answer back until the worker is killed. */
function hold(application: Application, hook: CutoverHookName, phase: CutoverPhase | undefined): void {
  application.meddle[hook] = async (context, own) => {
    const answer = await own();
    if (phase !== undefined && context.phase !== phase) return answer;
    held.add(context.cutoverId);
    await killed;
    return answer;
  };
}

async function answerHook({ url = '', method }: IncomingMessage, body: string): Promise<unknown> {
  const name = url.slice(1);
  expect(method).toBe('POST');
  if (name === 'lag') {
    const { arn } = JSON.parse(body) as { arn: string };
    return { sourceSeconds: 0, targetSeconds: highLags.has(arn) ? 600 : 1, at: new Date().toISOString() };
  }
  const context = JSON.parse(body) as CutoverContext;
  return (await applications.get(context.cutoverId)?.activities[name]?.(context)) ?? null;
}

function serve(asked: IncomingMessage, answer: ServerResponse): void {
  const send = (status: number, body: string) => void answer.writeHead(status).end(body);
  text(asked)
    .then((body) => answerHook(asked, body))
    .then(
      (value) => send(200, JSON.stringify(value)),
      (err: unknown) => send(500, err instanceof Error ? err.message : String(err)),
    );
}

/** Hooks that are tried again three seconds after the death of their worker. */
const hooks = Object.fromEntries(
  cutoverHookNames.map((name) => [
    name,
    { activityType: name, timeoutSeconds: 120, heartbeatSeconds: 3, attempts: name === 'switchToTarget' ? 2 : 5 },
  ]),
) as unknown as CutoverInput['hooks'];

test('a cutover goes on after its worker was killed at a hook, or in a wait', async () => {
  await using server = await listen(createServer(serve));
  await using stage = await Stage.set();
  await using worker = new KillableWorker(new URL('remote-hooks-worker.ts', import.meta.url), {
    TASK_QUEUE: stage.taskQueue,
    HOOKS_URL: server.endpoint,
    AWS_ENDPOINT_URL_DATABASE_MIGRATION_SERVICE: stage.simulator.endpoint,
  });
  await worker.begin();
  const trials = await Promise.all(
    points.map(async (point): Promise<Trial> => {
      const { hook, phase, input = {}, replication = {}, prepare } = point;
      const application = new Application();
      prepare?.(application);
      if (hook !== undefined) hold(application, hook, phase);
      const arn = stage.simulator.createReplication({ status: 'running', ...replication });
      if (phase === 'waiting-for-lag') highLags.add(arn);
      const asked = cutoverInput([arn], { ...input, hooks });
      applications.set(asked.cutoverId, application);
      return { point, arn, application, cutover: await stage.dms.startCutover(asked), cutoverId: asked.cutoverId };
    }),
  );
  await Promise.all(trials.map(async (trial) => trial.point.bring?.(trial, stage)));
  await until('every cutover is at its point', async () => !(await Promise.all(trials.map(isAtPoint))).includes(false));

  await worker.kill();
  release();
  await worker.begin();
  await Promise.all(
    trials.map(async (trial) => {
      if (trial.point.goOn === undefined) return;
      await until('the cutover answers', async () => (await statusOf(trial.cutover)) !== null);
      await trial.point.goOn(trial, stage.simulator);
    }),
  );

  for (const { point, arn, application, cutover } of trials) {
    const { hook, phase, outcome } = point;
    const result = await cutover.result();
    expect([hook, phase, result.outcome]).toEqual([hook, phase, outcome]);
    expect(application.violations).toEqual([]);
    expect(new Set(application.contexts.map(({ token }) => token)).size).toBe(1);
    if (outcome === 'returned') await expectAsBefore(stage, application, [arn]);
    else {
      expect(application).toMatchObject({ traffic: 'target', isFenced: true });
      expect(stage.simulator.count('StopReplication', arn)).toBe(1);
      const { sealed, reservation, checkpoints } = await stage.dms.ledger(arn);
      expect([sealed?.by, reservation, checkpoints.length]).toEqual(['ada', null, 1]);
    }
  }
});

async function isAtPoint({ point: { hook, phase }, cutover, cutoverId }: Trial): Promise<boolean> {
  if (hook !== undefined) return held.has(cutoverId);
  const status = await statusOf(cutover);
  return status?.phase === phase && (phase !== 'verifying' || status?.allowed.includes('decide') === true);
}
