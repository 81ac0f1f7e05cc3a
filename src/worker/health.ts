import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { Worker } from '@temporalio/worker';

/** States of a worker in which it takes tasks. */
const RUNNING: ReadonlySet<string> = new Set(['RUNNING']);
/** States of a worker that will not come back. */
const OVER: ReadonlySet<string> = new Set(['FAILED', 'STOPPED']);

/**
 * Health of a worker over HTTP. `/livez` answers 200 until the worker has failed. `/readyz` answers 200 while it takes
 * tasks, and 503 before that and while it drains. Both answer with the state as JSON.
 */
export class HealthEndpoint implements AsyncDisposable {
  #worker: Worker | null = null;

  private constructor(
    private readonly server: Server | null,
    private readonly facts: () => object,
  ) {}

  /** Opens the endpoint at an address such as `0.0.0.0:8080`. `null`: none. */
  static async open(address: string | null, facts: () => object): Promise<HealthEndpoint> {
    const server = address === null ? null : createServer();
    const endpoint = new HealthEndpoint(server, facts);
    if (server === null || address === null) return endpoint;
    server.on('request', ({ url = '' }, answer) => {
      const code = endpoint.#statusOf(url);
      answer.writeHead(code, { 'content-type': 'application/json' });
      answer.end(`${JSON.stringify(code === 404 ? { error: 'Ask for /livez or /readyz' } : endpoint.#state())}\n`);
    });
    const colon = address.lastIndexOf(':');
    server.listen({ host: address.slice(0, colon), port: Number(address.slice(colon + 1)) });
    await once(server, 'listening');
    // Health must not keep a process alive that has nothing else to do.
    server.unref();
    return endpoint;
  }

  /** Watches this worker from now on. */
  watch(worker: Worker): void {
    this.#worker = worker;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { server } = this;
    if (server === null) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  #statusOf(url: string): number {
    const state = this.#worker?.getState() ?? 'STARTING';
    if (url === '/livez') return OVER.has(state) ? 503 : 200;
    if (url === '/readyz') return RUNNING.has(state) ? 200 : 503;
    return 404;
  }

  #state(): object {
    const worker = this.#worker;
    return { state: worker?.getState() ?? 'STARTING', taskQueue: worker?.options.taskQueue ?? null, ...this.facts() };
  }
}
