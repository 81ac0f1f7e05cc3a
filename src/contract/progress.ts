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
  /** Sentence for an operator: reason of the wait, or the problem. */
  readonly detail: string;
}

/** Progress that an attempt leaves to the next: `details[0]` of its failure, as a pending activity shows it. */
export interface AttemptProgress {
  readonly phase: OperationPhase;
  readonly status: string | null;
  readonly elapsedSeconds: number;
  readonly retryInSeconds: number;
}

/** Progress in the heartbeat of a held attempt, from its newest look. */
export interface HeldProgress {
  readonly phase: OperationPhase | null;
  readonly lastStatus: string | null;
}

/** Facts shown below the progress, by name. A fact that is `null` is left out. */
export type ProgressFacts = Readonly<Record<string, string | null>>;

/** Reads the requester and the reason of an operation. The input may be of any shape. */
export function requestFacts(input: object): ProgressFacts {
  const { requestedBy, reason } = input as { readonly requestedBy?: unknown; readonly reason?: unknown };
  const text = (value: unknown) => (typeof value === 'string' ? value.slice(0, 1000) : null);
  return { 'requested by': text(requestedBy), reason: text(reason) };
}

/** Writes the Markdown that the Web UI shows as the workflow's current details. */
export function progressMarkdown(
  { phase, lastStatus, since, detail }: OperationProgress,
  facts: ProgressFacts,
): string {
  const rows = Object.entries(facts).flatMap(([name, value]) =>
    value === null ? [] : [`- ${name}: ${codeSpan(value)}`],
  );
  const status = lastStatus === null ? '' : `, last seen ${codeSpan(lastStatus)}`;
  return [`**${phase}**${status} (since ${since})`, '', detail, '', ...rows].join('\n').trim();
}

/** Puts a text into a code span. Removes backticks and line breaks, because a caller's text must not end the span. */
function codeSpan(text: string): string {
  return `\`${text.replace(/[`\r\n]+/g, ' ')}\``;
}
