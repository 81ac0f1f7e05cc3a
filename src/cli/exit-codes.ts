/** Exit codes, by kind of failure. They are documented in docs/cli.md. */
export const exitCodes = {
  success: 0,
  /** Any failure without a code of its own. */
  failure: 1,
  /** Invalid command line or input. Nothing was called. */
  usage: 2,
  /** No such replication, record, ledger or cutover. */
  notFound: 3,
  /** Refused before anything was changed. */
  refused: 4,
  /** The operation or the cutover began, and failed. */
  failed: 5,
  /** No Temporal server, no worker, or no ledger answers. */
  unreachable: 6,
  /** IAM, DMS or Temporal denies access. */
  denied: 7,
  /** Ctrl-C. What was started goes on. */
  interrupted: 130,
} as const;

/** True for the gRPC codes of a request that Temporal denies. */
export function isDenial(code: number): boolean {
  return code === 7 || code === 16; // PERMISSION_DENIED, UNAUTHENTICATED
}

/** Failure of a workflow that a command has waited for. */
export class FollowedFailure extends Error {
  override readonly name = 'FollowedFailure';
  constructor(
    readonly workflowId: string,
    override readonly cause: unknown,
  ) {
    super(`${workflowId} failed`);
  }
}

/** Error of the command line, or of something that it names. */
export class CliError extends Error {
  override readonly name = 'CliError';
  constructor(
    message: string,
    readonly hint: string,
    readonly exitCode: number = exitCodes.usage,
  ) {
    super(message);
  }
}
