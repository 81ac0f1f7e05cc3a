import { isGrpcServiceError, ServiceError, type Client } from '@temporalio/client';

/** How long a server that runs may take to answer when it, or this process, is busy. The SDK gives up sooner when nothing listens. */
const ANSWER_SECONDS = 30;

/** Codes of gRPC for a call that got no answer. One that passes its deadline ends in any of them. */
const noAnswer: readonly number[] = [1, 4, 14]; // CANCELLED, DEADLINE_EXCEEDED, UNAVAILABLE

/** Sends a request that a running server answers at once. Throws an error that names the address when none answers. */
export async function answered<T>(client: Client, request: () => Promise<T>): Promise<T> {
  try {
    return await client.withDeadline(Date.now() + ANSWER_SECONDS * 1000, request);
  } catch (err) {
    throw isUnanswered(err) ? unreachable(client, err) : err;
  }
}

/** Says of a long request which server it lost. */
export async function connected<T>(client: Client, request: () => Promise<T>): Promise<T> {
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

/** The SDK wraps the error of gRPC once. */
function codeOf(err: unknown): number | undefined {
  if (isGrpcServiceError(err)) return err.code;
  return err instanceof Error && isGrpcServiceError(err.cause) ? err.cause.code : undefined;
}

export function unreachable(client: Client, cause: unknown): ServiceError {
  const { options } = client.connection as { readonly options?: { readonly address?: string } };
  const where = options?.address === undefined ? '' : ` at ${options.address}`;
  return new ServiceError(
    `No Temporal server answers${where}. Check the address that the client connects to, or start a server: temporal server start-dev`,
    { cause: cause as Error },
  );
}
