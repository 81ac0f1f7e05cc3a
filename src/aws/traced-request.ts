import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';
import { ClientRequest } from 'node:http';
import type { DatabaseMigrationServiceClient } from '@aws-sdk/client-database-migration-service';

/** No request takes longer, from asking for credentials to the last byte of its answer. */
const REQUEST_SECONDS = 15;

const current = new AsyncLocalStorage<TracedRequest>();
let isWatching = false;

/** One request to AWS: how far it came, and when it is given up. */
export class TracedRequest {
  /** The SDK has begun to send it. */
  isSent = false;
  hostname: string | null = null;
  /** Time of AWS's answer, by its own clock, in milliseconds since the epoch. */
  answeredAt: number | null = null;
  #context: unknown = null;
  readonly #opened = new Set<ClientRequest>();
  #isLost = false;

  /** Credentials that signed it; `null` before the SDK has obtained it. */
  get identity(): Identity | null {
    const scheme = fieldOf(fieldOf(this.#context, '__smithy_context'), 'selectedHttpAuthScheme');
    return (fieldOf(scheme, 'identity') as Identity | undefined) ?? null;
  }

  /**
   * Sends it. Rejects when the caller's signal says so, and after 15 seconds. `onLost` is called then, even if the caller has given up before: a
   * provider of credentials that hangs heeds no signal.
   */
  send<T>(ask: (signal: AbortSignal) => Promise<T>, onLost: () => void, signal?: AbortSignal): Promise<T> {
    watchConnections();
    return new Promise((resolve, reject) => {
      const abandoned = () => createError('AbortError', 'the caller has stopped waiting for an answer');
      if (signal?.aborted) return reject(abandoned());
      const stop = new AbortController();
      const giveUp = (err: Error) => {
        stop.abort();
        reject(err);
      };
      const onAbort = () => giveUp(abandoned());
      const timer = setTimeout(() => {
        giveUp(createError('TimeoutError', `no ${this.isSent ? 'answer' : 'credentials'} within ${REQUEST_SECONDS} s`));
        this.#lose();
        onLost();
      }, REQUEST_SECONDS * 1000);
      const end = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      void current
        .run(this, async () => ask(stop.signal))
        .then(resolve, reject)
        .finally(end);
    });
  }

  /** A connection was opened on its behalf, to the service or by a provider of credentials. */
  opened(connection: ClientRequest): void {
    if (this.#isLost) return void connection.destroy();
    this.#opened.add(connection);
    connection.once('close', () => this.#opened.delete(connection));
  }

  follow(context: unknown): void {
    this.#context = context;
  }

  #lose(): void {
    this.#isLost = true;
    for (const connection of this.#opened) connection.destroy();
  }
}

export interface Identity {
  readonly secretAccessKey?: string;
  readonly sessionToken?: string;
}

/** Lets requests of a client tell how far they come. */
export function traceRequests({ middlewareStack }: { readonly middlewareStack: object }): void {
  // The stacks of all clients are alike, but for the types of their requests.
  (middlewareStack as DatabaseMigrationServiceClient['middlewareStack']).add(
    (next, context) => {
      const request = current.getStore();
      request?.follow(context);
      return async (args) => {
        if (request === undefined) return next(args);
        request.isSent = true;
        request.hostname = textOf(args.request, 'hostname');
        const result = await next(args);
        const headers = fieldOf(result.response, 'headers');
        const date = Date.parse(textOf(headers, 'date') ?? textOf(headers, 'Date') ?? '');
        if (!Number.isNaN(date)) request.answeredAt = date;
        return result;
      };
    },
    { step: 'deserialize', name: 'temporalDmsTrace', override: true },
  );
}

/** Providers of credentials take no signal. Their connections are found by the request on whose behalf they are opened. */
function watchConnections(): void {
  if (isWatching) return;
  isWatching = true;
  subscribe('http.client.request.start', (message) => {
    const connection = fieldOf(message, 'request');
    if (connection instanceof ClientRequest) current.getStore()?.opened(connection);
  });
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function textOf(value: unknown, name: string): string | null {
  const field = fieldOf(value, name);
  return typeof field === 'string' ? field : null;
}

function createError(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}
