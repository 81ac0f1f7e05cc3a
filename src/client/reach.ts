import { isGrpcServiceError, ServiceError, type Client } from '@temporalio/client';

/** Time limit of a client's first request, which shows whether a server runs. */
const FIRST_ANSWER_SECONDS = 6;
/** Time limit of a request to a server that has answered before. The server, or this process, may be busy. */
const ANSWER_SECONDS = 30;

/** Clients whose server has answered. */
const reached = new WeakSet<Client>();

/** gRPC codes of a call that got no answer. A call that passes its deadline may end with any of them. */
const noAnswer: readonly number[] = [1, 4, 14]; // CANCELLED, DEADLINE_EXCEEDED, UNAVAILABLE

/**
 * Sends a request that a running server answers at once. Throws an error that names the address if no server answers.
 */
export async function askServer<T>(client: Client, request: () => Promise<T>): Promise<T> {
  await requireServer(client);
  return requestWithin(client, ANSWER_SECONDS, request);
}

/** Throws an error that names the address when no server answers the first request of a client. */
export async function requireServer(client: Client): Promise<void> {
  if (reached.has(client)) return;
  await requestWithin(client, FIRST_ANSWER_SECONDS, async () => {
    try {
      await client.workflowService.getSystemInfo({});
    } catch (err) {
      if (isUnanswered(err)) throw err; // any other error is an answer
    }
  });
  reached.add(client);
}

async function requestWithin<T>(client: Client, seconds: number, request: () => Promise<T>): Promise<T> {
  try {
    return await client.withDeadline(Date.now() + seconds * 1000, request);
  } catch (err) {
    throw isUnanswered(err) ? unreachable(client, err) : err;
  }
}

/** Sends a request without a time limit. Throws an error that names the address if the connection is lost. */
export async function requestWithoutLimit<T>(client: Client, request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (err) {
    throw isUnavailable(err) ? unreachable(client, err) : err;
  }
}

export function isUnanswered(err: unknown): boolean {
  return noAnswer.includes(codeOf(err) ?? -1);
}

export function isUnavailable(err: unknown): boolean {
  return codeOf(err) === 14;
}

/** Returns the gRPC code of an error. The SDK may wrap the error of gRPC once. */
function codeOf(err: unknown): number | undefined {
  if (isGrpcServiceError(err)) return err.code;
  return err instanceof Error && isGrpcServiceError(err.cause) ? err.cause.code : undefined;
}

/**
 * True if the server names the problem: the newest workflow task failed, or no worker polls.
 *
 * A task fails if the worker's bundle lacks the workflow.
 */
export function isExplainedByServer(err: unknown): boolean {
  return /workflow task in failed state|no poller seen/i.test(serverMessageOf(err));
}

/** Returns the server's own words, without those of the SDK. */
export function serverMessageOf(err: unknown): string {
  const cause = err instanceof Error && isGrpcServiceError(err.cause) ? err.cause : err;
  if (isGrpcServiceError(cause)) return cause.details;
  return cause instanceof Error ? cause.message : String(cause);
}

export function unreachable(client: Client, cause: unknown): ServiceError {
  const { options } = client.connection as { readonly options?: { readonly address?: string } };
  const where = options?.address === undefined ? '' : ` at ${options.address}`;
  return new ServiceError(
    `No Temporal server answers${where}. Check the address that the client connects to, or start a server: temporal server start-dev`,
    { cause: cause as Error },
  );
}
