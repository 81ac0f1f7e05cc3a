import { afterEach, expect, test } from 'vitest';
import { freePort } from '../../scripts/free-port.js';
import { HealthEndpoint } from '../../src/worker/health.js';

let endpoint: HealthEndpoint;
afterEach(() => endpoint[Symbol.asyncDispose]());

type Watched = Parameters<HealthEndpoint['watch']>[0];

/** Opens the endpoint for a worker in a state. Returns a function that asks a path. `null`: the worker is not there yet. */
async function open(state: string | null, pollers = 'POLLING', temporal = 'answers') {
  const port = await freePort();
  endpoint = await HealthEndpoint.open(`127.0.0.1:${port}`, () => ({ lastAnswerFromDms: null }));
  if (state !== null)
    endpoint.watch({
      worker: {
        getState: () => state,
        getStatus: () => ({ workflowPollerState: pollers, activityPollerState: 'POLLING' }),
        options: { taskQueue: 'q' },
      },
      connection: {
        withDeadline: (_: unknown, ask: () => unknown) => ask(),
        workflowService: {
          getSystemInfo: () => (temporal === 'answers' ? Promise.resolve({}) : Promise.reject(new Error(temporal))),
        },
      },
    } as unknown as Watched);
  return async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    return { status: response.status, body: (await response.json()) as object };
  };
}

test.each([
  ['before it is connected', null, 'POLLING', 'answers', [200, 503], 'not connected yet'],
  ['while it polls', 'RUNNING', 'POLLING', 'answers', [200, 200], 'answers'],
  ['before its first poll', 'RUNNING', 'WAITING', 'answers', [200, 503], 'answers'],
  ['while Temporal gives no answer', 'RUNNING', 'POLLING', 'no route', [200, 503], 'no route'],
  ['while it drains', 'DRAINING', 'POLLING', 'answers', [200, 503], 'answers'],
  ['once it has failed', 'FAILED', 'POLLING', 'answers', [503, 503], 'answers'],
  ['once it has stopped', 'STOPPED', 'POLLING', 'answers', [503, 503], 'answers'],
] as const)('the health of a worker %s', async (_, state, pollers, temporal, statuses, why) => {
  const ask = await open(state, pollers, temporal);
  const [live, ready] = [await ask('/livez'), await ask('/readyz?verbose')];
  expect([live.status, ready.status]).toEqual(statuses);
  expect(live.body).toMatchObject({ state: state ?? 'STARTING', lastAnswerFromDms: null });
  expect(ready.body).toMatchObject({ temporal: why, pollers: expect.any(Object) });
});

test('another path is not found, and says what there is', async () => {
  const ask = await open('RUNNING');
  expect(await ask('/')).toEqual({ status: 404, body: { error: 'Ask for /livez or /readyz' } });
});
