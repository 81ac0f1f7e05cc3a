import type { AddressInfo } from 'node:net';
import { tooLarge } from '../api/front.js';
import { serve, type Reply, type Request } from '../api/http.js';
import { isForAws } from '../api/wire.js';
import { page } from './page.js';

/** Handlers of requests. */
interface Answers {
  /** Answers AWS's clients. `null`: breaks the connection. */
  readonly aws: (request: Request) => Promise<Reply | null>;
  /** Answers requests that control the simulator. */
  readonly control: (request: Request) => Reply;
}

/** The HTTP server of a simulator: AWS's protocols, its own control, and its page. */
export class SimulatorServer {
  readonly #server = serve((request) => this.#answer(request), tooLarge);

  constructor(private readonly answers: Answers) {}

  async listen(port: number, host: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, resolve);
    });
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get endpoint(): string {
    const { address, port, family } = this.#server.address() as AddressInfo;
    return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
  }

  #answer(request: Request): Promise<Reply | null> {
    if (!this.#isOwnName(request.headers.host ?? '')) return Promise.resolve(foreignName(request.headers.host));
    if (isForAws(request)) return this.answers.aws(request);
    return Promise.resolve(this.#serve(request));
  }

  #serve(request: Request): Reply {
    const { method, url } = request;
    if (url.pathname.startsWith('/_simulator/')) return this.answers.control(request);
    return method === 'GET' && url.pathname === '/' ? page : notHere(404);
  }

  /**
   * Returns true if the server answers to a host name.
   *
   * A server on a loopback address answers to addresses, and to names that no other site can own. This stops DNS
   * rebinding.
   */
  #isOwnName(host: string): boolean {
    const name = host.replace(/:\d+$/, '').toLowerCase();
    const isLoopback = this.endpoint.startsWith('http://127.') || this.endpoint.startsWith('http://[::1]');
    const isAddress = /^(\d+\.\d+\.\d+\.\d+|\[[\da-f:.]+\])$/.test(name);
    const isLocal = !name.includes('.') || name.endsWith('.localhost') || name.endsWith('.docker.internal');
    return !isLoopback || isAddress || isLocal;
  }
}

function notHere(status: number): Reply {
  return { status, type: 'text/plain', body: 'There is nothing here\n' };
}

function foreignName(host = ''): Reply {
  const body = `The simulator does not answer to the name ${host.slice(0, 200)}. Use its address, or localhost\n`;
  return { status: 403, type: 'text/plain', body };
}
