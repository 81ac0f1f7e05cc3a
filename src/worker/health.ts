import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { NativeConnection, Worker, WorkerStatus } from '@temporalio/worker';
import { messageOf } from '../program.js';

/** States of a worker that will not come back. */
const OVER: ReadonlySet<string> = new Set(['FAILED', 'STOPPED']);
/** Longest wait for an answer of Temporal. */
const TEMPORAL_MS = 2000;

/** Worker and its connection, once both exist. */
interface Watched {
  readonly worker: Pick<Worker, 'getState' | 'getStatus' | 'options'>;
  readonly connection: Pick<NativeConnection, 'workflowService' | 'withDeadline'>;
}

/**
 * Health of a worker over HTTP, as JSON. `/livez` answers 200 until the worker has failed.
 *
 * `/readyz` answers 200 while the worker polls and Temporal answers. It answers 503 before that, while the worker
 * drains, and while Temporal does not answer.
 */
export class HealthEndpoint implements AsyncDisposable {
  #watched: Watched | null = null;

  private constructor(
    private readonly server: Server | null,
    private readonly facts: () => object,
  ) {}

  /** Opens the endpoint at an address such as `0.0.0.0:8080`. `null`: none. */
  static async open(address: string | null, facts: () => object): Promise<HealthEndpoint> {
    const server = address === null ? null : createServer();
    const endpoint = new HealthEndpoint(server, facts);
    if (server === null || address === null) return endpoint;
    server.on('request', ({ url = '' }, answer) => void endpoint.#answer(url, answer));
    const colon = address.lastIndexOf(':');
    const host = address.slice(0, colon).replace(/^\[(.*)\]$/, '$1'); // an IPv6 address has brackets
    server.listen({ host, port: Number(address.slice(colon + 1)) });
    await once(server, 'listening');
    // Health must not keep a process alive that has nothing else to do.
    server.unref();
    return endpoint;
  }

  /** Watches this worker from now on. */
  watch(watched: Watched): void {
    this.#watched = watched;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { server } = this;
    if (server === null) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  async #answer(url: string, answer: ServerResponse): Promise<void> {
    const [path] = url.split('?', 1);
    const state = this.#watched?.worker.getState() ?? 'STARTING';
    const known = { state, taskQueue: this.#watched?.worker.options.taskQueue ?? null, ...this.facts() };
    if (path === '/livez') return send(answer, OVER.has(state) ? 503 : 200, known);
    if (path !== '/readyz') return send(answer, 404, { error: 'Ask for /livez or /readyz' });
    const pollers = pollersOf(this.#watched?.worker.getStatus());
    const temporal = await this.#temporalProblem();
    const isReady = state === 'RUNNING' && isPolling(pollers) && temporal === null;
    send(answer, isReady ? 200 : 503, { ...known, pollers, temporal: temporal ?? 'answers' });
  }

  /** Asks Temporal. Returns why it gives no answer. `null`: it answers. */
  async #temporalProblem(): Promise<string | null> {
    if (this.#watched === null) return 'not connected yet';
    const { connection } = this.#watched;
    try {
      await connection.withDeadline(Date.now() + TEMPORAL_MS, () => connection.workflowService.getSystemInfo({}));
      return null;
    } catch (err) {
      return messageOf(err);
    }
  }
}

interface Pollers {
  readonly workflows: string;
  readonly activities: string;
}

function pollersOf(status: WorkerStatus | undefined): Pollers {
  return {
    workflows: status?.workflowPollerState ?? 'STARTING',
    activities: status?.activityPollerState ?? 'STARTING',
  };
}

function isPolling({ workflows, activities }: Pollers): boolean {
  return workflows === 'POLLING' && activities === 'POLLING';
}

function send(answer: ServerResponse, code: number, body: object): void {
  answer.writeHead(code, { 'content-type': 'application/json' });
  answer.end(`${JSON.stringify(body)}\n`);
}
