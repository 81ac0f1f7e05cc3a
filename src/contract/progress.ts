/** Phase of an operation. */
export type OperationPhase =
  | 'beginning'
  | 'joined'
  | 'waiting-until-stoppable'
  | 'stopping'
  | 'settling'
  | 'recording'
  | 'checking'
  | 'starting'
  | 'verifying'
  | 'done'
  | 'failed';

/** Progress of an operation, as the query `dms.progress` returns it. */
export interface OperationProgress {
  /** Phase of the operation. */
  readonly phase: OperationPhase;
  /** `Status` of the replication in the newest look known so far, in lower case. `null`: no look yet. */
  readonly lastStatus: string | null;
  /** Time at which the phase began, ISO 8601. */
  readonly since: string;
  /** Time at which the operation gives up if the phase lasts that long, ISO 8601. `null`: the phase has no deadline. */
  readonly until: string | null;
  /** Sentence for an operator: reason of the wait, or the problem. */
  readonly detail: string;
  /** Problem that holds the operation up, such as a silent ledger. `detail` names it, too. `null`: none is known. */
  readonly problem: string | null;
}

/** Failures of one attempt that Temporal retries. Seen only as a pending activity's last failure. */
export const retryableTypes = ['DmsStillWaiting', 'DmsThrottled', 'DmsUnavailable'] as const;
export type RetryableType = (typeof retryableTypes)[number];

/** Progress that an attempt leaves to the next: `details[0]` of its failure, as a pending activity shows it. */
export interface AttemptProgress {
  readonly phase: OperationPhase;
  readonly status: string | null;
  /** Time at which the activity was first scheduled, ISO 8601, by Temporal's clock. Retries do not change it. */
  readonly since: string;
  readonly elapsedSeconds: number;
  readonly retryInSeconds: number;
}

/** Progress in the heartbeat of a held attempt, from its newest look. */
export interface HeldProgress {
  readonly phase: OperationPhase | null;
  readonly lastStatus: string | null;
  /** As in {@link AttemptProgress}. */
  readonly since: string;
}

/** Facts shown below the progress, by name. A fact that is `null` is left out. */
export type ProgressFacts = Readonly<Record<string, string | null>>;

/** Reads the requester and the reason of an operation. The input may be of any shape. */
export function requestFacts(input: object): ProgressFacts {
  const { requestedBy, reason } = input as { readonly requestedBy?: unknown; readonly reason?: unknown };
  const text = (value: unknown) => (typeof value === 'string' ? value.slice(0, 1000) : null);
  return { 'requested by': text(requestedBy), reason: text(reason) };
}

/**
 * Writes the Markdown that the Web UI shows as the workflow's current details. `commands`: ways out of a wait, ready to
 * paste.
 */
export function progressMarkdown(
  { phase, lastStatus, since, until, detail }: OperationProgress,
  facts: ProgressFacts,
  commands: readonly string[] = [],
): string {
  const rows = Object.entries({ ...facts, deadline: until }).flatMap(([name, value]) =>
    value === null ? [] : [`- ${name}: ${codeSpan(value)}`],
  );
  const status = lastStatus === null ? '' : `, last seen ${codeSpan(lastStatus)}`;
  const ways =
    commands.length === 0 ? [] : ['', 'What you can do:', '', ...commands.map((command) => `    ${command}`)];
  return [`**${phase}**${status} (since ${since})`, '', detail, '', ...rows, ...ways].join('\n').trim();
}

/** Puts a text into a code span. Removes backticks and line breaks, because a caller's text must not end the span. */
function codeSpan(text: string): string {
  return `\`${text.replace(/[`\r\n]+/g, ' ')}\``;
}
