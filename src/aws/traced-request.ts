import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';
import { ClientRequest } from 'node:http';
import type { DatabaseMigrationServiceClient } from '@aws-sdk/client-database-migration-service';

/** Time limit of a request, from asking for credentials to the last byte of its answer. */
const REQUEST_SECONDS = 15;

const current = new AsyncLocalStorage<TracedRequest>();
let isWatching = false;

/** One request to AWS. Tracks its progress, and gives it up after the time limit. */
export class TracedRequest {
  /** True once the SDK has begun to send the request. */
  isSent = false;
  hostname: string | null = null;
  /** Time of AWS's answer, by its own clock, in milliseconds since the epoch. */
  answeredAt: number | null = null;
  #context: unknown = null;
  readonly #opened = new Set<ClientRequest>();
  #isLost = false;

  /** Credentials that sign the request. `null`: the SDK has not obtained them yet. */
  get identity(): Identity | null {
    const scheme = fieldOf(fieldOf(this.#context, '__smithy_context'), 'selectedHttpAuthScheme');
    return (fieldOf(scheme, 'identity') as Identity | undefined) ?? null;
  }

  /**
   * Sends the request. Rejects on the caller's signal, or after 15 seconds.
   *
   * Calls `onLost` if the request is still under way after 15 seconds, even if the caller has given up. A hanging
   * credentials provider ignores signals.
   */
  send<T>(ask: (signal: AbortSignal) => Promise<T>, onLost: () => void, signal?: AbortSignal): Promise<T> {
    watchConnections();
    return new Promise((resolve, reject) => {
      const createAbortError = () => createError('AbortError', 'the caller has stopped waiting for an answer');
      if (signal?.aborted) return reject(createAbortError());
      const stop = new AbortController();
      const giveUp = (err: Error) => {
        stop.abort();
        reject(err);
      };
      const onAbort = () => giveUp(createAbortError());
      const timer = setTimeout(() => {
        giveUp(createError('TimeoutError', `no ${this.isSent ? 'answer' : 'credentials'} within ${REQUEST_SECONDS} s`));
        this.#destroyConnections();
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

  /** Adds a connection of this request, to AWS or of a credentials provider. Destroys it past the time limit. */
  addConnection(connection: ClientRequest): void {
    if (this.#isLost) return void connection.destroy();
    this.#opened.add(connection);
    connection.once('close', () => this.#opened.delete(connection));
  }

  setContext(context: unknown): void {
    this.#context = context;
  }

  #destroyConnections(): void {
    this.#isLost = true;
    for (const connection of this.#opened) connection.destroy();
  }
}

export interface Identity {
  readonly secretAccessKey?: string;
  readonly sessionToken?: string;
}

/** Adds middleware to a client that traces the progress of its requests. */
export function traceRequests({ middlewareStack }: { readonly middlewareStack: object }): void {
  // The stacks of all clients differ only in the types of their requests.
  (middlewareStack as DatabaseMigrationServiceClient['middlewareStack']).add(
    (next, context) => {
      const request = current.getStore();
      request?.setContext(context);
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

/** Adds each new connection to its request. Only destroying the connection ends a hanging credentials provider. */
function watchConnections(): void {
  if (isWatching) return;
  isWatching = true;
  subscribe('http.client.request.start', (message) => {
    const connection = fieldOf(message, 'request');
    if (connection instanceof ClientRequest) current.getStore()?.addConnection(connection);
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
